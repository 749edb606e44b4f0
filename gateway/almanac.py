"""Knows the bank holidays of this year and the next: on record, or worked out in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.model import Clock
from gateway.store import Database, StoreUnavailable, almanac
from policy import PolicySettings
from policy.quiet_hours import NOT_KNOWN, BankHolidays

log = structlog.get_logger()

_LOOK: Final = 5.0  # seconds between two looks at the clock and the policy; neither costs anything
_AGAIN: Final = 300.0  # seconds after a failure
_LONGEST: Final = 30.0  # seconds that working them out may take


class _Unknown(Exception):
    """The bank holidays could not be worked out; the message says why."""


@dataclass(slots=True)
class Almanac:
    """Follows the policy's division and the year. What it does not know keeps the windows shut."""

    database: Database
    settings: PolicySettings
    clock: Clock
    _division: str = ""
    _known: BankHolidays = NOT_KNOWN

    @property
    def holidays(self) -> BankHolidays:
        """The bank holidays of the policy's division."""
        return self._known if self._division == self.settings.quiet_hours.division else NOT_KNOWN

    def sentence(self) -> str:
        """Say that the windows stay shut, for want of bank holidays; empty where they are known."""
        division = self.settings.quiet_hours.division
        if not division or self.clock().year in self.holidays.years:
            return ""
        return f"the bank holidays of {division} are not known, so nothing is sent: see the log"

    async def run(self) -> None:
        """Keep them up to date until cancelled."""
        while True:
            known = await self.look()
            await asyncio.sleep(_LOOK if known else _AGAIN)

    async def look(self) -> bool:
        """Learn what is missing for this year and the next; False where that failed."""
        division, now = self.settings.quiet_hours.division, self.clock()
        wanted = [now.year, now.year + 1]
        if not division or self.holidays.years >= set(wanted):
            return True
        try:
            await self._learn(division, wanted)
        except (_Unknown, StoreUnavailable) as exc:
            log.error("bank holidays are not known", action="bank_holidays_unknown", why=str(exc))  # noqa: TRY400
            return False
        log.info("bank holidays", action="bank_holidays", division=division, years=wanted)
        return True

    async def _learn(self, division: str, years: Sequence[int]) -> None:
        days = await self.database.read(lambda c: almanac.bank_holidays(c, division))
        if not {day.year for day in days} >= set(years):
            worked_out = await _worked_out(division, years)
            await self.database.write(lambda c: almanac.keep(c, division, worked_out))
            days = await self.database.read(lambda c: almanac.bank_holidays(c, division))
        self._division, self._known = division, BankHolidays(days, {day.year for day in days})


async def _worked_out(division: str, years: Sequence[int]) -> dict[str, str]:
    """Ask the process that knows; raise `_Unknown`."""
    command = (sys.executable, "-m", "gateway.bank_holidays", division, *map(str, years))
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    except OSError as exc:
        raise _Unknown(f"{sys.executable}: {exc.strerror}") from exc
    try:
        async with asyncio.timeout(_LONGEST):
            said, complaint = await process.communicate()
    except TimeoutError as exc:
        raise _Unknown(f"no answer within {_LONGEST:.0f} seconds") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise _Unknown(complaint.decode(errors="replace").strip().rpartition("\n")[2])
    found: dict[str, str] = json.loads(said)
    return found
