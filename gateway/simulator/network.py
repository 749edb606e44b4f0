"""The virtual GSM network: its modems, its handsets, and what passed between them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.clock import utc_now
from gateway.simulator.handset import Handset
from gateway.simulator.ledger import Kind, Ledger
from gateway.simulator.modem import VirtualModem
from gateway.simulator.personas import persona as find_persona
from gateway.simulator.relay import compose
from gateway.simulator.smsc import ServiceCentre
from gateway.simulator.timing import Timing

_NATIONAL_WITHOUT_PLUS = 12  # 447700900000


def canonical(number: str) -> str:
    """Return the one form of a number under which the network knows it (it is a UK network)."""
    if number.startswith("00"):
        return "+" + number[2:]
    if number.startswith("0"):
        return "+44" + number[1:]
    if number.startswith("44") and len(number) == _NATIONAL_WITHOUT_PLUS:
        return "+" + number
    return number


class Network:
    """Build it in the event loop that is to drive it; `async with` or `close()` takes it down."""

    def __init__(
        self,
        *,
        directory: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        seed: int = 0,
    ) -> None:
        self.ledger = Ledger()
        self.modems: dict[str, VirtualModem] = {}
        self.handsets: dict[str, Handset] = {}
        self.clock = clock
        self.centre = ServiceCentre(ledger=self.ledger, clock=clock, handset=self.handset)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="virtual-modems-")
        self.directory = directory or Path(self._own.name if self._own else ".")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Take everything down; raise what a modem's interpreter died of."""
        try:
            await self.centre.close()
            for modem in self.modems.values():
                await modem.close()
        finally:
            if self._own is not None:
                self._own.cleanup()

    def add_modem(
        self,
        name: str,
        *,
        number: str,
        timing: Timing | None = None,
        persona: str = "generic",
        pin: str | None = None,
        second: bool = False,
        urcs: str = "both",
    ) -> VirtualModem:
        """Plug in a modem that is ready; its path is `name` in the network's directory.

        With `second` it has another port, `name`-2; `urcs` is where unsolicited lines go then.
        """
        if name in self.modems or self.centre.serves(number):
            raise ValueError(f"there is a modem {name} or a modem with {number} already")
        modem = VirtualModem(
            name,
            canonical(number),
            air=self.centre,
            ledger=self.ledger,
            link=self.directory / name,
            serial=len(self.modems) + 1,
            timing=timing or Timing(),
            persona=find_persona(persona),
            pin=pin,
            second=self.directory / f"{name}-2" if second else None,
            urcs=urcs,
        )
        self.modems[name] = modem
        self.centre.subscribe(modem)
        modem.power_on()
        return modem

    def handset(self, number: str) -> Handset:
        """Return the phone with that number; it exists once someone speaks of it."""
        number = canonical(number)
        if number not in self.handsets:
            self.handsets[number] = Handset(number, self.text, self.ledger.clock)
        return self.handsets[number]

    def text(
        self,
        sender: str,
        to: str | VirtualModem,
        text: str,
        *,
        wide: bool = False,
        message_class: int | None = None,
        order: Iterable[int] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Text a modem from a handset; `order` picks the parts (from 1) that arrive, and when."""
        parts = compose(
            sender,
            text,
            at or self.clock(),
            reference=self._random.randrange(0x10000 if wide else 0x100),
            wide=wide,
            message_class=message_class,
        )
        arriving = list(order or range(1, len(parts) + 1))
        whole = set(arriving) == set(range(1, len(parts) + 1))
        self.ledger.note(
            Kind.HANDSET_SENT, sender=canonical(sender), parts=len(parts), text=text, whole=whole
        )
        for number in arriving:
            self.deliver(to, parts[number - 1])

    def deliver(self, to: str | VirtualModem, pdu: bytes | str) -> None:
        """Bring any PDU (service centre octets included) to a modem, by its name, number or itself."""
        self.centre.put(self._number(to), bytes.fromhex(pdu) if isinstance(pdu, str) else pdu)

    def _number(self, to: str | VirtualModem) -> str:
        if isinstance(to, VirtualModem):
            return to.number
        number = self.modems[to].number if to in self.modems else canonical(to)
        if not self.centre.serves(number):
            raise ValueError(f"no modem has the name or number {to!r}")
        return number
