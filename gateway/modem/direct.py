"""Messages that the modem hands over without storing them (+CMT, +CDS): committed, then acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from gateway.modem import commands
from gateway.modem.errors import ModemGone
from gateway.modem.identity import attempt
from gateway.modem.listing import Stored
from gateway.modem.session import Session

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Handed:
    """One PDU, the way it came ("cmt" or "cds"), the header before it, and the port to acknowledge it at."""

    pdu: str
    route: str
    header: str
    through: Session

    @property
    def torn(self) -> bool:
        """Octets are missing of those that the header announced."""
        length = self.header.rpartition(",")[2].strip()
        return Stored(0, None, int(length) if length.isdecimal() else None, self.pdu).torn


class Directs:
    """The queue between the line and the store. What is not committed is not acknowledged either."""

    def __init__(
        self, session: Session, post: Callable[[Handed], Awaitable[None]], changed: Callable[[], None]
    ) -> None:
        """Begin empty; `changed` is told when `clean` may have changed."""
        self.acknowledge = False  # CSMS=1: the network repeats what is not acknowledged
        self._session = session
        self._post = post
        self._changed = changed
        self._queue: deque[Handed] = deque()
        self._more = asyncio.Event()

    @property
    def clean(self) -> bool:
        """All texts that were handed over are committed; a status report holds up no part."""
        return all(handed.route == "cds" for handed in self._queue)

    def take(self, handed: Handed) -> None:
        """Queue what came."""
        self._queue.append(handed)
        self._more.set()
        self._changed()

    async def run(self) -> None:
        """Commit and acknowledge for as long as the link lives."""
        while True:
            while self._queue:
                await self._post(handed := self._queue[0])
                self._queue.popleft()
                self._changed()
                if self.acknowledge and not handed.torn:  # else the network brings it again
                    await self._confirm(handed.through)
            self._more.clear()
            await self._more.wait()

    async def _confirm(self, through: Session) -> None:
        """Acknowledge where it came. A needless acknowledgement is answered with a meaningless error."""
        try:
            await attempt(through, commands.ACKNOWLEDGE)
        except ModemGone:
            if through is self._session:
                raise
