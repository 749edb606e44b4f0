"""The receiving side of a modem: where a message goes, what is said about it, and its acknowledgement."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.simulator.at import AtError
from gateway.simulator.errors import Cms, CmsError
from gateway.simulator.ledger import Kind
from gateway.simulator.relay import compose, is_report
from gateway.simulator.storage import Memory, Stat
from gateway.sms import Deliver, PduError, decode_inbound, tpdu_length

if TYPE_CHECKING:
    from gateway.simulator.channel import Channel
    from gateway.simulator.modem import VirtualModem

FILLER = "+447700900998"


class Inbox:
    """What one modem does with messages from the network, by `+CNMI` (3GPP TS 27.005, 3.4.1)."""

    def __init__(self, modem: VirtualModem) -> None:
        self._modem = modem
        self._unacknowledged: asyncio.Future[bool] | None = None

    def power_down(self) -> None:
        """Forget what was under way; the network has no acknowledgement and will try again."""
        if self._unacknowledged is not None and not self._unacknowledged.done():
            self._unacknowledged.set_result(False)

    async def take(self, pdu: bytes) -> bool:
        """Take a message; False: not now, the network keeps it."""
        if not self._modem.radio.registered or self._modem.sim.lock != "READY":
            return False
        if is_report(pdu):
            return await self._take_report(pdu)
        kind = _message_class(pdu)
        for channel in self._modem.told:
            mt = channel.settings.cnmi[1]
            if (mt == 2 and kind != 2) or (mt == 3 and kind == 3):
                return await self._hand_over(channel, "+CMT: ,", pdu)
        return self._store(2, pdu, "+CMTI")

    async def _take_report(self, pdu: bytes) -> bool:
        for channel in self._modem.told:
            if channel.settings.cnmi[3] == 1:
                header = "+CDS: ," if self._modem.persona.cds_comma else "+CDS: "
                return await self._hand_over(channel, header, pdu)
        if any(channel.settings.cnmi[3] == 2 for channel in self._modem.channels):
            return self._store("SR" if "SR" in self._modem.storage.memories else 2, pdu, "+CDSI")
        self._modem.ledger.note(Kind.DROPPED, self._modem.name, pdu=pdu.hex().upper())
        return True

    # -- stored --------------------------------------------------------------------------------------

    def _store(self, where: str | int, pdu: bytes, indication: str) -> bool:
        storage = self._modem.storage
        memory = storage.memories[where] if isinstance(where, str) else storage.use(where)
        if not memory.free:
            self._say_full()
            return False
        index = memory.put(pdu, Stat.UNREAD)
        self._modem.ledger.note(Kind.STORED, self._modem.name, memory=memory.name, index=index)
        for channel in self._modem.told:
            if channel.settings.cnmi[1 if indication == "+CMTI" else 3]:
                self._indicate(channel, f'{indication}: "{memory.name}",{index}')
        if not memory.free:
            self._say_full()
        return True

    def _say_full(self) -> None:
        if self._modem.persona.full_line:
            self._modem.urc(self._modem.persona.full_line)

    def freed(self, memory: Memory, index: int) -> None:
        """Take note of a deletion: the network may try again (SMMA, 3GPP TS 24.011, 7.3.2)."""
        self._modem.ledger.note(Kind.DELETED, self._modem.name, memory=memory.name, index=index)
        self._modem.radio.available()

    def fill(self, free: int = 0) -> None:
        """Fill the memory that takes what arrives with old messages, each another."""
        memory, ledger = self._modem.storage.use(2), self._modem.ledger
        number = len(ledger.of(Kind.HANDSET_SENT))
        while memory.free > free:
            number += 1
            text = f"Old message {number}"
            memory.put(compose(FILLER, text)[0], Stat.READ)
            ledger.note(Kind.HANDSET_SENT, sender=FILLER, parts=1, text=text, whole=True)

    # -- handed over ---------------------------------------------------------------------------------

    async def _hand_over(self, channel: Channel, header: str, pdu: bytes) -> bool:
        self._indicate(channel, f"{header}{tpdu_length(pdu)}\r\n{pdu.hex().upper()}")
        if not channel.settings.csms:
            return True  # the modem acknowledges by itself
        taken = await self._acknowledgement(channel)
        if not taken:
            self._modem.radio.available()  # the network tries again after its pause
        return taken

    async def _acknowledgement(self, channel: Channel) -> bool:
        self._unacknowledged = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._modem.timing.ack_wait):
                return await self._unacknowledged
        except TimeoutError:
            if self._modem.persona.unacknowledged_clears_cnmi:
                channel.settings.cnmi = (0, 0, 0, 0, 0)
            return False
        finally:
            self._unacknowledged = None

    def acknowledge(self, *, taken: bool) -> None:
        """Answer the network for the client (`+CNMA`)."""
        if self._unacknowledged is None or self._unacknowledged.done():
            raise CmsError(Cms.NO_ACK_EXPECTED)
        self._modem.ledger.note(Kind.ACKNOWLEDGED, self._modem.name, taken=taken)
        self._unacknowledged.set_result(taken)

    # -- said ----------------------------------------------------------------------------------------

    def _indicate(self, channel: Channel, text: str) -> None:
        if channel.settings.cnmi[0] == 0:
            channel.buffered.append(text)
            return
        if all(fault.indicates(self._modem) for fault in tuple(self._modem.faults)):
            channel.say(text, urc=True)
            self._modem.ledger.note(Kind.INDICATED, self._modem.name, line=text.partition("\r")[0])
        else:
            self._modem.ledger.note(Kind.INDICATION_LOST, self._modem.name, line=text.partition("\r")[0])
        self._modem.drop_spent_faults()

    def notify(self, values: tuple[int, ...]) -> None:
        """Set `+CNMI`; leaving mode 0 flushes what was buffered, or with bfr 1 clears it."""
        allowed = self._modem.persona.cnmi
        if any(value not in known for value, known in zip(values, allowed, strict=False)):
            raise CmsError(Cms.NOT_SUPPORTED)
        if (values[0], values[3]) in self._modem.persona.cnmi_refused:
            raise AtError
        self._modem.settings.cnmi = values
        if values[0]:
            channel = self._modem.speaking
            buffered, channel.buffered = channel.buffered, []
            for text in () if values[4] else buffered:
                self._indicate(channel, text)


def _message_class(pdu: bytes) -> int | None:
    try:
        message = decode_inbound(pdu)
    except PduError:
        return None
    return message.message_class if isinstance(message, Deliver) else None
