"""Find a modem again when its name is gone or another's: /dev names change, its SIM and its IMEI do not."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.modem import commands, usb
from gateway.modem.errors import ModemGone
from gateway.modem.identity import attempt, card
from gateway.modem.port import Port, open_port
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a modem is known: its SIM; where that was never told, itself (3GPP TS 23.003, 6.2)."""

    iccid: str
    imei: str

    def __bool__(self) -> bool:
        """Return whether there is anything to look for; an IMEI of zeros is no modem's own."""
        return bool(self.iccid or self.imei.strip("0"))

    async def told_by(self, session: Session) -> bool:
        """Ask whoever is there whether it is the one.

        A modem of which no SIM is known must tell none: one of the same IMEI that does is another.
        """
        told = await card(session)
        if self.iccid or told:
            return told == self.iccid
        return await attempt(session, commands.IMEI) == self.imei


async def find(known: Identity, settings: ModemSettings, *, interface: str) -> Port | None:
    """Return the port where the modem `known` is, open, so that nobody takes it first; None if it is nowhere.

    Every free port that fits one of the patterns of `settings.search` (and is not its `port`) is asked in
    turn; ports that others hold are left alone. A device with several ports is taken at the `interface`
    where it was before. Nothing is said to any modem but questions who it is.
    """
    if not known:
        return None
    found = await asyncio.to_thread(_candidates, settings.search, settings.port)
    for path in sorted(found, key=lambda each: (usb.interface_of(each) != interface, each)):
        try:
            if (port := await _opened(path, known, settings)) is not None:
                log.warning("modem.found", modem=settings.name, port=path)
                return port
        except ModemGone as exc:
            log.debug("modem.not_there", port=path, why=str(exc))
    return None


def _candidates(patterns: Sequence[str], but: str) -> set[str]:
    gone = Path(but)
    paths = {Path(each) for pattern in patterns for each in glob.glob(pattern)}  # noqa: PTH207 - absolute
    return {str(path) for path in paths if path != gone and path.exists()}


async def _opened(path: str, known: Identity, settings: ModemSettings) -> Port | None:
    """Open a port; close it again unless `known` is there."""
    port = await open_port(path, settings.baud, settings.timeouts.open)
    with ExitStack() as otherwise:
        session = Session(port, lambda _: None, settings.timeouts)
        otherwise.callback(session.close)
        if await known.told_by(session):
            otherwise.pop_all()
            return port
    await asyncio.sleep(0)  # let the loop forget the descriptor
    return None
