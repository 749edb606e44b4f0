"""A modem is found again by its SIM, or by its IMEI where its SIM was never told; nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.modem import ModemSettings
from gateway.modem.errors import ModemGone, PortBusy
from gateway.modem.identity import card
from gateway.modem.port import Port, open_port
from gateway.modem.search import Identity, find
from gateway.modem.session import Session
from tests.modem.fake import QUICK, FakeModem, framed

CARD, IMEI = "8944110068000000017", "490154203237518"  # those of the fake modem
OTHER_IMEI = "356938035643809"


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[FakeModem]:
    """Return a modem under another name than the configured one."""
    fake = FakeModem(tmp_path, "elsewhere")
    yield fake
    fake.unplug()


async def looked_for(known: Identity, fake: FakeModem) -> Port | None:
    folder = Path(fake.path).parent
    settings = ModemSettings(
        name="sim0", port=str(folder / "gone"), search=(str(folder / "else*"),), timeouts=QUICK
    )
    return await find(known, settings, interface="")


async def found(known: Identity, fake: FakeModem) -> str | None:
    port = await looked_for(known, fake)
    if port is None:
        return None
    port.close()
    return port.path


def tells_no_card(fake: FakeModem) -> None:
    fake.replies["AT+CCID"] = framed("+CME ERROR: 100")


@pytest.mark.parametrize(
    ("known", "told", "is_it"),
    [
        (Identity(CARD, IMEI), True, True),
        (Identity(CARD, OTHER_IMEI), True, True),  # the SIM is what counts
        (Identity("8944110068000000025", IMEI), True, False),
        (Identity(CARD, IMEI), False, False),  # the SIM cannot be seen: it may be any
        (Identity("", IMEI), False, True),
        (Identity("", OTHER_IMEI), False, False),
        (Identity("", IMEI), True, False),  # ours would not tell its SIM
        (Identity("", ""), False, False),
        (Identity("", "0" * 15), False, False),
    ],
)
async def test_who_is_taken_for_whom(elsewhere: FakeModem, known: Identity, told: bool, is_it: bool) -> None:
    if not told:
        tells_no_card(elsewhere)
    assert await found(known, elsewhere) == (elsewhere.path if is_it else None)
    assert all(command in ("AT", "AT+CGSN") or "CID" in command for command in elsewhere.commands)


async def test_two_modems_that_tell_no_imei_are_not_the_same(elsewhere: FakeModem) -> None:
    tells_no_card(elsewhere)
    for unsaid in (framed("ERROR"), framed("0" * 15, "OK")):
        elsewhere.replies["AT+CGSN"] = unsaid
        assert await found(Identity("", ""), elsewhere) is None
        assert await found(Identity("", "0" * 15), elsewhere) is None


async def test_the_port_is_ours_from_the_moment_it_is_found(elsewhere: FakeModem) -> None:
    port = await looked_for(Identity(CARD, IMEI), elsewhere)
    assert port is not None
    with pytest.raises(PortBusy):
        await open_port(elsewhere.path, 115_200)
    session = Session(port, lambda _: None, QUICK)
    assert await card(session) == CARD
    session.close()


async def test_a_port_that_died_before_it_was_taken_up_is_gone(elsewhere: FakeModem) -> None:
    port = await looked_for(Identity(CARD, IMEI), elsewhere)
    assert port is not None
    port.close()
    with pytest.raises(ModemGone):
        Session(port, lambda _: None, QUICK)
