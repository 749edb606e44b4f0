"""The credit of a prepaid SIM, asked of its network by USSD (AT+CUSD; 3GPP TS 27.007, 7.15; 22.090)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from gateway.model import Clock
from gateway.modem import commands
from gateway.modem.balance import amount_by, amount_in, operator_of, packed, text_of
from gateway.modem.bringup import Ready
from gateway.modem.errors import CommandFailed, CommandRefused
from gateway.modem.facts import Report
from gateway.modem.identity import attempt
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings

log = structlog.get_logger()

AUTO: Final = "auto"  # the code of the SIM's operator, where that is known
_FIRST: Final = 60.0  # seconds after the link is up
_AGAIN: Final = 3600.0  # after a question that had no answer
_IDLE: Final = 30.0  # without a part, before a question
_PATIENCE: Final = 120.0  # for the answer: what comes later, or was not asked for, is none
_HANG_UP: Final = commands.do("AT+CUSD=2")
_MENU: Final = 1  # <m>: the network waits for a reply, and nobody else can ask until then
_ENDS: Final = {
    3: "another device has answered it",
    4: "the network does not know it: is credit_ussd right?",
    5: "the network did not answer in time",
}
_UNCLEAR: Final = "the answer names no amount for certain: set credit_pattern"


class Credit:
    """Asks now and then, while the modem has nothing to do; of a modem, not of a link."""

    def __init__(self, settings: ModemSettings, report: Report, clock: Clock) -> None:
        """Ask nothing yet."""
        self._settings = settings
        self._report = report
        self._clock = clock
        self._session: Session | None = None
        self._wake: Callable[[], object] = lambda: None
        self._imsi = ""
        self._packed: bool | None = None  # how this modem wants the code; None before the first link
        self._asking = False  # the command is not answered yet
        self._until = 0.0  # what the network says is the answer; 0: nothing was asked
        self._unclear = False  # something came that was none
        self._menu = False  # the network waits for a reply
        self._due = 0.0
        self._busy_until = 0.0

    def attach(self, ready: Ready, session: Session, wake: Callable[[], object], now: float) -> None:
        """Take up a new link, at loop time `now`; `wake` has `ask` called as soon as can be."""
        if self._packed is None:
            self._packed = ready.profile.ussd == "packed"
        if ready.imsi != self._imsi:  # nothing is known of this one
            self._due = 0.0
        self._session, self._wake, self._imsi = session, wake, ready.imsi
        self._until, self._menu = 0.0, False
        self._due = max(self._due, now + _FIRST)

    @property
    def due(self) -> float:
        """When to call `ask` next, in loop time."""
        if self._menu:
            return 0.0
        return min(max(self._due, self._busy_until), self._until or float("inf"))

    def give_way(self, now: float) -> None:
        """Let a part go first: let go of the line, and ask when the modem has been idle for a while."""
        self._busy_until = now + _IDLE
        if self._asking and self._session is not None:
            self._session.hurry(0.0)

    async def ask(self, now: float) -> None:
        """Do what is due: hang up, wait no longer, ask. The answer comes by itself. Raises `ModemGone`."""
        session = self._session
        if session is None:
            return
        if self._menu:
            self._menu = False
            await attempt(session, _HANG_UP)
        if 0.0 < self._until <= now:
            self._end(f"the network did not answer within {_PATIENCE:g} s")
        if now < max(self._due, self._busy_until):
            return
        if session.busy:  # with somebody's command, which must not be taken for ours
            self._busy_until = now + _IDLE
            return
        await self._ask(session, now)

    async def _ask(self, session: Session, now: float) -> None:
        self._due = now + _AGAIN  # an answer makes it later
        code = self._code()
        if not code:
            why = f"no code is known for its operator ({self._imsi[:5] or 'not told'}): set credit_ussd"
            self._report(credit_error=why)
            return
        self._until, self._unclear, self._asking = now + _PATIENCE, False, True
        try:
            await self._say(session, code)
        except CommandFailed:
            self._until = 0.0
            if self._busy_until <= now:  # else it gave way
                self._report(credit_error="the modem or the network refused the question")
        finally:
            self._asking = False

    def _code(self) -> str:
        own = self._settings.credit_ussd
        if own != AUTO:
            return own
        operator = operator_of(self._imsi)
        return "" if operator is None else operator.ussd

    async def _say(self, session: Session, code: str) -> None:
        """Ask as this modem has it, or else the other way: what is refused has not been asked."""
        for last in (False, True):
            text = packed(code) if self._packed else code
            try:
                await session.run(commands.do(f'AT+CUSD=1,"{text}",15'))
            except CommandRefused:
                self._packed = not self._packed
                if last:
                    raise
            else:
                return

    def heard(self, value: str, now: float) -> None:
        """Take what the network said, where it was asked: an advert is no answer."""
        if now >= self._until:
            log.info("modem.ussd_unasked", modem=self._settings.name)
            return
        status, text = text_of(value)
        self._menu = status == _MENU
        amount = self._amount(text)
        if amount is not None:
            self._until = 0.0
            self._due = now + self._settings.credit_every
            self._tell(amount)
        elif status in _ENDS or not text:
            self._end(_ENDS.get(status, "the network ended it without an answer"))
        else:  # it may be an advert yet, and the answer come
            self._unclear = True
        self._wake()

    def _end(self, why: str) -> None:
        """Wait for no answer any more; where something came that was none, tell how it can be read."""
        self._until = 0.0
        self._report(credit_error=_UNCLEAR if self._unclear else why)

    def _amount(self, text: str) -> float | None:
        if own := self._settings.credit_pattern:
            return amount_by(own, text)
        operator = operator_of(self._imsi)
        found = amount_by(operator.pattern, text) if operator is not None and operator.pattern else None
        return amount_in(text) if found is None else found

    def _tell(self, amount: float) -> None:
        floor = self._settings.credit_floor
        self._report(
            credit=amount,
            credit_at=self._clock(),
            credit_error="",
            credit_floor=floor,
            credit_low=amount < floor,
        )
