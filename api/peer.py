"""Who is at the other end of a unix socket, by the word of the kernel."""

from __future__ import annotations

import socket
import struct
from typing import Final

from aiohttp import web

_UCRED: Final = struct.Struct("3i")  # pid, uid, gid: unix(7)


def peer_uid(request: web.Request) -> int | None:
    """Return the user on a unix socket; None on any other connection."""
    transport = request.transport
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(found)[1])
