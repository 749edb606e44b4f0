"""What `schoolgate doctor` looks at: the machine, the ports, the files. Nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli.exits import Stop
from gateway.cli.problems import explained
from gateway.clock import utc_now
from gateway.doctor import Host, Port, Service
from gateway.modem import usb
from gateway.modem.holders import group_of, holder_of
from gateway.modem.profiles import profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config, ModemSection

_MORE_IN_STORAGE_MODE: Final = frozenset({"12d1:1f1d", "0421:0610"})  # beyond those of the profiles
_STABLE: Final = ("/dev/serial/", "/dev/schoolgate-", "/dev/ttyAMA", "/dev/serial0")
_NAMELESS: Final = ("/dev/ttyUSB", "/dev/ttyACM")


def look_at_host(config: Config) -> Host:
    """Look at clock, disk and processes."""
    folder = config.store.path.parent
    try:
        free: int | None = shutil.disk_usage(folder).free
    except OSError:
        free = None
    return Host(
        now=utc_now(),
        built=datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC),
        clock_synchronised=_clock_synchronised(),
        data=str(folder),
        free=free,
        writable=os.access(folder, os.W_OK | os.X_OK),
        modem_manager=_runs("ModemManager"),
    )


def look_at_port(modem: ModemSection, ttys: Path = usb.TTYS) -> Port:
    """Look at a port without opening it; `ttys` is where sysfs lists serial ports."""
    path = str(modem.port)
    return Port(
        modem=modem.name,
        path=path,
        exists=modem.port.exists(),
        permitted=os.access(path, os.R_OK | os.W_OK),
        group=group_of(path),
        holder=holder_of(path) if modem.port.exists() else "",
        stays=path.startswith(_STABLE) or not path.startswith(_NAMELESS),
        others=tuple(sorted(str(each) for name in _NAMELESS for each in Path("/dev").glob(f"{name[5:]}*"))),
        storage_only=_storage_only(),
        interface=_interface(path, ttys),
        speaks_at=_speaks_at(path, ttys),
        siblings={
            number: each
            for each in usb.siblings_of(path, ttys)
            if (number := _interface(each, ttys)) is not None
        },
    )


def look_at_service(config: Config, *, running: bool, api_key: str, reasons: Sequence[str]) -> Service:
    """Look at keys, policy and database."""
    from gateway.cli.serve import certificate_notes, check_database
    from gateway.store import load_key_file
    from policy import PolicySettings

    notes: list[str] = []
    return Service(
        keys=_trouble(lambda: load_key_file(config.store.key_file)),
        policy=_trouble(lambda: PolicySettings.load(config.policy.file)),
        database=_trouble(lambda: check_database(config.store.path)),
        database_made=config.store.path.exists(),
        modems=len(config.modem),
        running=running,
        api_key=api_key,
        reasons=reasons,
        certificate=_trouble(lambda: notes.extend(certificate_notes(config))),
        certificate_ends=" ".join(notes),
    )


def _trouble(check: Callable[[], object]) -> str:
    try:
        check()
    except Stop as stop:
        return " ".join(stop.sentences)
    except Exception as exc:
        known = explained(exc)
        if known is None:
            raise
        return " ".join(known.sentences)
    return ""


def _clock_synchronised() -> bool | None:
    """Ask systemd; None where it is not there."""
    try:
        shown = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607 - the system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(shown.stdout.strip())


def _runs(program: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == program[:15]:
                return True
        except OSError:
            continue
    return False


def _storage_only() -> tuple[str, ...]:
    known = {each.id for profile in profiles() for each in profile.usb if each.storage}
    modes, found = known | _MORE_IN_STORAGE_MODE, []
    for device in Path("/sys/bus/usb/devices").glob("*"):
        try:
            ident = ":".join((device / name).read_text().strip() for name in ("idVendor", "idProduct"))
        except OSError:
            continue
        if ident in modes:
            found.append(ident)
    return tuple(sorted(found))


def _interface(port: str, ttys: Path) -> int | None:
    number = usb.interface_of(port, ttys).rpartition(".")[2]
    return int(number) if number.isdecimal() else None


def _speaks_at(port: str, ttys: Path) -> tuple[int, ...]:
    """Return the interfaces at which a device like this one takes commands; empty where that is not known."""
    device = usb.device_of(port, ttys)
    if device is None:
        return ()
    try:
        ident = ":".join((device / name).read_text().strip() for name in ("idVendor", "idProduct"))
    except OSError:
        return ()
    return next((each.at for profile in profiles() for each in profile.usb if each.id == ident), ())
