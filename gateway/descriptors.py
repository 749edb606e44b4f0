"""How many files and connections the process may still open; when it may no more, nobody new can connect."""

from __future__ import annotations

import asyncio
import errno
import resource
from pathlib import Path
from typing import Any, Final

import structlog

log = structlog.get_logger()

_SPARE: Final = 16  # the store, the modems and a caller need some
_QUIET: Final = 60.0  # seconds between two lines that say the same


def scarce() -> str:
    """Return in words that the process runs out of file descriptors; empty while there are enough."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        used = sum(1 for _ in Path("/proc/self/fd").iterdir())
    except FileNotFoundError:  # no /proc: nothing can be said
        return ""
    except OSError:  # not even one more
        used = limit
    if used + _SPARE <= limit:
        return ""
    return f"out of file descriptors ({used} of {limit}): who holds so many connections open?"


def tell_calmly(loop: asyncio.AbstractEventLoop) -> None:
    """Log once a minute that no caller is let in, where the loop would print a traceback for each try."""
    silent_until = 0.0

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal silent_until
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
            loop.default_exception_handler(context)
        elif loop.time() >= silent_until:
            silent_until = loop.time() + _QUIET
            log.error("no caller is let in", action="descriptors", why=scarce() or str(error.strerror))

    loop.set_exception_handler(handle)
