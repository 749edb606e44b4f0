"""Stored messages: read, committed, and only then deleted (promise 2).

An unsolicited line is a hint that a memory holds something, never a reason to delete anything: what is
deleted is the index that was just read and committed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from gateway.modem import commands
from gateway.modem.copies import digest
from gateway.modem.delivery import Delivery
from gateway.modem.errors import CommandFailed
from gateway.modem.identity import attempt
from gateway.modem.listing import Stored
from gateway.modem.memories import Memories
from gateway.modem.session import Session

log = structlog.get_logger()

_PLAIN_HINT: Final = re.compile(r'"?([A-Z]{2})"? *, *(\d+)')
_MEMORY: Final = re.compile(r'"?([A-Z]{2})"?')
_REPORTS: Final = "SR"
_COPIES: Final = "copies"  # of our own, where a memory is named
_TOGETHER: Final = 5  # status reports that are read at once, if they come
_GATHER: Final = 0.5  # seconds; how long the first waits for others

Post = Callable[[str, Sequence[Stored]], Awaitable[None]]
"""Commits what was read from a memory; raises where that failed."""


class Inbox:
    """What the modem's memories may hold for us."""

    def __init__(self, session: Session, delivery: Delivery, post: Post, changed: Callable[[], None]) -> None:
        """Begin with everything to read; `changed` is told when `clean` may have changed."""
        self._memories = Memories(session, delivery)
        self._turn = asyncio.Lock()
        self._post = post
        self._changed = changed
        self._hints: dict[tuple[str, int], None] = {}
        self._reports: dict[tuple[str, int], None] = {}
        self._reports_since = 0.0
        self._sweeps: dict[str, None] = dict.fromkeys(self._memories.readable)
        self._reading = False
        self._committed: dict[tuple[str, int], str] = {}  # not deleted yet
        self._spent: dict[int, Stored] = {}  # copies of our own, in the memory that is written to
        self._vain: set[str] = set()  # what was listed again for nothing: it waits for the next sweep
        self.own: Callable[[Stored], bool] = lambda _: False  # whether a copy of ours may be freed
        self.freed: Callable[[Stored], None] = lambda _: None

    @property
    def through(self) -> Session:
        """Return the port through which the memories are to be read."""
        return self._memories.session

    @property
    def clean(self) -> bool:
        """All that we know of was read and committed; a status report may wait: it is no text."""
        return not (self._hints or self._sweeps or self._reading or self._memories.held)

    @property
    def trouble(self) -> str:
        """Why what arrives cannot be read or deleted; empty while all is well."""
        return self._memories.trouble

    @property
    def shut(self) -> int:
        """How often a memory could not be read for a while: the SIM is out, locked or busy."""
        return self._memories.shut

    @property
    def busy(self) -> bool:
        """Something is to be read or freed."""
        return bool(self._hints or self._sweeps or self._spent)

    @property
    def reports_due(self) -> float | None:
        """When to call `read_reports`, in loop time; None if none were announced."""
        if not self._reports:
            return None
        return self._reports_since + (_GATHER if len(self._reports) < _TOGETHER else 0)

    def hint(self, value: str) -> None:
        """Take `+CMTI: "SM",3`. One plain hint is read by itself, anything odd by listing the memory."""
        plain = _PLAIN_HINT.fullmatch(value)
        if plain is not None and plain[1] in self._memories.readable:
            self._hints[plain[1], int(plain[2])] = None
        else:
            self._sweep(_MEMORY.match(value))
        self._changed()

    def report_hint(self, value: str) -> None:
        """Take `+CDSI: "SR",4`. Some modems name SM for a report that lies in SR, so both are listed."""
        plain = _PLAIN_HINT.fullmatch(value)
        if plain is not None and plain[1] == _REPORTS and _REPORTS in self._memories.readable:
            self._expect_reports({(_REPORTS, int(plain[2])): None})
        else:
            self._sweep(_MEMORY.match(value))
            self._sweeps.update(dict.fromkeys({_REPORTS} & set(self._memories.readable)))
        self._changed()

    def sweep(self) -> None:
        """List every memory at the next opportunity."""
        self._sweeps.update(dict.fromkeys(self._memories.readable))
        self._changed()

    def sweep_home(self) -> None:
        """List the memory that receives: a burst may have announced fewer messages than it brought."""
        self._sweeps[self._memories.receives] = None
        self._changed()

    def forget(self) -> None:
        """Leave what is known of where it is: nobody takes it."""
        self._hints, self._sweeps, self._reports = {}, {}, {}
        self._changed()

    def spend(self, copy: Stored) -> None:
        """Free a copy of our own when there is nothing to read."""
        self._spent[copy.index] = copy
        self._changed()

    async def look(self, index: int) -> Stored | None:
        """Return what lies at `index` in the memory that is written to; raise `ModemGone`."""
        async with self._turn:
            try:
                await self._memories.select(self._memories.writes)
            except CommandFailed:
                return None
            return await attempt(self.through, commands.read(index))

    async def lend(self, session: Session) -> None:
        """Have the memories read through another port from now on, once what is being read is read."""
        async with self._turn:
            self.take_back(session)

    def take_back(self, session: Session) -> None:
        """Have it so at once, when nobody reads; list all again, since something may have come unnoticed."""
        self._memories.session = session
        self._memories.forget()
        self.sweep()

    def restarted(self) -> None:
        """Free nothing more where the modem may read from another memory by now."""
        self._memories.forget()

    async def drain(self, by: Session) -> None:
        """Read, commit and free until nothing is known to be left; raise what `post` or the link raises.

        Nothing is done `by` a port through which the memories are not to be read (any more).
        """
        async with self._turn:
            while self.through is by and self.busy:
                if not (self._hints or self._sweeps):
                    await self._free_spent()
                elif self._sweeps or len(self._hints) > 1:
                    await self._sweep_next()
                else:
                    await self._read_hinted(next(iter(self._hints)))

    async def read_reports(self, by: Session) -> None:
        """Read, commit and free the announced status reports together; give way to texts in between."""
        async with self._turn:
            if self.through is by:
                await self._read_reports()

    async def _read_reports(self) -> None:
        expected, self._reports = self._reports, {}
        try:
            stored = await self._memories.listed(_REPORTS)
            await self._commit(_REPORTS, stored)
        except BaseException:
            self._expect_reports(expected)
            raise
        await self._free(_REPORTS, stored)

    def _expect_reports(self, places: dict[tuple[str, int], None]) -> None:
        if not self._reports:
            self._reports_since = asyncio.get_running_loop().time()
        self._reports.update(places)

    def _sweep(self, named: re.Match[str] | None) -> None:
        names = (
            [named[1]]
            if named is not None and named[1] in self._memories.readable
            else self._memories.readable
        )
        self._sweeps.update(dict.fromkeys(names))

    async def _sweep_next(self) -> None:
        memory = next(iter(self._sweeps or (name for name, _ in self._hints)))
        hints = [hint for hint in self._hints if hint[0] == memory]
        self._begin()
        for hint in hints:
            del self._hints[hint]
        self._sweeps.pop(memory, None)
        try:
            stored = await self._memories.listed(memory)
            await self._commit(memory, stored)
        except BaseException:
            self._sweeps[memory] = None
            raise
        finally:
            self._end()
        await self._free(memory, stored)
        for slot in stored:
            if not slot.inbound and self.own(slot):
                await self._free_own(memory, slot)

    async def _free_spent(self) -> None:
        index, copy = next(iter(self._spent.items()))
        del self._spent[index]
        try:
            await self._memories.select(self._memories.writes)
        except CommandFailed:
            return  # a listing finds it
        found = await attempt(self.through, commands.read(index))
        # A listing may have freed it before, and a message of somebody's may lie there by now.
        if found is not None and not found.inbound and digest(found.pdu) == digest(copy.pdu):
            await self._free_own(self._memories.writes, found)
            if self._memories.selected != self._memories.writes and self._once(_COPIES):
                self.spend(copy)

    async def _free_own(self, memory: str, copy: Stored) -> None:
        if await self._memories.delete(memory, copy.index):
            self._vain.discard(_COPIES)
            self.freed(copy)

    async def _read_hinted(self, hint: tuple[str, int]) -> None:
        memory, index = hint
        self._begin()
        del self._hints[hint]
        stored: Stored | None = None
        try:
            await self._memories.select(memory)
            stored = await self._memories.read(index)
            if stored is None or not stored.inbound:
                self._sweeps[memory] = None  # the index lied
            else:
                await self._commit(memory, (stored,))
        except CommandFailed:
            self._sweeps[memory] = None
        except BaseException:
            self._hints[hint] = None
            raise
        finally:
            self._end()
        if stored is not None:
            await self._free(memory, (stored,))

    def _begin(self) -> None:
        self._reading = True

    def _end(self) -> None:
        self._reading = False
        self._changed()

    async def _commit(self, memory: str, stored: Sequence[Stored]) -> None:
        fresh = [s for s in stored if s.inbound and self._committed.get((memory, s.index)) != s.pdu]
        if fresh:
            await self._post(memory, fresh)
            self._committed.update({(memory, s.index): s.pdu for s in fresh})

    def _again(self, memory: str) -> None:
        """Have a memory listed again: nothing of it can be freed now."""
        if not self._once(memory):
            return
        if memory == _REPORTS:
            self._expect_reports({place: None for place in self._committed if place[0] == memory})
        else:
            self._sweeps[memory] = None

    def _once(self, what: str) -> bool:
        """Tell whether to try again at once: not twice in a row, for a modem may never do it."""
        first = what not in self._vain
        (self._vain.add if first else self._vain.discard)(what)
        return first

    async def _free(self, memory: str, stored: Sequence[Stored]) -> None:
        # One that is not freed may hold up those behind it.
        for slot in sorted(stored, key=lambda slot: self._memories.refusals(memory, slot.index)):
            place = (memory, slot.index)
            if memory == _REPORTS and self._hints:  # a text waits: free the rest later
                self._expect_reports({place: None})
                continue
            # A new hint for this place means that the network replaced the message after we read it.
            if self._committed.get(place) != slot.pdu or place in self._hints:
                continue
            if await self._memories.delete(memory, slot.index):
                del self._committed[place]
                self._vain.discard(memory)
            elif self._memories.selected != memory:
                self._again(memory)
                return
