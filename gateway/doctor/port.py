"""A modem's port, seen from outside: whether it is there, may be opened, and who else has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.doctor.finding import Finding, warning, wrong


@dataclass(frozen=True, slots=True)
class Port:
    """What was looked at."""

    modem: str
    path: str
    exists: bool
    permitted: bool  # this user may open it
    group: str  # that owns it
    holder: str  # another process that has it open, "" where none does
    stays: bool  # the name does not depend on the order of plugging in
    others: tuple[str, ...]  # serial ports that are there
    storage_only: tuple[str, ...]  # USB modems that still pretend to be a CD: "12d1:1f01"
    interface: int | None = None  # of its USB device
    speaks_at: tuple[int, ...] = ()  # the interfaces of such a device that take commands, where known
    siblings: Mapping[int, str] = field(default_factory=dict)  # the device's ports by interface


def port_findings(port: Port, *, ours: bool) -> Iterator[Finding]:
    """Yield what is wrong with a port; `ours`: the running gateway has it, as it should."""
    if not port.exists:
        yield wrong(port.modem, f"port {port.path} is not there", _absent(port))
        return
    if not port.permitted:
        yield wrong(
            port.modem,
            f"this user may not open {port.path}",
            f"add it to the group {port.group}: sudo usermod -aG {port.group} USER, then log in again",
        )
    if port.holder and not ours:
        yield wrong(port.modem, f"{port.path} is held by {port.holder}", "stop that program; then try again")
    if port.speaks_at and port.interface is not None and port.interface not in port.speaks_at:
        yield _other_interface(port)
    if not port.stays:
        yield warning(
            port.modem,
            f"the name {port.path} changes when modems are plugged in in another order",
            "use a name under /dev/serial/by-id or /dev/schoolgate-…",
        )


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
        return f"a USB modem is still in its storage mode ({ids}): install usb-modeswitch, then replug it"
    if port.others:
        return (
            f"there are {', '.join(port.others)}: try each with `schoolgate modem probe PORT`, "
            "and set the one that answers"
        )
    return "plug the modem in; no serial port is there at all: look at lsusb and dmesg"
