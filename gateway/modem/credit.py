"""The credit of a prepaid SIM, asked of its network by USSD (AT+CUSD; 3GPP TS 27.007, 7.15; 22.090)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

from gateway.model import Clock
from gateway.modem import commands
from gateway.modem.errors import CommandFailed
from gateway.modem.facts import Report
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings
from gateway.sms.alphabet import decode as gsm7
from gateway.sms.octets import unpack

_ANSWER: Final = re.compile(r'(\d)(?:, *"?(.*?)"?(?:, *(\d+))?)?\s*', re.DOTALL)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")  # no currency has three decimals
_FIRST: Final = 60.0  # seconds after the link is up
_AGAIN: Final = 3600.0  # after a question that had no answer
_IDLE: Final = 30.0  # without a part, before a question


def text_of(value: str) -> tuple[int, str]:
    """Return status and text of `+CUSD: <m>[,<str>[,<dcs>]]`: plain, in UCS-2 hex, or packed."""
    match = _ANSWER.fullmatch(value)
    if match is None:
        return 2, value
    status, text, scheme = int(match[1]), match[2] or "", match[3]
    if _HEX.fullmatch(text) is None:
        return status, text
    octets = bytes.fromhex(text)
    if scheme == "72" or (octets[0] == 0 and len(octets) % 2 == 0):
        return status, octets.decode("utf-16-be", errors="replace")
    return status, gsm7(unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")


def amount_in(text: str, patterns: Sequence[re.Pattern[str]]) -> float | None:
    """Return the amount of money that the first fitting pattern finds; None where that is no number."""
    text = _THOUSANDS.sub("", text)
    for pattern in patterns:
        if (match := pattern.search(text)) is not None:
            found = match.groupdict()
            try:
                if found.get("hundredths"):
                    return int(found["hundredths"]) / 100
                return float((found.get("amount") or "").replace(",", "."))
            except ValueError:
                return None
    return None


@cache
def known_patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns that are shipped."""
    data = tomllib.loads(resources.files("gateway.modem").joinpath("credit.toml").read_text(encoding="utf-8"))
    return tuple(re.compile(each["pattern"]) for each in data["answer"])


class Credit:
    """Asks now and then, while the modem has nothing to do; of a modem, not of a link."""

    def __init__(self, settings: ModemSettings, report: Report, clock: Clock) -> None:
        """Ask nothing yet."""
        self._settings = settings
        self._report = report
        self._clock = clock
        self._session: Session | None = None
        self._asking = False
        self._due = 0.0
        self._busy_until = 0.0

    def attach(self, session: Session, now: float) -> None:
        """Take up a new link, at loop time `now`."""
        self._session = session
        self._due = max(self._due, now + _FIRST)

    @property
    def due(self) -> float:
        """When to call `ask` next, in loop time."""
        return max(self._due, self._busy_until)

    def give_way(self, now: float) -> None:
        """Let a part go first: let go of the line, and ask when the modem has been idle for a while."""
        self._busy_until = now + _IDLE
        if self._asking and self._session is not None:
            self._session.hurry(0.0)

    async def ask(self, now: float) -> None:
        """Send the question if it is due; the answer comes by itself. Raises `ModemGone`."""
        if now < self.due or self._session is None:
            return
        if self._session.busy:  # with somebody's command, which must not be taken for ours
            self._busy_until = now + _IDLE
            return
        self._due = now + _AGAIN  # an answer makes it later
        self._asking = True
        try:
            await self._session.run(commands.do(f'AT+CUSD=1,"{self._settings.credit_ussd}",15'))
        except CommandFailed:
            if self._busy_until <= now:  # else it gave way
                self._report(credit_error="the modem or the network refused the question")
        finally:
            self._asking = False

    def heard(self, value: str, now: float) -> None:
        """Take what the network said."""
        _, text = text_of(value)
        own = self._settings.credit_pattern
        amount = amount_in(text, [re.compile(own)] if own else known_patterns())
        if amount is None:
            self._report(credit_error="the answer names no amount: set credit_pattern")
            return
        self._due = now + self._settings.credit_every
        self._report(
            credit=amount,
            credit_at=self._clock(),
            credit_error="",
            credit_low=amount < self._settings.credit_floor,
        )
