"""The audit log as a whole: verified, exported, and pinned down by checkpoints (clause 1.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from gateway import checkpoints
from gateway.model import Clock
from gateway.store import Database, Keyring, audit
from gateway.verify_audit import Broken, Chain, anchor_of

_RUN: Final = 5000  # entries read at once
_SHORT_RUN: Final = 300  # in the background; about 10 ms
_BACKGROUND: Final = 4.0  # rests, for each second of work: a fifth of one core at most


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: the log is whole, or which entry is the first that is not as it was."""

    entries: int
    hash: str  # of the last entry that is good
    first_bad: int | None = None
    why: str | None = None


@dataclass(slots=True)
class Auditing:
    """Reads the log in short steps; writes only that it was verified."""

    database: Database
    keyring: Keyring
    gateway: str
    clock: Clock

    async def verify(self, anchor: str | None = None, *, background: bool = False) -> Verdict:
        """Check every entry that is there now; `anchor` is the text of a checkpoint, or of a text message.

        In the background it rests more than it works. Raises `NotUnderstood` for what is no checkpoint of
        this gateway's.
        """
        held = None if anchor is None else anchor_of(anchor, checkpoints.public_key(self.keyring))
        chain, rest = Chain(anchor=held), _BACKGROUND if background else 0.0
        run = _SHORT_RUN if background else _RUN
        last, _ = await self.database.read(audit.last)
        try:
            while chain.seq < last:
                began = asyncio.get_running_loop().time()
                if not await self.database.read(lambda c: _checked(c, chain, run)):
                    break  # entries are missing at the end
                await asyncio.sleep(rest * (asyncio.get_running_loop().time() - began))
            chain.end()
        except Broken as exc:
            return Verdict(chain.seq, chain.hash, exc.seq, exc.why)
        return Verdict(chain.seq, chain.hash)

    async def note(self, verdict: Verdict, *, by: str) -> None:
        """Put into the log that it was verified, and with what result."""
        found = {"entries": verdict.entries, "first_bad": verdict.first_bad}
        outcome = "whole" if verdict.first_bad is None else "broken"
        await self.database.write(
            lambda c: audit.record(
                c,
                self.clock(),
                actor=by,
                action="audit-verified",
                target="audit",
                outcome=outcome,
                clauses=["1.3"],
                detail=found,
            )
        )

    async def export(self, since: datetime | None, until: datetime | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the entries from `since` to before `until`, oldest first, each with its hash.

        Raises `Broken` where the log cannot be read as it was written.
        """
        before, last = await self.database.read(lambda c: audit.between(c, since, until))
        while before < last:
            after, most = before, min(_RUN, last - before)
            entries = await self.database.read(lambda c, a=after, m=most: audit.entries(c, a, m))  # type: ignore[misc]
            for each in entries:
                yield each
            before = entries[-1]["seq"] if entries else last

    async def checkpoint(self) -> str:
        """Return a signed checkpoint of the log as it is now (a line of JSON)."""
        seq, digest = await self.database.read(audit.last)
        return checkpoints.sign(self.keyring, self.gateway, seq, digest, self.clock())

    async def drop(self, directory: Path, now: datetime) -> Path | None:
        """Write the day's checkpoint into `directory`; None where it is there already. Raises `OSError`."""
        path = checkpoints.place(directory, self.gateway, now.date())
        if path.exists():
            return None
        text = await self.checkpoint()
        await asyncio.to_thread(checkpoints.write, path, text)
        await self.note_anchor("file")
        return path

    async def note_anchor(self, way: str) -> None:
        """Put into the log that a checkpoint left the machine by a way: file, webhook or sms."""
        now = self.clock()
        await self.database.write(lambda c: self.anchor_noted(c, way, audit.last(c)[0], now))

    def anchor_noted(self, connection: Connection, way: str, seq: int, now: datetime) -> None:
        """Do the same in the caller's transaction; `seq`: the last entry that it tells of."""
        audit.record(
            connection,
            now,
            actor="gateway",
            action="checkpoint",
            target="audit",
            outcome="sent",
            clauses=["1.3"],
            detail={"way": way, "seq": seq},
        )

    def anchored(self, connection: Connection, way: str, now: datetime) -> bool:
        """Return whether one left by that way on the day that `now` is in, in its own zone."""
        last = next(
            (
                each["at"]
                for each in reversed(audit.of_target(connection, "audit"))
                if each["action"] == "checkpoint" and each["detail"].get("way") == way
            ),
            None,
        )
        return last is not None and last.astimezone(now.tzinfo).date() == now.date()


def _checked(connection: Connection, chain: Chain, most: int) -> bool:
    """Take the next entries; False where there is none."""
    before = chain.seq
    audit.walk(connection, before, most, chain.take)
    return chain.seq > before
