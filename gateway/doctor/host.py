"""The machine: its clock, its disk, and the programs that meddle with modems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.doctor.finding import Finding, warning, wrong
from gateway.doctor.remedies import RESTART

_LEAST_FREE: Final = 200e6  # bytes
_LITTLE_FREE: Final = 1e9


@dataclass(frozen=True, slots=True)
class Host:
    """What was looked at. None where it could not be found out."""

    now: datetime
    built: datetime  # when this release was made: no clock is right that is before
    clock_synchronised: bool | None
    data: str  # where the database is
    free: int | None  # bytes there
    writable: bool  # by the gateway's user
    modem_manager: bool  # ModemManager runs
    there: bool = True  # the folder of the database
    user: str = "schoolgate"  # as whom the gateway runs
    group: str = "schoolgate"


def host_findings(host: Host, modems: int) -> Iterator[Finding]:
    """Yield what is wrong with the machine."""
    if host.now < host.built:
        yield wrong(
            "clock",
            f"the clock says {host.now:%Y-%m-%d}, which is before this release was made",
            "set it, and let it be set: timedatectl set-ntp true",
        )
    elif host.clock_synchronised is False:
        yield warning(
            "clock",
            "the clock is not synchronised",
            "quiet hours and time stamps depend on it: timedatectl set-ntp true",
        )
    yield from _disk(host)
    if host.modem_manager and modems:
        yield warning(
            "ModemManager",
            "ModemManager runs, and takes every modem that it is not told to leave alone",
            "install the udev rule that comes with Schoolgate, or: sudo systemctl disable --now ModemManager",
        )


def _disk(host: Host) -> Iterator[Finding]:
    owner = f"{host.user}:{host.group}"
    if not host.there:
        yield wrong(
            host.data,
            "the folder of the database is not there",
            f"sudo install -d -o {host.user} -g {host.group} -m 700 {host.data}; "
            "then put a backup back, if there was one: schoolgate restore --help",
        )
    elif not host.writable:
        yield wrong(
            host.data,
            f"{host.user}, as whom the gateway runs, may not write there",
            f"sudo chown {owner} {host.data}; sudo chmod 700 {host.data}; then: {RESTART}",
        )
    if host.free is None:
        return
    if host.free < _LEAST_FREE:
        yield wrong(host.data, f"only {host.free / 1e6:.0f} MB are free", "free some space: df, journalctl")
    elif host.free < _LITTLE_FREE:
        yield warning(
            host.data, f"only {host.free / 1e6:.0f} MB are free", "free some space before it is full"
        )
