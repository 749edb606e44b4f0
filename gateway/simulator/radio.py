"""The radio side of a modem: registration, the kept link, and one submission at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from gateway.simulator.card import Lock
from gateway.simulator.errors import Cms, CmsError, NoAnswer
from gateway.simulator.fault import Late, Lost, Wrong
from gateway.simulator.ledger import Kind
from gateway.sms import Submit

if TYPE_CHECKING:
    from gateway.simulator.channel import Channel
    from gateway.simulator.modem import VirtualModem

HOME: Final = 1
SEARCHING: Final = 2
_REGISTERED: Final = frozenset({1, 5, 6, 7, 9, 10})
_CELL: Final = '"CE00","00005449"'


class Air(Protocol):
    """The network, as a modem sees it."""

    def submit(self, modem: VirtualModem, pdu: bytes, reference: int) -> None:
        """Take a submission; raise `CmsError` to refuse it."""

    def available(self, modem: VirtualModem) -> None:
        """Hear that the modem may be able to take messages again."""


class Radio:
    """What one modem has on the air."""

    def __init__(self, modem: VirtualModem, air: Air) -> None:
        self._modem = modem
        self._air = air
        self.stat = HOME if modem.sim.lock is Lock.READY else SEARCHING
        self.sent = 0  # submissions that the network took and confirmed
        self.survives_power_loss = True  # a PDU that is on the air when the power goes
        self._kept_until = 0.0
        self._busy_since: float | None = None
        self._busy_for: Channel | None = None  # the port that submitted
        self._searching: asyncio.TimerHandle | None = None

    # -- registration --------------------------------------------------------------------------------

    @property
    def registered(self) -> bool:
        """Say whether messages can pass."""
        return self._modem.awake and self._modem.functional == 1 and self.stat in _REGISTERED

    def power_down(self) -> None:
        """Lose the network and the link."""
        if self._searching is not None:
            self._searching.cancel()
        self._kept_until, self._busy_since = 0.0, None
        self.stat = 0

    def search(self) -> None:
        """Register after a while, if the SIM lets us."""
        self.register(SEARCHING)
        if self._modem.sim.lock is Lock.READY:
            loop = asyncio.get_running_loop()
            self._searching = loop.call_later(self._modem.timing.register, self.register)

    def register(self, stat: int = HOME) -> None:
        """Change the registration and say so where it was asked for."""
        self.stat = stat
        for channel in self._modem.told:
            for domain in self._modem.persona.registered_in:
                if level := channel.settings.notify.get(domain, 0):
                    cell = f",{_CELL}" if level == 2 and self.registered else ""
                    channel.say(f"{domain}: {stat}{cell}", urc=True)
        self.available()

    def shown(self, domain: str) -> str:
        """Return the answer to `+CREG?` and its relatives."""
        level = self._modem.settings.notify.get(domain, 0)
        stat = self.stat if domain in self._modem.persona.registered_in else 0
        return f"{domain}: {level},{stat}" + (f",{_CELL}" if level == 2 and self.registered else "")

    def available(self) -> None:
        """Tell the network that messages may pass again."""
        if self.registered:
            self._air.available(self._modem)

    # -- submissions ---------------------------------------------------------------------------------

    async def transmit(self, submit: Submit, pdu: bytes) -> int:
        """Put one part on the air; return its TP-MR, or raise the refusal."""
        modem = self._modem
        self.multiple()
        self._busy_for = modem.speaking
        self._busy_since = modem.ledger.note(
            Kind.SUBMITTED, modem.name, to=submit.recipient.number, pdu=pdu.hex().upper()
        ).at
        if not self.registered:
            self._refused(Cms.NO_NETWORK, submit)
        reference = modem.sim.next_reference()
        for fault in tuple(modem.faults):
            if (code := fault.refuse(modem, submit)) is not None:
                await asyncio.sleep(self._duration())
                self._refused(code, submit)
        await self._on_air(pdu, reference)
        self._link_used()
        await self._result()
        return reference

    def _duration(self) -> float:
        kept = self._modem.ledger.clock() <= self._kept_until
        return self._modem.timing.radio_kept if kept else self._modem.timing.radio_first

    async def _on_air(self, pdu: bytes, reference: int) -> None:
        arrives = all(fault.reaches(self._modem) for fault in self._modem.faults)
        try:
            await asyncio.sleep(self._duration())
        except asyncio.CancelledError:
            if self.survives_power_loss and arrives:
                self._air.submit(self._modem, pdu, reference)
            raise
        if arrives:
            self._air.submit(self._modem, pdu, reference)
            self.sent += 1

    def _refused(self, code: int, submit: Submit) -> None:
        self._link_used()
        self._modem.ledger.note(Kind.REFUSED, self._modem.name, code=code, to=submit.recipient.number)
        raise CmsError(code)

    def _link_used(self) -> None:
        """Keep the link if `+CMMS` asks for it; 1 falls back to 0 when the link goes."""
        if self._modem.settings.cmms:
            self._kept_until = self._modem.ledger.clock() + self._modem.timing.link_hold

    def multiple(self) -> int:
        """Return `+CMMS`, which has fallen back from 1 once the link is gone."""
        settings = self._modem.settings
        if settings.cmms == 1 and 0 < self._kept_until < self._modem.ledger.clock():
            settings.cmms, self._kept_until = 0, 0.0
        return settings.cmms

    async def _result(self) -> None:
        for fault in tuple(self._modem.faults):
            fate = fault.result(self._modem)
            if isinstance(fate, Lost):
                raise NoAnswer
            if isinstance(fate, Wrong):
                raise CmsError(fate.code)
            if isinstance(fate, Late):
                await asyncio.sleep(fate.seconds)

    def finished(self) -> None:
        """Note that an answer was written: if it was a submission's, the radio is free again."""
        if self._busy_since is None or self._busy_for is not self._modem.speaking:
            return
        modem, start = self._modem, self._busy_since
        self._busy_since = None
        end = modem.ledger.note(Kind.RESULT, modem.name).at
        modem.ledger.note(Kind.BUSY, modem.name, end, start=start, end=end)
        modem.drop_spent_faults()
