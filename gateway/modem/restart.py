"""Restart a modem that may be deaf: AT+CFUN=1,1 (3GPP TS 27.007, 8.2), written whatever it answers."""

from __future__ import annotations

import asyncio

from gateway.modem.at import AtParser, Result
from gateway.modem.errors import ModemGone
from gateway.modem.port import Port
from gateway.modem.settings import Timeouts

_COMMAND = b"\rAT+CFUN=1,1\r"


async def restart(port: Port, timeouts: Timeouts) -> bool:
    """Restart the modem and close `port`; return whether it took the command (or went away at once)."""
    parser, taken = AtParser(), asyncio.Event()

    def heard(data: bytes) -> None:
        if any(isinstance(event, Result) and event.ok for event in parser.feed(data)):
            taken.set()

    port.start(heard, lambda _: taken.set())
    try:
        port.write(b"\x1b", timeouts.stall)  # leave a prompt, never by Ctrl-Z
        await asyncio.sleep(timeouts.hush)
        port.write(_COMMAND, timeouts.stall)
        async with asyncio.timeout(timeouts.restart):
            await taken.wait()
    except (TimeoutError, ModemGone):
        return taken.is_set()
    finally:
        port.close()
    return True
