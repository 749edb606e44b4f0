"""Find a modem again by its SIM when its name is gone: /dev names change, cards do not."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Sequence
from pathlib import Path

import structlog

from gateway.modem import usb
from gateway.modem.errors import ModemGone
from gateway.modem.identity import card
from gateway.modem.port import open_port
from gateway.modem.session import Session
from gateway.modem.settings import Timeouts

log = structlog.get_logger()


async def find(
    iccid: str, patterns: Sequence[str], *, but: str, interface: str, baud: int, timeouts: Timeouts
) -> str | None:
    """Return the port whose modem holds the SIM `iccid`, None if there is none.

    Every free port that fits one of `patterns` (and is not `but`) is asked in turn; ports that others hold
    are left alone. A device with several ports is taken at the `interface` where it was before.
    """
    found = await asyncio.to_thread(_candidates, patterns, but)
    for path in sorted(found, key=lambda each: (usb.interface_of(each) != interface, each)):
        try:
            if await _card_at(path, baud, timeouts) == iccid:
                log.warning("modem.found", port=path)
                return path
        except ModemGone as exc:
            log.debug("modem.not_there", port=path, why=str(exc))
    return None


def _candidates(patterns: Sequence[str], but: str) -> set[str]:
    gone = Path(but)
    paths = {Path(each) for pattern in patterns for each in glob.glob(pattern)}  # noqa: PTH207 - absolute
    return {str(path) for path in paths if path != gone and path.exists()}


async def _card_at(path: str, baud: int, timeouts: Timeouts) -> str:
    port = await open_port(path, baud, timeouts.open)
    session = Session(port, lambda _: None, timeouts)
    try:
        return await card(session)
    finally:
        session.close()
        await asyncio.sleep(0)  # let the loop forget the descriptor
