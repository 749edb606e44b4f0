"""Reads the memories through one port of a modem, for as long as they are to be read through that one."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.modem.inbox import Inbox
from gateway.modem.link import Sleep, backoff
from gateway.modem.session import Session

LONGEST_RETRY: Final = 30.0


class NotCommitted(Exception):
    """The store did not take what was read: it stays where it is, and we try again."""


class NothingTaken(Exception):
    """A sink that takes nothing, ever: this is a look, and no gateway. What is stored stays on the SIM."""


class Reader:
    """What `inbox` is told to read or free through `session`; idle while that is done through another."""

    def __init__(self, inbox: Inbox, session: Session, sleep: Sleep) -> None:
        """Read nothing yet."""
        self._inbox = inbox
        self._session = session
        self._sleep = sleep

    @property
    def due(self) -> float | None:
        """When status reports are to be read, in loop time; None if none were announced for us to read."""
        return self._inbox.reports_due if self._inbox.through is self._session else None

    async def read(self) -> None:
        """Read what is known of; what the store does not take is tried again, later each time."""
        failures = 0
        while self._inbox.through is self._session and self._inbox.busy:
            try:
                await self._inbox.drain(self._session)
            except NotCommitted as exc:
                if isinstance(exc.__cause__, NothingTaken):
                    self._inbox.forget()
                    return
                failures += 1
                await self._sleep(backoff(failures, LONGEST_RETRY))
        due = self.due
        if due is not None and due <= asyncio.get_running_loop().time():
            try:
                await self._inbox.read_reports(self._session)
            except NotCommitted:
                await self._sleep(1.0)
