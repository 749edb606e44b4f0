"""A SIM texts itself, or its neighbour, on a timetable: what comes back proves that both ways work.

These texts are nobody's: they pass by the outbox and never reach the inbox.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from gateway import sms
from gateway.model import Accepted, Clock, InboundSink, NotSent, RawSms, Revoked
from gateway.modem import Modem
from gateway.modem_section import ModemSection
from gateway.switch import Switch

log = structlog.get_logger()

_TEXT: Final = "Schoolgate self-test {token}"
_FORM: Final = re.compile(r"Schoolgate self-test ([0-9a-f]{8})")
_FIRST: Final = 120.0  # seconds after the start
_PATIENCE: Final = 300.0  # for the text to come back
_REMEMBERED: Final = 32


@dataclass(frozen=True, slots=True)
class Timetable:
    """One modem's tests: to which number, and how many seconds apart."""

    modem: Modem
    to: str
    every: float
    first: float = _FIRST
    patience: float = _PATIENCE


@dataclass(slots=True)
class Loopback:
    """A sink that keeps test texts from the one behind it: those with a token that we gave out."""

    sink: InboundSink
    _issued: dict[str, asyncio.Event] = field(default_factory=dict)

    def issue(self) -> tuple[str, asyncio.Event]:
        """Return a fresh token and what is set when it comes back."""
        token, back = secrets.token_hex(4), asyncio.Event()
        self._issued[token] = back
        while len(self._issued) > _REMEMBERED:  # one that comes late is no person's either
            del self._issued[next(iter(self._issued))]
        return token, back

    async def received(self, messages: Sequence[RawSms]) -> None:
        """Pass on all but the tests."""
        if self._issued:
            messages = [message for message in messages if not self._is_test(message.pdu)]
        if messages:
            await self.sink.received(messages)

    def _is_test(self, pdu: str) -> bool:
        try:
            found = sms.decode_inbound(pdu)
        except sms.PduError:
            return False
        match = _FORM.fullmatch(found.text or "") if isinstance(found, sms.Deliver) else None
        back = self._issued.get(match[1]) if match is not None else None
        if back is not None:
            back.set()
        return back is not None


@dataclass(slots=True)
class SelfTests:
    """Runs the timetables; the result is part of each modem's state."""

    timetables: Sequence[Timetable]
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
        return cls(
            [
                Timetable(modem, section.self_test_to, section.self_test_hours * 3600)
                for section, modem in zip(sections, modems, strict=True)
                if section.self_test_to
            ],
            loopback,
            clock,
            switch,
        )

    async def run(self) -> None:
        """Test until cancelled."""
        async with asyncio.TaskGroup() as group:
            for timetable in self.timetables:
                group.create_task(self._follow(timetable))

    async def _follow(self, timetable: Timetable) -> None:
        await asyncio.sleep(timetable.first)
        while True:
            await self._test(timetable)
            await asyncio.sleep(timetable.every)

    async def _test(self, timetable: Timetable) -> None:
        token, back = self.loopback.issue()
        (part,) = sms.submits(_TEXT.format(token=token), sms.Address.parse(timetable.to), reference=0)
        await timetable.modem.settled()
        outcome = await timetable.modem.send(part.encode(), permit=self._may, more=False)
        if isinstance(outcome, NotSent | Revoked):
            return  # it says nothing about the modem that its state does not say
        try:
            async with asyncio.timeout(timetable.patience):
                await back.wait()
        except TimeoutError:
            taken = isinstance(outcome, Accepted)
            error = (
                f"nothing came back within {timetable.patience:g} s"
                if taken
                else "the network did not take it"
            )
            self._tell(timetable.modem, error)
        else:
            self._tell(timetable.modem, "")

    def _may(self) -> bool:
        return self.switch.off_since is None

    def _tell(self, modem: Modem, error: str) -> None:
        result = "failed" if error else "passed"
        tell = log.warning if error else log.info
        tell("self-test", action="self_test", modem=modem.name, result=result, why=error)
        modem.report(self_test=result, self_test_at=self.clock(), self_test_error=error)
