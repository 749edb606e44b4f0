from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from gateway.simulator import Kind, Network, Timing, VirtualModem
from gateway.simulator.modem import VirtualModem as Modem
from gateway.sms import Address, submits, tpdu_length
from tests.simulator.conftest import Client

PARENT = "+447700900123"
LONG = "Sports day is moved to Friday. " * 10


async def test_a_text_reaches_its_handset(network: Network, client: Client) -> None:
    assert await client.text(PARENT, "Hello") == [["+CMGS: 1", "OK"]]
    (text,) = network.handset(PARENT).received
    assert (text.text, text.sender, text.parts) == ("Hello", "+447700900001", 1)


async def test_a_long_text_is_put_together(network: Network, client: Client) -> None:
    answers = await client.text(PARENT, LONG)
    assert len(answers) > 1
    (text,) = network.handset(PARENT).received
    assert (text.text, text.parts) == (LONG, len(answers))


@pytest.mark.parametrize("number", ["07700900123", "447700900123", "00447700900123"])
async def test_every_way_of_writing_a_number_reaches_the_same_handset(
    network: Network, client: Client, number: str
) -> None:
    await client.text(number, "Hello")
    assert [t.text for t in network.handset(PARENT).received] == ["Hello"]


async def test_the_dialogue_is_prompt_reference_ok(
    modem: VirtualModem, connect: Callable[..., Client]
) -> None:
    client = connect(modem, echo=True)
    pdu = submits("Hello", Address.parse(PARENT), reference=0)[0].encode()
    command = f"AT+CMGS={tpdu_length(pdu)}\r"
    client.write(command)
    assert await client.until("> ") == command.encode() + b"\r\n> "
    client.write(pdu.hex().encode() + b"\x1a")
    assert await client.until("OK\r\n") == pdu.hex().encode() + b"\r\n+CMGS: 1\r\n\r\nOK\r\n"


async def test_esc_aborts_and_nothing_is_sent(network: Network, client: Client) -> None:
    client.write("AT+CMGS=20\r")
    await client.until("> ")
    client.write(b"0011\x1b")
    assert await client.until("OK\r\n") == b"\r\nOK\r\n"
    assert not network.ledger.of(Kind.SUBMITTED)
    assert await client.ask("AT") == ["OK"]


@pytest.mark.parametrize(
    ("length", "typed"), [(20, "xyz"), (20, "001"), (20, ""), (99, "0011000B916407281553F80000AA00")]
)
async def test_a_pdu_that_is_none_or_has_another_length_is_refused(
    client: Client, length: int, typed: str
) -> None:
    client.write(f"AT+CMGS={length}\r")
    await client.until("> ")
    client.write(typed.encode() + b"\x1a")
    assert await client.until("\r\n") + await client.until("\r\n") == b"\r\n+CMS ERROR: 304\r\n"


async def test_the_reference_wraps_at_256(modem: Modem, client: Client) -> None:
    modem.sim.reference = 254
    answers = list(itertools.chain(*[await client.text(PARENT, "Hello") for _ in range(3)]))
    assert [answer[0] for answer in answers] == ["+CMGS: 255", "+CMGS: 0", "+CMGS: 1"]


async def test_text_mode_sends_too(network: Network, client: Client) -> None:
    await client.ask("AT+CMGF=1")
    client.write(f'AT+CMGS="{PARENT}"\r')
    await client.until("> ")
    client.write("Hello\rworld")
    await client.until("> ")
    client.write(b"\x1a")
    await client.until("OK\r\n")
    assert [t.text for t in network.handset(PARENT).received] == ["Hello\nworld"]


async def test_a_stored_message_can_be_sent_and_says_so(network: Network, client: Client) -> None:
    pdu = submits("Hello", Address.parse(PARENT), reference=0)[0].encode()
    client.write(f"AT+CMGW={tpdu_length(pdu)}\r")
    await client.until("> ")
    client.write(pdu.hex().encode() + b"\x1a")
    await client.until("+CMGW: 1\r\n\r\nOK\r\n")
    assert (await client.ask("AT+CMGR=1"))[0].startswith("+CMGR: 2,,")
    assert await client.ask("AT+CMSS=1") == ["+CMSS: 1", "OK"]
    assert (await client.ask("AT+CMGR=1"))[0].startswith("+CMGR: 3,,")
    assert [t.text for t in network.handset(PARENT).received] == ["Hello"]


# -- time -------------------------------------------------------------------------------------------


def busy_seconds(network: Network) -> list[float]:
    return [end - start for start, end in network.ledger.busy()]


def fits(seconds: float, wanted: float) -> bool:
    """Say whether a wait was as long as asked, with what a busy machine may add."""
    return wanted <= seconds < wanted + 0.3


async def test_the_radio_is_busy_from_ctrl_z_to_the_final_result(
    network: Network, connect: Callable[..., Client]
) -> None:
    client = connect(network.add_modem("a", number="+447700900002", timing=Timing(radio_first=0.1)))
    clock = asyncio.get_running_loop().time
    pdu = submits("Hello", Address.parse(PARENT), reference=0)[0].encode()
    client.write(f"AT+CMGS={tpdu_length(pdu)}\r")
    await client.until("> ")
    client.write(pdu.hex())
    before = clock()
    client.write(b"\x1a")
    await client.until("OK\r\n")
    after = clock()
    ((start, end),) = network.ledger.busy()
    assert before <= start <= end <= after
    assert fits(end - start, 0.1)


