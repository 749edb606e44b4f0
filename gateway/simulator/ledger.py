"""What happened in the virtual network, and when: the evidence that tests and benches judge by."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Every kind of entry."""

    PORT_OPENED = "port_opened"
    PORT_CLOSED = "port_closed"
    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    BOOTED = "booted"
    COMMAND = "command"  # a line as typed
    PROMPT = "prompt"
    PDU_STARTED = "pdu_started"  # first byte after the prompt
    PDU_ABORTED = "pdu_aborted"  # ESC
    SUBMITTED = "submitted"  # Ctrl-Z
    ACCEPTED = "accepted"  # the network has it
    REFUSED = "refused"
    RESULT = "result"  # the final result of a submission was written
    BUSY = "busy"  # facts: start, end; the radio was taken
    STORED = "stored"
    READ = "read"
    DELETED = "deleted"
    INDICATED = "indicated"  # a URC for a message was written
    INDICATION_LOST = "indication_lost"
    ACKNOWLEDGED = "acknowledged"
    HELD = "held"  # the network keeps a message for a modem that cannot take it
    DROPPED = "dropped"
    REPORT = "report"  # the service centre sent a status report
    HANDSET_RECEIVED = "handset_received"
    HANDSET_SENT = "handset_sent"
    FAULT = "fault"
    FAULT_OVER = "fault_over"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event; `at` is monotonic (`time.monotonic`, also the event loop's clock)."""

    at: float
    kind: Kind
    modem: str
    facts: Mapping[str, object]

    def __getitem__(self, name: str) -> object:
        return self.facts[name]


@dataclass(slots=True)
class Ledger:
    """An append-only list of entries."""

    clock: Callable[[], float] = time.monotonic
    entries: list[Entry] = field(default_factory=list)
    _waiting: list[asyncio.Event] = field(default_factory=list, repr=False)

    def note(self, kind: Kind, modem: str = "", at: float | None = None, **facts: object) -> Entry:
        """Append an entry (now, unless `at` says when) and return it."""
        entry = Entry(self.clock() if at is None else at, kind, modem, facts)
        self.entries.append(entry)
        for news in self._waiting:
            news.set()
        return entry

    async def until(
        self, kind: str, count: int = 1, *, modem: str | None = None, timeout: float = 5.0
    ) -> Entry:
        """Wait for the `count`th entry of a kind (those already there count too) and return it."""
        news = asyncio.Event()
        self._waiting.append(news)
        try:
            async with asyncio.timeout(timeout):
                while len(found := self.of(kind, modem=modem)) < count:
                    news.clear()
                    await news.wait()
        finally:
            self._waiting.remove(news)
        return found[count - 1]

    def of(self, *kinds: str, modem: str | None = None) -> list[Entry]:
        """Return the entries of `kinds` in order, of one modem if named."""
        return [e for e in self.entries if e.kind in kinds and (modem is None or e.modem == modem)]

    def busy(self, modem: str | None = None) -> list[tuple[float, float]]:
        """Return when the radio was taken: (Ctrl-Z, final result) for each submission."""
        return [(float(str(e["start"])), float(str(e["end"]))) for e in self.of(Kind.BUSY, modem=modem)]

    def counts(self) -> dict[str, int]:
        """Return how many entries of each kind there are."""
        return {kind.value: n for kind, n in sorted(Counter(e.kind for e in self.entries).items())}

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)
