"""Sockets that systemd listens on for us (sd_listen_fds(3)): nothing is refused while we start or restart."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from typing import Final

_FIRST: Final = 3
_NAMES: Final = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def inherited(environment: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """Return the sockets that were passed to this process, once: no child of ours has them."""
    told = {name: environment.pop(name, "") for name in _NAMES}
    if told["LISTEN_PID"] != str(os.getpid()) or not told["LISTEN_FDS"].isdecimal():
        return []
    found = [socket.socket(fileno=_FIRST + index) for index in range(int(told["LISTEN_FDS"]))]
    for each in found:
        each.set_inheritable(False)
        each.setblocking(False)
    return found
