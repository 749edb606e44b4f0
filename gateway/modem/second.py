"""The second port of a modem that has one: what comes in is read there while the first transmits.

So a STOP is acted on during a part, not after it. Where the second port does not answer, falls silent or
vanishes, the first does it all, as with any other modem, and the second is tried again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from gateway.modem import commands, usb
from gateway.modem.at import Urc
from gateway.modem.bringup import Ready
from gateway.modem.delivery import settle_notifications
from gateway.modem.errors import CommandFailed, ModemGone
from gateway.modem.facts import Report
from gateway.modem.identity import attempt
from gateway.modem.inbox import Inbox
from gateway.modem.link import Sleep, backoff
from gateway.modem.port import open_port
from gateway.modem.profiles import Profile
from gateway.modem.reader import Reader
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings, Timeouts
from gateway.modem.watch import ask_for_news

log = structlog.get_logger()

AUTO: Final = "auto"  # a sibling of the first port, on the same USB device
NONE: Final = "none"
_LONGEST: Final = 900.0  # seconds between two tries: a port that always fails costs more than it gives
_PATIENCE: Final = 5.0  # seconds for a command
_STEADY: Final = 60.0  # a port that read for so long has worked


def candidates(
    settings: ModemSettings, port: str, profile: Profile, ttys: Path = usb.TTYS
) -> tuple[str, ...]:
    """Return the ports that may be the second one of the modem at `port`.

    Where its profile says which interfaces speak AT, no other is opened.
    """
    if settings.second_port != AUTO:
        return () if settings.second_port == NONE else (settings.second_port,)
    device = usb.device_of(port, ttys)
    known = profile.speaks_at("" if device is None else usb.ident_of(device))
    siblings = usb.siblings_of(port, ttys)
    return tuple(each for each in siblings if not known or usb.number_of(each, ttys) in known)


@dataclass(slots=True)
class Link:
    """What a second port needs of the link that it belongs to."""

    settings: ModemSettings
    ready: Ready
    main: Session
    inbox: Inbox
    hear: Callable[[Urc, Session], None]
    sleep: Sleep
    report: Report


def _hasty(timeouts: Timeouts) -> Timeouts:
    """Return shorter times: there is another port, and what is slow here holds up what that would read."""
    return replace(timeouts, read=min(timeouts.read, _PATIENCE), delete=min(timeouts.delete, _PATIENCE))


class SecondPort:
    """Reads through one of `paths` while it can."""

    def __init__(self, link: Link, paths: tuple[str, ...]) -> None:
        """Open nothing yet."""
        self.wake = asyncio.Event()
        self._link = link
        self._paths = paths
        self._worked = False
        self._verify_at = 0.0

    def suspect(self) -> None:
        """Note that the modem may have restarted."""
        self._verify_at = 0.0
        self.wake.set()

    async def run(self) -> None:
        """Read through the second port, again and again; return where there is none to be found."""
        failures, loop = 0, asyncio.get_running_loop()
        while self._paths:
            began = loop.time()
            for path in self._paths:
                await self._try(path)
            if not self._worked and self._link.settings.second_port == AUTO:
                return  # none of the siblings is one, and that does not change
            failures = 1 if loop.time() - began > _STEADY else failures + 1
            await self._link.sleep(backoff(failures, _LONGEST))

    async def _try(self, path: str) -> None:
        try:
            await self._live(path)
        except (ModemGone, CommandFailed) as exc:
            level = log.warning if self._worked else log.info
            level("modem.second_port_unused", modem=self._link.settings.name, port=path, why=str(exc))

    async def _live(self, path: str) -> None:
        link, timeouts = self._link, _hasty(self._link.settings.timeouts)
        port = await open_port(path, link.settings.baud, timeouts.open)
        session = Session(port, lambda urc: link.hear(urc, session), timeouts)
        session.lost.add_done_callback(lambda _: self.wake.set())
        try:
            await self._bring_up(session)
            await link.inbox.lend(session)
            self._worked, self._paths = True, (path,)
            link.report(second_port=path)
            log.info("modem.second_port", modem=link.settings.name, port=path)
            await self._read(session)
        finally:
            session.close()
            if link.inbox.through is session:
                link.inbox.take_back(link.main)
            link.report(second_port="")

    async def _bring_up(self, session: Session) -> None:
        for command in (commands.NO_ECHO, commands.NUMBERED_ERRORS):
            await attempt(session, command)
        imei = await attempt(session, commands.IMEI) or ""
        known = self._link.ready.equipment.imei
        if imei != known and (imei or self._link.settings.second_port == AUTO):
            raise ModemGone(f"the port is not the same modem's: its IMEI is {imei or 'not told'}")
        await session.run(commands.PDU_MODE)
        await ask_for_news(session)
        notifications = self._link.ready.delivery.notifications
        if notifications is not None:
            await settle_notifications(session, (notifications[:4],))

    async def _read(self, session: Session) -> None:
        """Read what is announced; see now and then that the port answers and still announces."""
        loop, every = asyncio.get_running_loop(), self._link.settings.heartbeat_every
        reader = Reader(self._link.inbox, session, self._link.sleep)
        self._verify_at = loop.time() + every
        while not session.lost.done():
            self.wake.clear()
            await reader.read()
            if loop.time() >= self._verify_at:
                self._verify_at = loop.time() + every
                await self._verify(session)
                continue
            try:
                async with asyncio.timeout_at(min(self._verify_at, reader.due or self._verify_at)):
                    await self.wake.wait()
            except TimeoutError:
                continue
        session.lost.result()

    async def _verify(self, session: Session) -> None:
        """Tell the port again what a restart made it forget."""
        wanted = self._link.ready.delivery.notifications
        kept = await attempt(session, commands.NOTIFICATIONS)
        if wanted is not None and kept is not None and kept[:4] != wanted[:4]:
            await self._bring_up(session)
            self._link.inbox.sweep()
