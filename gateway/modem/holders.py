"""Who holds a port, and who may: what a technician needs to read in the error."""

from __future__ import annotations

import contextlib
import grp
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOR_PORTS: Final = ("dialout", "uucp", "modem")
"""Groups that are for serial ports and open nothing else: nobody is sent into any other."""
_PSEUDO_TERMINALS: Final = range(136, 144)  # majors: Unix98 slaves, Linux's devices.txt


def holder_of(path: str) -> str:
    """Return "name (pid n)" of another process that has `path` open, or "" where none can be seen."""
    with contextlib.suppress(OSError):
        device = Path(path).stat()
        for pid in _processes():
            if _has_open(pid, device):
                return f"{_name(pid)} (pid {pid})"
    return ""


def group_of(path: str) -> str:
    """Return the name of the group that owns `path`."""
    try:
        number = Path(path).stat().st_gid
    except OSError:
        return "dialout"
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def remedy_for(group: str) -> str:
    """Return what gives the gateway's user a port that belongs to `group`."""
    if group in FOR_PORTS:
        return f"add it to the group {group} and restart"
    return f"have a udev rule give it to the group {FOR_PORTS[0]}: sudo schoolgate doctor"


def _processes() -> Iterator[int]:
    ours = os.getpid()
    names = (entry.name for entry in Path("/proc").iterdir())
    pids = sorted(int(name) for name in names if name.isdecimal())
    # Another process first: our own is the answer only when two modems are set to one port.
    yield from (pid for pid in pids if pid != ours)
    yield ours


def _is_same(found: os.stat_result, device: os.stat_result) -> bool:
    """Compare devices. Each container counts its pseudo-terminals from 0: the mount tells them apart."""
    pseudo = os.major(device.st_rdev) in _PSEUDO_TERMINALS
    return found.st_rdev == device.st_rdev and (not pseudo or found.st_dev == device.st_dev)


def _has_open(pid: int, device: os.stat_result) -> bool:
    with contextlib.suppress(OSError):  # not ours to look into, or gone by now
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(descriptor.readlink()).startswith("/dev/") and _is_same(descriptor.stat(), device):
                    return True
    return False


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"
