"""What `schoolgate doctor` looks at of a modem's port, without opening it, and of the USB devices."""

from __future__ import annotations

import grp
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli.looking_access import may
from gateway.doctor import Port
from gateway.modem import usb
from gateway.modem.holders import group_of, holder_of
from gateway.modem.profiles import profiles

if TYPE_CHECKING:
    from gateway.config import ModemSection
    from gateway.doctor import Account

_MORE_IN_STORAGE_MODE: Final = frozenset({"12d1:1f1d", "0421:0610"})  # beyond those of the profiles
_MAKERS: Final = frozenset({"0421", "0af0", "1199", "12d1", "1410", "19d2", "1bbb", "1c9e", "1e0e"})
"""Vendors whose disks are modems before their mode switch: usb_modeswitch's device list."""
_DISK: Final = "08"  # bInterfaceClass of mass storage
_STABLE: Final = ("/dev/serial/", "/dev/schoolgate-", "/dev/ttyAMA", "/dev/serial0")
_NAMELESS: Final = ("/dev/ttyUSB", "/dev/ttyACM")
_DEVICES: Final = Path("/sys/bus/usb/devices")
_PSEUDO_TERMINALS: Final = range(136, 144)  # majors: Unix98 slaves, Linux's devices.txt
_GROUP_MAY: Final = stat.S_IRGRP | stat.S_IWGRP


def look_at_port(
    modem: ModemSection, account: Account, ttys: Path = usb.TTYS, devices: Path = _DEVICES
) -> Port:
    """Look at a port for the gateway that runs as `account`; the folders are those of sysfs."""
    path, (seen, closed) = str(modem.port), _seen(modem.port)
    exists = closed or seen is not None
    interfaces = {each: usb.number_of(each, ttys) for each in usb.siblings_of(path, ttys)}
    return Port(
        modem=modem.name,
        path=path,
        exists=exists,
        permitted=may(account, path, "rw"),
        group=group_of(path),
        holder=holder_of(path) if exists else "",
        stays=path.startswith(_STABLE) or not path.startswith(_NAMELESS),
        others=tuple(sorted(str(each) for name in _NAMELESS for each in Path("/dev").glob(f"{name[5:]}*"))),
        storage_only=_storage_only(devices),
        network_only=_of_kind(devices, {each.id for p in profiles() for each in p.usb if each.network}),
        closed=closed,
        serial=seen is None or _is_serial(seen),
        user=account.user,
        group_may=seen is not None and seen.st_mode & _GROUP_MAY == _GROUP_MAY,
        member=_is_member(account, "dialout"),
        udev=_match(path, ttys),
        interface=usb.number_of(path, ttys),
        speaks_at=_speaks_at(path, ttys),
        siblings={number: each for each, number in interfaces.items() if number is not None},
    )


def _seen(path: Path) -> tuple[os.stat_result | None, bool]:
    """Return what is at `path`, if that can be seen, and whether a folder on the way is closed to us."""
    try:
        return path.stat(), False
    except PermissionError:
        return None, True
    except (OSError, ValueError):  # not there, or no name that a file can have
        return None, False


def _is_serial(found: os.stat_result) -> bool:
    """Tell a terminal line from a folder, a file and any other device, without opening it."""
    if not stat.S_ISCHR(found.st_mode):
        return False
    major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
    kind = Path(f"/sys/dev/char/{major}:{minor}/subsystem")
    return major in _PSEUDO_TERMINALS or not kind.exists() or kind.resolve().name == "tty"


def _is_member(account: Account, group: str) -> bool:
    with suppress(KeyError):
        return grp.getgrnam(group).gr_gid in account.groups
    return False


def _match(path: str, ttys: Path) -> str:
    """Return what finds the port in a udev rule: its device, for the names of USB ports change."""
    device = usb.device_of(path, ttys)
    if device is None:
        return f'KERNEL=="{Path(path).resolve().name}"'
    vendor, _, product = usb.ident_of(device).partition(":")
    return f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"'


def _storage_only(devices: Path) -> tuple[str, ...]:
    known = {each.id for profile in profiles() for each in profile.usb if each.storage}
    found = {usb.ident_of(each) for each in devices.glob("*") if _is_disk_of_a_maker(each)}
    return tuple(sorted({*_of_kind(devices, known | _MORE_IN_STORAGE_MODE), *found}))


def _is_disk_of_a_maker(device: Path) -> bool:
    """Tell a device by a maker of modems whose first interface is a disk, and which has no serial port."""
    if usb.ident_of(device).partition(":")[0] not in _MAKERS or any(device.glob("*:*/tty*")):
        return False
    with suppress(OSError):
        return any(file.read_text().strip() == _DISK for file in device.glob("*:1.0/bInterfaceClass"))
    return False


def _of_kind(devices: Path, idents: set[str]) -> tuple[str, ...]:
    return tuple(sorted(ident for each in devices.glob("*") if (ident := usb.ident_of(each)) in idents))


def _speaks_at(port: str, ttys: Path) -> tuple[int, ...]:
    """Return the interfaces at which a device like this one takes commands; empty where that is not known."""
    device = usb.device_of(port, ttys)
    ident = "" if device is None else usb.ident_of(device)
    return next((each.at for profile in profiles() for each in profile.usb if each.id == ident), ())