@pytest.mark.parametrize("level", [1, 2])
async def test_cmms_keeps_the_link_for_the_next_part(
    network: Network, connect: Callable[..., Client], level: int
) -> None:
    timing = Timing(radio_first=0.4, radio_kept=0.05, link_hold=5)
    client = connect(network.add_modem("a", number="+447700900002", timing=timing))
    await client.ask(f"AT+CMMS={level}")
    await client.text(PARENT, "one")
    await client.text(PARENT, "two")
    first, second = busy_seconds(network)
    assert fits(first, 0.4)
    assert fits(second, 0.05)


async def test_without_cmms_every_part_needs_a_fresh_link(
    network: Network, connect: Callable[..., Client]
) -> None:
    timing = Timing(radio_first=0.1, radio_kept=0.02)
    client = connect(network.add_modem("a", number="+447700900002", timing=timing))
    await client.text(PARENT, "one")
    await client.text(PARENT, "two")
    assert all(fits(seconds, 0.1) for seconds in busy_seconds(network))


@pytest.mark.parametrize(("level", "afterwards"), [(1, 0), (2, 2)])
async def test_the_link_goes_when_no_message_follows(
    network: Network, connect: Callable[..., Client], level: int, afterwards: int
) -> None:
    timing = Timing(radio_first=0.1, radio_kept=0.02, link_hold=0.05)
    client = connect(network.add_modem("a", number="+447700900002", timing=timing))
    await client.ask(f"AT+CMMS={level}")
    await client.text(PARENT, "one")
    await asyncio.sleep(0.06)  # the hold time itself is what is tested
    assert await client.ask("AT+CMMS?") == [f"+CMMS: {afterwards}", "OK"]
    await client.text(PARENT, "two")
    assert fits(busy_seconds(network)[1], 0.1)


async def test_two_modems_send_at_the_same_time(network: Network, connect: Callable[..., Client]) -> None:
    timing = Timing(radio_first=0.2)
    clients = [connect(network.add_modem(f"m{i}", number=f"+44770090000{i}", timing=timing)) for i in (2, 3)]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.text(PARENT, "Hello"))
    (first_start, first_end), (second_start, _) = sorted(network.ledger.busy())
    assert first_start <= second_start < first_end


async def test_one_modem_can_text_another(network: Network, client: Client) -> None:
    other = network.add_modem("other", number="+447700900002")
    await client.text("+447700900002", "Hello")
    await network.ledger.until(Kind.STORED, modem=other.name)


# -- refusals ---------------------------------------------------------------------------------------


async def test_without_a_network_nothing_is_sent(modem: Modem, network: Network, client: Client) -> None:
    modem.fault("deregister")
    assert await client.text(PARENT, "Hello") == [["+CMS ERROR: 331"]]
    modem.clear_faults()
    assert await client.text(PARENT, "Hello") == [["+CMGS: 1", "OK"]]
    assert len(network.handset(PARENT).received) == 1


# -- delivery reports -------------------------------------------------------------------------------


async def test_a_report_comes_for_each_part_that_asks(network: Network, client: Client) -> None:
    await client.ask("AT+CNMI=2,1,0,1,0")
    parts = len(await client.text(PARENT, LONG))
    await network.ledger.until(Kind.INDICATED, parts)
    assert [e["mr"] for e in network.ledger.of(Kind.REPORT)] == list(range(1, parts + 1))


async def test_no_report_comes_unasked(network: Network, modem: Modem, client: Client) -> None:
    await client.ask("AT+CNMI=2,1,0,1,0")
    await client.text(PARENT, "Hello", status_report=False)
    await client.text(PARENT, "Hello", status_report=True)
    await client.until("+CDS: ")
    assert [e["mr"] for e in network.ledger.of(Kind.REPORT)] == [2]


async def test_a_report_waits_as_long_as_it_is_told_to(
    network: Network, connect: Callable[..., Client]
) -> None:
    client = connect(network.add_modem("a", number="+447700900002", timing=Timing(report_after=0.2)))
    await client.ask("AT+CNMI=2,1,0,1,0")
    await client.text(PARENT, "Hello")
    await client.until("+CDS: ")
    (accepted,), (report,) = network.ledger.of(Kind.ACCEPTED), network.ledger.of(Kind.REPORT)
    assert fits(report.at - accepted.at, 0.2)


@pytest.mark.parametrize(
    ("outcome", "statuses", "texts"),
    [
        ("delivered", [0x00], 1),
        ("temporary", [0x30, 0x00], 1),
        ("failed", [0x46], 0),
        ((0x20, 0x21, 0x63), [0x20, 0x21, 0x63], 0),
    ],
)
async def test_a_handset_decides_what_is_reported(
    network: Network, client: Client, outcome: str, statuses: list[int], texts: int
) -> None:
    network.handset(PARENT).reports(outcome)
    await client.ask("AT+CNMI=2,1,0,1,0")
    await client.text(PARENT, "Hello")
    for status in statuses:
        await client.until("+CDS: ")
        await client.until(f"{status:02X}\r\n")
    assert [e["status"] for e in network.ledger.of(Kind.REPORT)] == statuses
    assert len(network.handset(PARENT).received) == texts


async def test_reports_can_be_stored_in_their_own_memory(client: Client) -> None:
    await client.ask("AT+CNMI=2,1,0,2,0")
    await client.text(PARENT, "Hello")
    await client.until('\r\n+CDSI: "SR",1\r\n')
    assert await client.ask('AT+CPMS="SR"') == ["+CPMS: 1,20,0,30,0,30", "OK"]
    header, pdu, _ = await client.ask("AT+CMGR=1")
    assert header == f"+CMGR: 0,,{len(pdu) // 2 - 8}"
    assert pdu.startswith("07914477000990990601")
