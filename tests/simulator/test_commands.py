"""Every command in every form, and the settings and character sets that foreign clients rely on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.simulator import Kind, Network, VirtualModem
from gateway.simulator.commands import TABLE
from tests.simulator.conftest import FINALS, Client

PARENT = "+447700900123"
ARGUMENTS = (
    "", "0", "1", "9", "-1", "x", '"x"', '""', "1,1", "1,,1", ",", '"SM"', '"+44770"', "1,2,3,4,5,6,7",
    "999999", '"SC",2', "1,9", "9,0", '"1234"', '"1234","5678"', "1,x", '"ALL"', '0,"1*2#",15', '"004"',
)  # fmt: skip
SPEAKS_OTHERWISE = {"V", "E", "+CFUN"}  # after these, answers look different or never come


def forms(name: str) -> list[str]:
    return [name, f"{name}?", f"{name}=?", *(f"{name}={argument}" for argument in ARGUMENTS)]


@pytest.mark.parametrize("text_mode", [False, True])
@pytest.mark.parametrize("charset", ["GSM", "HEX"])
async def test_every_form_of_every_command_is_answered(
    modem: VirtualModem, client: Client, charset: str, text_mode: bool
) -> None:
    """A modem never falls silent, whatever is asked and whatever is typed at its prompt."""
    for line in [form for name in TABLE if name not in SPEAKS_OTHERWISE for form in forms(name)]:
        modem.settings.echo, modem.settings.text_mode, modem.settings.charset = False, text_mode, charset
        client.heard = b""
        client.write(f"AT{line}\r")
        try:
            await client.wait(lambda: b"\r\n> " in client.heard or answered(client))
            if b"\r\n> " in client.heard:  # news may come after it
                client.write(b"12\x1a")
                await client.wait(lambda: answered(client))
        except TimeoutError:
            raise AssertionError(f"AT{line} is not answered: {client.heard!r}") from None


def answered(client: Client) -> bool:
    return any(line.startswith(FINALS) for line in client.lines())


@pytest.mark.parametrize(
    ("read", "before", "change", "after"),
    [
        ("+CGATT?", "+CGATT: 1", "+CGATT=0", "+CGATT: 0"),
        ("+CLIP?", "+CLIP: 0,2", "+CLIP=1", "+CLIP: 1,2"),
        ("+CUSD?", "+CUSD: 0", "+CUSD=1", "+CUSD: 1"),
        ("+CSDH?", "+CSDH: 0", "+CSDH=1", "+CSDH: 1"),
        ("+CGSMS?", "+CGSMS: 1", "+CGSMS=3", "+CGSMS: 3"),
    ],
)
async def test_a_setting_without_effect_is_kept_and_shown(
    client: Client, read: str, before: str, change: str, after: str
) -> None:
    assert await client.ask(f"AT{read}") == [before, "OK"]
    assert await client.ask(f"AT{change};{read}") == [after, "OK"]
    await client.ask("ATZE0")
    assert await client.ask(f"AT{read}") == [before, "OK"]


async def test_a_dialogue_that_is_hung_up_is_said_to_be_over(client: Client) -> None:
    assert await client.ask("AT+CUSD=2") == ["OK"]
    await client.until("+CUSD: 2\r\n")


@pytest.mark.parametrize(
    ("persona", "command"), [("huawei-e173", "^CURC=0"), ("zte", "+ZCDRUN=8"), ("zte", "+ZOPRT=5")]
)
async def test_vendor_settings_are_taken_where_that_vendor_has_them(
    network: Network, modem: VirtualModem, connect: Callable[..., Client], persona: str, command: str
) -> None:
    theirs = connect(network.add_modem("theirs", number="+447700900002", persona=persona))
    assert await theirs.ask(f"AT{command}") == ["OK"]
    assert await connect(modem).ask(f"AT{command}") == ["ERROR"]


@pytest.mark.parametrize(
    ("charset", "number", "typed", "text"),
    [
        ("GSM", PARENT, b"caf\x05 \x00 \x02", "café @ $"),
        ("IRA", PARENT, b"a plain text", "a plain text"),
        ("HEX", PARENT.encode().hex(), b"636166051B65", "café€"),
        ("UCS2", PARENT.encode("utf-16-be").hex(), "Grüße 😀".encode("utf-16-be").hex().encode(), "Grüße 😀"),
    ],
)
async def test_text_mode_reads_the_character_set_of_cscs(
    network: Network, client: Client, charset: str, number: str, typed: bytes, text: str
) -> None:
    await client.ask(f'AT+CMGF=1;+CSCS="{charset}"')
    client.write(f'AT+CMGS="{number}"\r')
    await client.until("\r\n> ")
    client.write(typed + b"\x1a")
    await client.until("OK\r\n")
    assert [(t.text) for t in network.handset(PARENT).received] == [text]


@pytest.mark.parametrize(
    ("charset", "sent", "shown"),
    [
        ("GSM", "@café", "\x00caf\x05"),
        ("IRA", "café", "caf?"),
        ("HEX", "@café", "0063616605"),
        ("UCS2", "café", "00630061006600E9"),
        ("GSM", "ж", "0436"),
    ],
)
async def test_text_mode_writes_the_character_set_of_cscs(
    network: Network, client: Client, charset: str, sent: str, shown: str
) -> None:
    network.text(PARENT, "sim0", sent)
    await network.ledger.until(Kind.STORED)
    await client.ask(f'AT+CMGF=1;+CSCS="{charset}"')
    assert (await client.ask("AT+CMGR=1"))[1] == shown


async def test_a_service_centre_is_set_in_the_character_set_of_cscs(
    modem: VirtualModem, client: Client
) -> None:
    await client.ask('AT+CSCS="HEX"')
    assert await client.ask(f'AT+CSCA="{b"+447700900777".hex()}"') == ["OK"]
    assert modem.sim.smsc == "+447700900777"


async def test_an_ill_named_recipient_is_refused_before_the_prompt(client: Client) -> None:
    await client.ask("AT+CMGF=1")
    assert await client.ask('AT+CMGS="the school"') == ["+CMS ERROR: 305"]
