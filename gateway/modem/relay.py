"""AT+CMMS: keep the relay link up while more parts follow (3GPP TS 27.005, 3.5.6; 24.011)."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.modem import commands
from gateway.modem.errors import CommandFailed
from gateway.modem.session import Session

_LINGER: Final = 5.0  # networks drop an idle link after 1 to 5 s
_LAPSE: Final = 1.0  # value 1 falls back to 0 by itself after 1 to 5 s


class RelayLink:
    """Set once for a burst, released when the burst is over. Modems without it send all the same."""

    def __init__(self, session: Session, choices: tuple[int, ...]) -> None:
        """Try `choices` in this order when first asked."""
        self._session = session
        self._choices = list(choices)
        self._kept: int | None = None
        self._last = 0.0

    @property
    def due(self) -> float | None:
        """When the link is to be released, in loop time; None if it is not held."""
        return self._last + _LINGER if self._kept else None

    def used(self) -> None:
        """Note that a part has just gone."""
        self._last = asyncio.get_running_loop().time()

    async def keep(self) -> None:
        """Hold the link for the parts that follow; an error means a modem that cannot."""
        lapsed = self._kept == 1 and asyncio.get_running_loop().time() - self._last > _LAPSE
        if self._kept is not None and not lapsed:
            return
        while self._choices:
            try:
                await self._session.run(commands.do(f"AT+CMMS={self._choices[0]}"))
            except CommandFailed:
                del self._choices[0]
                continue
            self._kept = self._choices[0]
            self.used()
            return
        self._kept = None

    async def release(self) -> None:
        """Let the link go if the burst is over: while it is held, incoming messages may have to wait."""
        due = self.due
        if due is not None and asyncio.get_running_loop().time() >= due:
            self._kept = None
            try:
                await self._session.run(commands.do("AT+CMMS=0"))
            except CommandFailed:
                return
