"""How many requests a key may make in a minute (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiohttp import web

_WINDOW: Final = 60  # seconds
_FORGET: Final = 10_000  # keys in one window: far more than there are
LEFT: Final = web.RequestKey("left", Mapping[str, str])
"""The headers that say what is left, on a request whose key is known: its answer has them, good or bad."""


class TooManyRequests(Exception):
    """The key has used up its minute; `seconds` until the next."""

    def __init__(self, seconds: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"this key has made too many requests: wait {seconds} seconds")
        self.seconds = seconds
        self.headers = headers


@dataclass(slots=True)
class Limits:
    """Counts in windows of a minute, in memory."""

    per_minute: int
    _window: int = 0
    _used: dict[str, int] = field(default_factory=dict)

    def take(self, key_id: str, now: datetime) -> Mapping[str, str]:
        """Count one request; return the headers that say what is left, or raise `TooManyRequests`."""
        window, gone = divmod(int(now.timestamp()), _WINDOW)
        if window != self._window or len(self._used) > _FORGET:
            self._window, self._used = window, {}
        used = self._used[key_id] = self._used.get(key_id, 0) + 1
        seconds = _WINDOW - gone
        headers = {
            "RateLimit-Policy": f'"key";q={self.per_minute};w={_WINDOW}',
            "RateLimit": f'"key";r={max(0, self.per_minute - used)};t={seconds}',
        }
        if used > self.per_minute:
            raise TooManyRequests(seconds, headers | {"Retry-After": str(seconds)})
        return headers
