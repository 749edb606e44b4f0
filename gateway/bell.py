"""Tell everybody who waits that there may be work."""

from __future__ import annotations

import asyncio


class Bell:
    """Take a `listen()` before looking for work, wait on it after finding none: no ring is missed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Return the event that the next ring sets."""
        return self._next

    def ring(self) -> None:
        """Wake all who listened."""
        self._next.set()
        self._next = asyncio.Event()
