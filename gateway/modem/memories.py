"""The memories of a modem through one of its ports: one is selected, listed, read and freed."""

from __future__ import annotations

import contextlib
from typing import Final

import structlog

from gateway.modem import commands
from gateway.modem.answers import Memory
from gateway.modem.delivery import Delivery
from gateway.modem.errors import CommandFailed, CommandRefused, CommandWithdrawn
from gateway.modem.identity import attempt
from gateway.modem.listing import Stored
from gateway.modem.session import Session

log = structlog.get_logger()

_EMPTY: Final = {320, 321}  # memory failure or invalid index: how an empty slot or memory may answer
_SIM_AWAY: Final = {*range(10, 16), *range(310, 319)}  # out, locked, busy: CME and CMS
_UNKNOWN_TOTAL: Final = 50
_READINGS: Final = 3  # of a slot whose PDU came with octets missing


def _away(why: CommandRefused) -> bool:
    """Return whether the SIM is out, locked or busy, by whatever code: it comes back, and its memories."""
    return why.busy or why.code in _SIM_AWAY


class Memories:
    """What can be done with them.

    A modem that restarts reads from a memory of its own choice again. So what we selected counts only until
    the modem may have restarted, and what is to be freed is looked at in the very step that frees it.
    """

    def __init__(self, session: Session, delivery: Delivery) -> None:
        """Begin with nothing selected."""
        self.session = session
        self._selected: str | None = None
        self._lapses = 0  # of the session, when it was selected
        self.readable = list(delivery.readable)
        self._unread = ""  # why what arrives cannot be read; empty while it can
        self.held = False  # something has arrived that cannot be read: it may be an opt-out
        self.shut = 0  # how often a memory could not be read for a while: the SIM is out, locked or busy
        self._stuck: dict[tuple[str, int], int] = {}  # how often a slot would not be freed
        self._home = delivery.home
        self._stores = delivery.notifications is None or delivery.notifications[1] < 2  # what arrives: +CNMI
        self._selects = False  # it has been seen to take AT+CPMS
        self._torn: dict[tuple[str, int], str] = {}  # what was read last of what was not read whole

    @property
    def trouble(self) -> str:
        """What a person should know: what arrives cannot be read or not be deleted; or ""."""
        if self._unread:
            so = ", so nothing is sent" if self.held else ""
            return f"what comes in cannot be read, nor an opt-out be obeyed{so}: {self._unread}"
        if any(times > 1 for times in self._stuck.values()):
            return "what was read cannot be deleted: once the memory is full, nothing comes in any more"
        return ""

    @property
    def selected(self) -> str | None:
        """Return the memory that the modem reads from; None where that is not certain."""
        return self._selected if self._lapses == self.session.lapses else None

    @property
    def receives(self) -> str:
        """Return the memory that takes what arrives."""
        return self._home[-1]

    @property
    def writes(self) -> str:
        """Return the memory that takes what we write."""
        return self._home[1 if len(self._home) > 1 else 0]

    def forget(self) -> None:
        """Count on nothing that was selected: the modem has restarted, or another port reads."""
        self._selected = None

    async def select(self, memory: str) -> Memory:
        """Make `memory` the one to read from; where messages are received stays as it is.

        A modem that has no AT+CPMS reads from the one memory that it has.
        """
        if self.selected == memory:
            return Memory(memory)
        self.forget()
        try:
            counts = await self.session.run(commands.select((memory, *self._home[1:])))
            self._selects = True
        except CommandRefused as exc:
            if self._selects or memory != self.receives or _away(exc):
                raise
            log.warning("modem.memory_unnamed", memory=memory, why=exc.text)
            counts = (Memory(memory),)
        self._selected, self._lapses = memory, self.session.lapses
        return counts[0]

    async def listed(self, memory: str) -> tuple[Stored, ...]:
        """Return all that a memory holds; nothing where it cannot be read."""
        try:
            selected = await self.select(memory)
        except CommandRefused as exc:
            return self._refused(memory, exc)
        except CommandFailed as exc:
            self._read_badly(memory, str(exc), for_now=self._selects)
            log.warning("modem.memory_unreadable", memory=memory, why=str(exc))
            return ()
        try:
            each = self.session.timeouts.read_each
            found = await self.session.run(commands.listed(each * (selected.used or 0)))
            self._read_well(memory)
        except CommandRefused as exc:
            if _away(exc):
                return self._refused(memory, exc)
            empty = exc.code in _EMPTY and not self._unread  # where something was not read it is counted
            found = () if empty else await self._read_each(memory, exc)
        except CommandFailed as exc:
            found = await self._read_each(memory, exc)
        slots = {(memory, stored.index) for stored in found}
        self._stuck = {place: n for place, n in self._stuck.items() if place[0] != memory or place in slots}
        whole = [await self._whole(stored) for stored in found]
        return tuple(stored for stored in whole if stored is not None)

    def _refused(self, memory: str, why: CommandRefused) -> tuple[Stored, ...]:
        """Note that nothing can be read; one that the modem has not got is not asked again."""
        gone = _away(why)  # comes back, and the memory with it
        tell = log.debug if self._unread == why.text else log.warning
        self._read_badly(memory, why.text, for_now=gone)
        if not gone and memory != self.receives and memory in self.readable:
            self.readable.remove(memory)
        tell("modem.memory_refused", memory=memory, why=why.text)
        return ()

    async def read(self, index: int) -> Stored | None:
        """Return what lies in a slot of the selected memory; None where nothing does, or nothing readable."""
        stored = await attempt(self.session, commands.read(index))
        return None if stored is None else await self._whole(stored)

    async def _whole(self, stored: Stored) -> Stored | None:
        """Return what was read without loss, or twice alike: then the slot holds no more; else None."""
        place = (self.selected or "", stored.index)
        before, tries = self._torn.pop(place, ""), 0
        while stored.torn and (not stored.pdu or stored.pdu != before):
            again = await attempt(self.session, commands.read(stored.index)) if tries < _READINGS else None
            if again is None:
                log.warning("modem.message_torn", memory=place[0], index=place[1])
                self._torn[place] = stored.pdu  # the next listing shows it again
                return None
            before, stored, tries = stored.pdu, again, tries + 1
        return stored

    async def _read_each(self, memory: str, why: CommandFailed) -> tuple[Stored, ...]:
        """Do without the listing: ask for slot after slot until all that are used were seen."""
        tell = log.debug if memory == self.receives and self._unread else log.warning
        tell("modem.listing_failed", memory=memory, why=str(why))
        counts = await attempt(self.session, commands.MEMORY) or ()
        used = counts[0].used if counts else None
        total = (counts[0].total if counts else None) or _UNKNOWN_TOTAL
        found: list[Stored] = []
        for index in await attempt(self.session, commands.SLOTS) or range(total + 1):
            if used is not None and len(found) >= used:
                break
            if (stored := await self._read_of(memory, index)) is not None:
                found.append(stored)
        with contextlib.suppress(CommandFailed):
            await self.select(memory)  # each was read there, so it can be freed there
        if found or used == 0:
            self._read_well(memory)
        elif memory == self.receives and self._stores:
            self._unread, self.held = str(why), used is not None
        return tuple(found)

    async def _read_of(self, memory: str, index: int) -> Stored | None:
        """Return what lies in a slot; the memory is selected anew where the modem may have restarted."""
        for _ in range(2):  # after a mishap the modem's attention is called first, and then it may have
            try:
                await self.select(memory)
                return await self.session.run(commands.read(index), lambda: self.selected == memory)
            except CommandWithdrawn:
                continue
            except CommandFailed:
                break
        return None

    def _read_badly(self, memory: str, why: str, *, for_now: bool) -> None:
        """Note why; `for_now`: it is looked at again soon, and what was announced may be an opt-out."""
        self.shut += for_now
        if memory == self.receives:
            self._unread, self.held = why, self.held or for_now

    def _read_well(self, memory: str) -> None:
        if memory == self.receives:
            self._unread, self.held = "", False

    async def delete(self, memory: str, index: int) -> bool:
        """Free a slot while that memory is the selected one; return whether it is free."""
        try:
            await self.session.run(commands.delete(index), lambda: self.selected == memory)
        except CommandWithdrawn:
            return False
        except CommandRefused as exc:
            if exc.code not in _EMPTY:
                return self._not_freed((memory, index), exc.text)
        except CommandFailed as exc:
            return self._not_freed((memory, index), str(exc))
        self._stuck.pop((memory, index), None)
        return True

    def refusals(self, memory: str, index: int) -> int:
        """Return how often a slot would not be freed."""
        return self._stuck.get((memory, index), 0)

    def _not_freed(self, place: tuple[str, int], why: str) -> bool:
        times = self._stuck[place] = self._stuck.get(place, 0) + 1
        tell = log.warning if times == 1 else log.debug
        tell("modem.delete_refused", memory=place[0], index=place[1], why=why)
        return False
