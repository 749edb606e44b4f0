"""The USB device behind a serial port, as sysfs shows it, and its reset."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

TTYS: Final = Path("/sys/class/tty")
_OFF: Final = 1.0  # seconds


def interface_of(port: str, ttys: Path = TTYS) -> str:
    """Return the interface of its device that `port` is, such as "1.2"; empty where it is none of USB."""
    for folder in _above(port, ttys):
        if (folder / "bInterfaceNumber").exists():
            return folder.name.rpartition(":")[2]
    return ""


def number_of(port: str, ttys: Path = TTYS) -> int | None:
    """Return the number of that interface, such as 2; None where it is none of USB."""
    number = interface_of(port, ttys).rpartition(".")[2]
    return int(number) if number.isdecimal() else None


def device_of(port: str, ttys: Path = TTYS) -> Path | None:
    """Return the folder of the USB device behind `port`, None where there is none."""
    devices = (each for each in _above(port, ttys) if (each / "idVendor").exists())  # no interface has one
    return next(devices, None)


def ident_of(device: Path) -> str:
    """Return the identity of a USB device, such as "2c7c:0125"; empty where it does not tell."""
    try:
        return ":".join((device / name).read_text().strip() for name in ("idVendor", "idProduct"))
    except OSError:
        return ""


def siblings_of(port: str, ttys: Path = TTYS) -> tuple[str, ...]:
    """Return the other serial ports of the USB device behind `port`, by interface."""
    device = device_of(port, ttys)
    if device is None:
        return ()
    own = Path(port).resolve().name
    names = [tty.name for tty in ttys.iterdir() if tty.name != own and device_of(tty.name, ttys) == device]
    return tuple(f"/dev/{name}" for name in sorted(names, key=lambda each: (interface_of(each, ttys), each)))


def reset(device: Path, off: float = _OFF) -> None:
    """Take a USB device away from its drivers and give it back; raises `OSError` where we may not.

    Blocks for `off` seconds and as long as the kernel needs.
    """
    switch = device / "authorized"
    switch.write_text("0")
    try:
        time.sleep(off)
    finally:
        switch.write_text("1")


def _above(port: str, ttys: Path) -> tuple[Path, ...]:
    """Return the folders above the tty's own, from the inside out."""
    node = ttys / Path(port).resolve().name / "device"
    return (node.resolve(), *node.resolve().parents) if node.exists() else ()
