"""The message stores of a modem and of its SIM (3GPP TS 27.005, 3.2.2), with true counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from gateway.simulator.errors import Cms, CmsError


class Stat(IntEnum):
    """The state of a stored message, as PDU mode shows it."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3
    ALL = 4


@dataclass(slots=True)
class Slot:
    """One stored message: the PDU with its service centre octets."""

    stat: Stat
    pdu: bytes


@dataclass(slots=True)
class Memory:
    """Numbered slots; the lowest free one is taken."""

    name: str
    size: int
    first: int = 1
    slots: dict[int, Slot] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Return how many slots are free."""
        return self.size - len(self.slots)

    def put(self, pdu: bytes, stat: Stat) -> int:
        """Store a message and return its index."""
        for index in range(self.first, self.first + self.size):
            if index not in self.slots:
                self.slots[index] = Slot(stat, pdu)
                return index
        raise CmsError(Cms.MEMORY_FULL)

    def get(self, index: int) -> Slot:
        """Return a slot that is in use."""
        try:
            return self.slots[index]
        except KeyError:
            raise CmsError(Cms.BAD_INDEX) from None

    def delete(self, index: int) -> None:
        """Free a slot; a free one is an error only outside the store."""
        if not self.first <= index < self.first + self.size:
            raise CmsError(Cms.BAD_INDEX)
        self.slots.pop(index, None)

    def listed(self, stat: Stat) -> Iterator[tuple[int, Slot]]:
        """Yield the messages in that state, in the order of their indexes."""
        for index in sorted(self.slots):
            if stat in {Stat.ALL, self.slots[index].stat}:
                yield index, self.slots[index]


class Storage:
    """All memories, and which of them the three uses of `+CPMS` select.

    0 is read, listed and deleted; 1 is written and sent from; 2 takes what arrives.
    """

    def __init__(self, sizes: Mapping[str, int], first: int = 1, uses: int = 3) -> None:
        self.uses = uses  # old modems show two: the first of them also takes what arrives
        self.memories = {name: Memory(name, size, first) for name, size in sizes.items()}
        self.default = next(iter(sizes))
        self.selected = [self.default] * 3

    def forget_selection(self) -> None:
        """Select as after power-up."""
        self.selected = [self.default] * 3

    def use(self, position: int) -> Memory:
        """Return the memory selected for one of the three uses."""
        return self.memories[self.selected[position]]

    def counts(self, *, named: bool) -> str:
        """Return `used,total` for each use, for `+CPMS`."""
        shown = []
        for memory in map(self.use, range(self.uses)):
            name = f'"{memory.name}",' if named else ""
            shown.append(f"{name}{len(memory.slots)},{memory.size}")
        return ",".join(shown)
