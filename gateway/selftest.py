"""A SIM texts itself, or its neighbour, on a timetable: what comes back proves that both ways work.

These texts are nobody's: they pass by the outbox and never reach the inbox. A test that did not pass is done
again sooner, and passes when its text comes after all. Each text may cost something: the more of them in a
row did not come back, told as a failure or not, the longer the wait, also over restarts.

While the modem that receives is away nothing is tested; if it is away when the time is up, nothing is proven.
Until it is known which one receives it may be any: the text is sent, and no failure told while one is away.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from gateway import sms
from gateway.model import Accepted, Clock, InboundSink, ModemPhase, NotSent, RawSms, Refused, Revoked
from gateway.modem import Modem
from gateway.modem_section import ModemSection
from gateway.switch import Switch

log = structlog.get_logger()

_TEXT: Final = "Schoolgate self-test {token}"
_FORM: Final = re.compile(r"Schoolgate self-test ([0-9a-f]{8})")
_REMEMBERED: Final = 32


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    first: float = 120.0  # after the start
    patience: float = 300.0  # for the text to come back
    again: float = 600.0  # after a text that did not come back; twice as long each time


PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Timetable:
    """One modem's tests: to which number, and how many seconds apart."""

    modem: Modem
    to: str
    every: float
    pace: Pace = PACE

    def first(self, now: datetime) -> float:
        """Return the seconds until the first test of this run: those before count, each costs a text."""
        state = self.modem.state
        if state.self_test_tried_at is None:
            return self.pace.first
        wait = self.again if state.self_test_tries else self.every
        since = (now - state.self_test_tried_at).total_seconds()
        return max(self.pace.first, min(wait, wait - since))

    @property
    def again(self) -> float:
        """The seconds to wait after a test that did not pass: more, the more texts did not come back."""
        doublings = min(max(self.modem.state.self_test_tries - 1, 0), 16)
        return min(self.every, self.pace.again * 2.0**doublings)


@dataclass(slots=True)
class Return:
    """The way back of one text."""

    came: asyncio.Event = field(default_factory=asyncio.Event)
    via: str = ""  # the modem that received it

    async def within(self, seconds: float) -> bool:
        """Wait so long for the text; return whether it came."""
        try:
            async with asyncio.timeout(seconds):
                await self.came.wait()
        except TimeoutError:
            return False
        return True


@dataclass(slots=True)
class Loopback:
    """A sink that keeps test texts from the one behind it: those with a token that we gave out."""

    sink: InboundSink
    _issued: dict[str, Return] = field(default_factory=dict)

    def issue(self) -> tuple[str, Return]:
        """Return a fresh token and what tells of its return."""
        token, back = secrets.token_hex(4), Return()
        self._issued[token] = back
        while len(self._issued) > _REMEMBERED:  # one that comes late is no person's either
            del self._issued[next(iter(self._issued))]
        return token, back

    async def received(self, messages: Sequence[RawSms]) -> None:
        """Pass on all but the tests."""
        if self._issued:
            messages = [message for message in messages if not self._is_test(message)]
        if messages:
            await self.sink.received(messages)

    def _is_test(self, message: RawSms) -> bool:
        try:
            found = sms.decode_inbound(message.pdu)
        except sms.PduError:
            return False
        match = _FORM.fullmatch(found.text or "") if isinstance(found, sms.Deliver) else None
        back = self._issued.get(match[1]) if match is not None else None
        if back is not None:
            back.via = message.modem
            back.came.set()
        return back is not None


@dataclass(slots=True)
class SelfTests:
    """Runs the timetables; the result is part of each modem's state."""

    timetables: Sequence[Timetable]
    modems: Sequence[Modem]  # all that there are: one of them receives
    loopback: Loopback
    clock: Clock
    switch: Switch = field(default_factory=Switch)  # that suspends all sending

    @classmethod
    def of(
        cls,
        sections: Sequence[ModemSection],
        modems: Sequence[Modem],
        loopback: Loopback,
        clock: Clock,
        switch: Switch,
    ) -> SelfTests:
        """Return the tests that the configuration asks for."""
        timetables = [
            Timetable(modem, section.self_test_to, section.self_test_hours * 3600, PACE)
            for section, modem in zip(sections, modems, strict=True)
            if section.self_test_to
        ]
        return cls(timetables, modems, loopback, clock, switch)

    async def run(self) -> None:
        """Test until cancelled."""
        async with asyncio.TaskGroup() as group:
            for timetable in self.timetables:
                group.create_task(self._follow(timetable))

    async def _follow(self, timetable: Timetable) -> None:
        await asyncio.sleep(timetable.first(self.clock()))
        while True:
            back, error = await self._test(timetable)
            if error:
                self._tell(timetable.modem, error)
            if back.came.is_set() or await back.within(timetable.again):
                self._tell(timetable.modem, "", back.via)
                await asyncio.sleep(timetable.every)

    async def _test(self, timetable: Timetable) -> tuple[Return, str]:
        """Send a text, and wait for it; return its way back, and why the test failed, if it did."""
        token, back = self.loopback.issue()
        (part,) = sms.submits(_TEXT.format(token=token), sms.Address.parse(timetable.to), reference=0)
        await timetable.modem.settled()
        if not any(map(_listens, self._receivers(timetable.modem))):
            log.info("self-test waits", action="self_test_waits", modem=timetable.modem.name)
            return back, ""
        outcome = await timetable.modem.send(part.encode(), permit=self._may, more=False)
        if isinstance(outcome, NotSent | Revoked):
            return back, ""  # it says nothing about the modem that its state does not say
        tries = timetable.modem.state.self_test_tries + 1
        timetable.modem.report(self_test_tries=tries, self_test_tried_at=self.clock())
        if isinstance(outcome, Refused):
            return back, "the network did not take it"
        patience = timetable.pace.patience
        if await back.within(patience):
            return back, ""
        if not all(map(_listens, self._receivers(timetable.modem))):
            log.info("self-test proves nothing", action="self_test_open", modem=timetable.modem.name)
            return back, ""
        taken = isinstance(outcome, Accepted)
        return back, f"nothing came back within {patience:g} s" if taken else "the network did not take it"

    def _receivers(self, tested: Modem) -> Sequence[Modem]:
        """Return the modem through which the last text came back; all where that is none of them."""
        via = tested.state.self_test_via
        return [each for each in self.modems if each.name == via] or self.modems

    def _may(self) -> bool:
        return self.switch.off_since is None

    def _tell(self, modem: Modem, error: str, via: str = "") -> None:
        result = "failed" if error else "passed"
        tell = log.warning if error else log.info
        tell("self-test", action="self_test", modem=modem.name, result=result, why=error, via=via)
        modem.report(
            self_test=result,
            self_test_at=self.clock(),
            self_test_error=error,
            self_test_via=via or modem.state.self_test_via,
            self_test_tries=modem.state.self_test_tries if error else 0,
        )


def _listens(modem: Modem) -> bool:
    return modem.state.phase is ModemPhase.READY
