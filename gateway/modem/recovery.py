"""What brings a modem back: it climbs the rungs of the ladder, and says which one and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from gateway.modem import power, search, usb
from gateway.modem.errors import ModemGone
from gateway.modem.facts import Report
from gateway.modem.ladder import Ladder, Rung
from gateway.modem.port import Port, open_port
from gateway.modem.restart import restart
from gateway.modem.settings import CardMemory, ModemSettings

log = structlog.get_logger()

_MILD: Final = (Rung.REOPEN, Rung.SEARCH)


class Recovery:
    """The rungs of one modem: counted in its state, logged with their reasons at growing intervals."""

    def __init__(self, settings: ModemSettings, card: CardMemory, report: Report) -> None:
        """Begin with a modem that is where the configuration says."""
        self._settings = settings
        self._card = card
        self._report = report
        self._ladder = Ladder(power=power.available())
        self._rung: Rung | None = None  # what the next attempt tries
        self._interface = ""  # of USB, where the port is one
        self._device: Path | None = None

    async def open(self, opening: Callable[[str], None]) -> Port:
        """Climb the rung that is due and open the port, whose path `opening` is told.

        Raises `ModemGone`, always after a restart.
        """
        settings = self._settings
        port = await self._found() if self._rung is Rung.SEARCH else None
        if self._rung in (Rung.USB_RESET, Rung.POWER_CYCLE):
            await self._force(self._rung)
        path = settings.port if port is None else port.path
        opening(path)
        if port is None:
            port = await open_port(path, settings.baud, settings.timeouts.open)
        if self._rung is Rung.RESTART:
            taken = await restart(port, settings.timeouts)
            raise ModemGone(f"restarted by AT+CFUN=1,1, {'' if taken else 'not '}acknowledged")
        self._interface = usb.interface_of(path) or self._interface
        self._device = usb.device_of(path) or self._device
        return port

    async def _found(self) -> Port | None:
        known = search.Identity(self._card.known(), self._card.known_imei())
        return await search.find(known, self._settings, interface=self._interface)

    def stumbled(self, why: str) -> None:
        """Note that the dialogue got out of step and is brought back into it."""
        self._climb(Rung.RESYNCHRONISE, why)

    def ended(self, reason: ModemGone, failures: int, first: bool) -> None:
        """Choose what the next attempt tries, after so many failures in a row; call for a person in time.

        `first`: the link had worked before it.
        """
        if first:
            self._ladder.begin()
        self._rung = self._ladder.after(reason, failures, _now())
        if self._rung is not None:
            self._climb(self._rung, str(reason))
        if self._ladder.alerts(reason, failures):
            log.error("modem.needs_a_person", modem=self._settings.name, why=str(reason), failures=failures)
            self._climb(Rung.ALERT, str(reason))

    def _climb(self, rung: Rung, why: str) -> None:
        if times := self._ladder.note(rung, why, _now()):
            level = log.info if rung in _MILD else log.warning
            level("modem.recovery", modem=self._settings.name, rung=rung.value, why=why, times=times)
        self._report(recoveries=self._ladder.counts)

    async def _force(self, rung: Rung) -> None:
        if self._device is None:
            return
        try:
            if rung is Rung.POWER_CYCLE:
                await power.cycle(self._device)
            else:
                await asyncio.to_thread(usb.reset, self._device)
        except OSError as exc:
            log.warning(
                "modem.rung_failed",
                modem=self._settings.name,
                rung=rung.value,
                device=self._device.name,
                why=exc.strerror or str(exc),
            )


def _now() -> float:
    return asyncio.get_running_loop().time()
