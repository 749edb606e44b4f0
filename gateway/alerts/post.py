"""Letters on their way to the mail server; those that wait are in a file: a restart loses none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

import structlog

from gateway import whole_file
from gateway.alerts.mail import NotSent, Postbox
from gateway.model import Clock

log = structlog.get_logger()

_AGAIN: Final = timedelta(minutes=5)  # after a letter that the server did not take
_LONGEST: Final = timedelta(hours=1)  # a password that is wrong must not lock the account
_LIMIT: Final = timedelta(days=1)  # then it is no news
_MOST: Final = 100  # more say nothing that those do not


@dataclass(frozen=True, slots=True)
class Letter:
    """What is told, and since when."""

    at: datetime
    subject: str
    body: str


@dataclass(slots=True)
class Post:
    """Takes letters to the server, one after the other, until each is taken or a day old."""

    postbox: Postbox
    path: Path
    clock: Clock
    _waiting: list[Letter] = field(default_factory=list)
    _why: str = ""
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, postbox: Postbox, database: Path, clock: Clock) -> Self:
        """Return the post of the gateway whose database this is."""
        return cls(postbox, database.with_name(f"{database.stem}.letters.json"), clock)

    async def put(self, letter: Letter) -> None:
        """Take a letter; a hundred may wait."""
        if len(self._waiting) < _MOST:
            self._waiting.append(letter)
            self._some.set()
            await self._keep()

    async def run(self) -> None:
        """Carry what waited at the last stop, and what comes; until cancelled."""
        self._waiting[:0] = await asyncio.to_thread(_read, self.path)
        while True:
            while self._waiting:
                await self._carry(self._waiting[0])
                del self._waiting[0]
                await self._keep()
            self._some.clear()
            await self._some.wait()

    def sentence(self) -> str:
        """Return why letters wait; empty where the server takes them."""
        return self._why and f"alerts by letter wait ({len(self._waiting)}): {self._why}"

    async def _carry(self, letter: Letter) -> None:
        failures = 0
        while (why := await _refusal(self.postbox, letter, failures)) and self.clock() - letter.at < _LIMIT:
            failures, self._why = failures + 1, why
            await asyncio.sleep(min(_LONGEST, _AGAIN * failures).total_seconds())
        self._why = ""

    async def _keep(self) -> None:
        async with self._turn:
            await asyncio.to_thread(_write, self.path, tuple(self._waiting))


async def _refusal(postbox: Postbox, letter: Letter, failures: int) -> str:
    """Try to send a letter; return why the server did not take it, empty where it did."""
    try:
        refused = await postbox.send(letter.subject, letter.body)
    except NotSent as exc:
        level = log.debug if failures else log.warning
        level("a letter waits", action="letter_waits", why=str(exc))
        return str(exc)
    if refused:
        log.warning("a letter is not for everybody", action="letter_refused", refused=refused)
    return ""


def _read(path: Path) -> list[Letter]:
    """Return what waits; of what cannot be read, nothing: what is still on is told again in its time."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Letter(datetime.fromisoformat(row["at"]), row["subject"], row["body"]) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as exc:
        log.warning("letters unreadable", action="letters_unreadable", why=type(exc).__name__)
        return []


def _write(path: Path, waiting: Sequence[Letter]) -> None:
    """Keep what waits. Where the disk takes nothing, a restart loses it."""
    rows = [{"at": each.at.isoformat(), "subject": each.subject, "body": each.body} for each in waiting]
    try:
        whole_file.replace(path, json.dumps(rows).encode())
    except OSError as exc:
        log.warning("letters not noted", action="letters_not_noted", why=exc.strerror)
