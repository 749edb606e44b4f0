"""A modem's port, seen from outside: whether it is there, may be opened, and who else has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from gateway.doctor.finding import Finding, warning, wrong
from gateway.doctor.remedies import RESTART
from gateway.modem.holders import FOR_PORTS

_RULES: Final = "/etc/udev/rules.d/71-schoolgate-port.rules"


@dataclass(frozen=True, slots=True)
class Port:
    """What was looked at."""

    modem: str
    path: str
    exists: bool
    permitted: bool  # the gateway's user may open it
    group: str  # that owns it
    holder: str  # another process that has it open, "" where none does
    stays: bool  # the name does not depend on the order of plugging in
    others: tuple[str, ...]  # serial ports that are there
    storage_only: tuple[str, ...]  # USB modems that still pretend to be a disk: "12d1:1f01"
    network_only: tuple[str, ...] = ()  # USB sticks that are a network card, and no modem: "12d1:14dc"
    closed: bool = False  # it is in a folder that who looks may not enter, so nothing is known of it
    serial: bool = True  # it is a serial port at all
    user: str = "schoolgate"  # as whom the gateway runs
    group_may: bool = True  # its group may read and write it
    member: bool = True  # the user is in the group dialout
    udev: str = ""  # what finds it in a udev rule
    interface: int | None = None  # of its USB device
    speaks_at: tuple[int, ...] = ()  # the interfaces of such a device that take commands, where known
    siblings: Mapping[int, str] = field(default_factory=dict)  # the device's ports by interface


def port_findings(port: Port, *, ours: bool) -> Iterator[Finding]:
    """Yield what is wrong with a port; `ours`: the running gateway has it, as it should."""
    if not port.exists:
        yield wrong(port.modem, f"port {port.path} is not there", _absent(port))
        return
    if port.closed:
        yield wrong(
            port.modem, f"you may not look at {port.path}, so it was not looked at", "sudo schoolgate doctor"
        )
        return
    if not port.serial:
        yield wrong(
            port.modem, f"{port.path} is not a serial port", f"correct port under [[modem]]: {_tried(port)}"
        )
        return
    if not port.permitted:
        yield wrong(
            port.modem, f"{port.user}, as whom the gateway runs, may not open {port.path}", _opened(port)
        )
    if port.holder and not ours:
        yield wrong(port.modem, f"{port.path} is held by {port.holder}", _released(port))
    if port.speaks_at and port.interface is not None and port.interface not in port.speaks_at:
        yield _other_interface(port)
    if not port.stays:
        yield warning(
            port.modem,
            f"the name {port.path} changes when modems are plugged in in another order",
            "use a name under /dev/serial/by-id or /dev/schoolgate-…",
        )


def _opened(port: Port) -> str:
    """Say how the gateway gets the port: by a group that is for ports, never by one that opens more."""
    if port.group in FOR_PORTS and port.group_may:
        return f"sudo usermod -aG {port.group} {port.user}; then: {RESTART}"
    group = FOR_PORTS[0]
    join = "" if port.member else f"sudo usermod -aG {group} {port.user}; "
    return (
        f"give it to the group {group} by a udev rule: "
        f"""echo '{port.udev}, GROUP="{group}", MODE="0660"' | sudo tee {_RULES}; """
        f"sudo udevadm control --reload; sudo udevadm trigger; {join}then: {RESTART}"
    )


def _released(port: Port) -> str:
    program = port.holder.partition(" ")[0]
    if program in ("agetty", "getty", "login"):
        name = PurePath(port.path).name
        return f"stop the login prompt there: sudo systemctl disable --now serial-getty@{name}"
    if program == "ModemManager":
        return "a udev rule keeps it away (docs/modems.md); or: sudo systemctl disable --now ModemManager"
    return "stop that program; then try again"


def _other_interface(port: Port) -> Finding:
    better = [path for number, path in sorted(port.siblings.items()) if number in port.speaks_at]
    return warning(
        port.modem,
        f"{port.path} is interface {port.interface} of its modem, which takes commands at "
        f"{' or '.join(map(str, port.speaks_at))}",
        f"set port to a stable name of {' or '.join(better)}" if better else "try the modem's other ports",
    )


def _absent(port: Port) -> str:
    if port.storage_only:
        ids = ", ".join(port.storage_only)
        return (
            f"a USB modem is still in its storage mode ({ids}): sudo apt install usb-modeswitch; "
            "then plug it in again"
        )
    if not port.network_only:
        return _tried(port)
    other = f"; or another modem: {_tried(port)}" if port.others else ", or take another modem"
    return (
        f"a stick is a network card ({', '.join(port.network_only)}): a router without a port for commands, "
        f"which no mode switch changes; it needs its maker's firmware for sticks (docs/modems.md){other}"
    )


def _tried(port: Port) -> str:
    if port.others:
        return (
            f"there are {', '.join(port.others)}: try each with `schoolgate modem probe PORT`, "
            "and set the one that answers"
        )
    return "plug the modem in; no serial port is there at all: look at lsusb and dmesg"
