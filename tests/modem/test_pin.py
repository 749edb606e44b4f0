"""The PIN trap: a SIM is never locked by us, whatever is configured and however often we restart."""

from __future__ import annotations

import pytest

from gateway.model import ModemPhase
from gateway.modem import Modem
from tests.modem.fake import FakeModem, Pins, Store, driver, framed, running, until


class LockedSim:
    """A SIM with a PIN, behind the scripted modem."""

    def __init__(self, fake: FakeModem, pin: str = "1234", left: int = 3) -> None:
        self.fake, self.pin, self.left, self.open = fake, pin, left, False
        self.entered: list[str] = []
        self.busy = 0
        fake.replies["AT+CPIN?"] = self.state
        fake.replies["AT+CPINR"] = lambda _: framed(f"+CPINR: SIM PIN,{self.left},3", "OK")
        for guess in ("1234", "9999"):
            fake.replies[f'AT+CPIN="{guess}"'] = self.enter

    def state(self, _: str) -> str:
        if self.busy:
            self.busy -= 1
            return framed("+CME ERROR: 14")
        if self.left == 0:
            return framed("+CPIN: SIM PUK", "OK")
        return framed("+CPIN: READY" if self.open else "+CPIN: SIM PIN", "OK")

    def enter(self, command: str) -> str:
        guess = command.split('"')[1]
        self.entered.append(guess)
        if guess == self.pin:
            self.open, self.busy = True, 3
            return framed("OK")
        self.left -= 1
        return framed("+CME ERROR: 16")


async def blocked(modem: Modem) -> str:
    async with running(modem):
        await until(lambda: modem.state.phase is ModemPhase.BLOCKED)
        return modem.state.detail


async def test_the_right_pin_opens_the_sim_at_every_start(fake: FakeModem, store: Store) -> None:
    pins = Pins()
    for start in range(1, 4):
        sim = LockedSim(fake)
        modem = driver(fake.path, store, pin="1234", pins=pins)
        async with running(modem):
            await modem.settled()
        assert sim.entered == ["1234"], start
    assert not pins.attempts


async def test_a_wrong_pin_is_tried_once_over_many_starts_and_retries(fake: FakeModem, store: Store) -> None:
    sim, pins = LockedSim(fake), Pins()
    for _ in range(3):
        assert "PIN" in await blocked(driver(fake.path, store, pin="9999", pins=pins))
    modem = driver(fake.path, store, pin="9999", pins=pins)
    async with running(modem):
        await until(lambda: fake.commands.count("AT+CPIN?") > 12)  # the supervisor comes back again and again
    assert sim.entered == ["9999"]
    assert sim.left == 2


async def test_a_corrected_pin_is_tried_although_a_wrong_one_was(fake: FakeModem, store: Store) -> None:
    sim, pins = LockedSim(fake), Pins()
    await blocked(driver(fake.path, store, pin="9999", pins=pins))
    modem = driver(fake.path, store, pin="1234", pins=pins)
    async with running(modem):
        await modem.settled()
    assert sim.entered == ["9999", "1234"]


async def test_an_attempt_that_a_crash_cut_short_counts(fake: FakeModem, store: Store) -> None:
    sim, pins = LockedSim(fake), Pins()
    sim.fake.replies['AT+CPIN="1234"'] = lambda _: fake.unplug()
    modem = driver(fake.path, store, pin="1234", pins=pins)
    async with running(modem):
        await until(lambda: len(pins.attempts) == 1)
    fake.plug()
    sim.fake.replies['AT+CPIN="1234"'] = sim.enter
    assert "tried on this SIM before" in await blocked(driver(fake.path, store, pin="1234", pins=pins))
    assert sim.entered == []


@pytest.mark.parametrize("left", [0, 1])
async def test_the_last_attempt_is_left_to_people(fake: FakeModem, store: Store, left: int) -> None:
    sim = LockedSim(fake, left=left)
    detail = await blocked(driver(fake.path, store, pin="1234"))
    assert sim.entered == []
    assert ("PUK" if left == 0 else "1 PIN attempts left") in detail


async def test_no_pin_is_written_where_none_is_needed(fake: FakeModem, store: Store) -> None:
    modem = driver(fake.path, store, pin="1234")
    async with running(modem):
        await modem.settled()
    assert not any(command.startswith("AT+CPIN=") for command in fake.commands)


async def test_a_sim_that_asks_for_a_pin_nobody_configured_says_so(fake: FakeModem, store: Store) -> None:
    LockedSim(fake)
    assert await blocked(driver(fake.path, store)) == "the SIM asks for its PIN and none is configured"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (framed("+CPIN: SIM PUK", "OK"), "PUK"),
        (framed("+CPIN: NOT INSERTED", "OK"), "no SIM is inserted"),
        (framed("+CME ERROR: 10"), "no SIM is inserted"),
        (framed("+CME ERROR: SIM not inserted"), "no SIM is inserted"),
        (framed("+CME ERROR: 13"), "does not work"),
        (framed("+CME ERROR: 12"), "PUK"),
        (framed("+CPIN: PH-NET PIN", "OK"), "it says PH-NET PIN"),
    ],
)
async def test_a_sim_that_needs_a_person_is_described_in_words(
    fake: FakeModem, store: Store, answer: str, words: str
) -> None:
    fake.replies["AT+CPIN?"] = answer
    assert words in await blocked(driver(fake.path, store, pin="1234"))
    assert not any(command.startswith("AT+CPIN=") for command in fake.commands)


@pytest.mark.parametrize("ready", ['+CPIN: "READY"', "+CPIN:READY", "+CPIN: SIM PIN2"])
async def test_every_way_of_saying_ready_is_ready(fake: FakeModem, store: Store, ready: str) -> None:
    fake.replies["AT+CPIN?"] = framed(ready, "OK")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()


async def test_a_modem_that_forgets_the_ok_after_ready_is_understood(fake: FakeModem, store: Store) -> None:
    fake.replies["AT+CPIN?"] = framed("+CPIN: READY")
    modem = driver(fake.path, store)
    async with running(modem):
        await modem.settled()


async def test_neither_pin_nor_its_plain_hash_shows_in_state_settings_or_logs(
    fake: FakeModem, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    LockedSim(fake)
    pins = Pins()
    modem = driver(fake.path, store, pin="9999", pins=pins)
    await blocked(modem)
    assert "9999" not in repr(modem.state) + repr(modem._settings) + repr(pins.attempts)
    assert "9999" not in capsys.readouterr().out.replace(fake.path, "")
