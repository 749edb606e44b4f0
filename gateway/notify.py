"""Tell systemd how we are (sd_notify(3)); silent where systemd did not start us."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> None:
    """Send `READY=1`, `STATUS=…` and the like to the socket that systemd named."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(address)
        sender.send("\n".join(lines).encode())
