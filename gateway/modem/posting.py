"""From what a modem read to the sink that commits it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from gateway.faults import described
from gateway.model import Clock, InboundSink, RawSms
from gateway.modem.direct import Handed
from gateway.modem.listing import Stored
from gateway.modem.reader import NotCommitted

log = structlog.get_logger()


class Posting:
    """Names the modem and its SIM on each message; raises `NotCommitted` where the sink refuses."""

    def __init__(self, modem: str, sink: InboundSink, clock: Clock) -> None:
        """Post nothing yet; `sim` is the IMSI, once it is known."""
        self.sim = ""
        self._modem = modem
        self._sink = sink
        self._clock = clock

    async def stored(self, memory: str, slots: Sequence[Stored]) -> None:
        """Post what was read from a memory."""
        await self._post([self._raw(slot.pdu, "stored", memory, slot.index) for slot in slots])

    async def direct(self, handed: Handed) -> None:
        """Post what was handed over."""
        await self._post([self._raw(handed.pdu, handed.route)])

    def _raw(self, pdu: str, route: str, memory: str | None = None, index: int | None = None) -> RawSms:
        return RawSms(pdu, self._modem, self.sim or None, route, memory, index, self._clock())

    async def _post(self, messages: list[RawSms]) -> None:
        try:
            await self._sink.received(messages)
        except Exception as exc:
            # Whatever it was: uncommitted messages stay where they are, and we try again.
            log.error(  # noqa: TRY400 - a traceback may quote the message
                "modem.not_committed", modem=self._modem, count=len(messages), error=described(exc)
            )
            raise NotCommitted from exc
