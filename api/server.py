"""Listen on a port of this machine and, if wanted, on a unix socket."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

import structlog
from aiohttp import web

from api.problems import SPOKEN, wire_problem
from gateway.config import is_local

log = structlog.get_logger()

_GRACE: Final = 4.0  # seconds for requests in flight when the server stops
_SOCKET_MODE: Final = 0o660
_BACKLOG: Final = 128
_SILENCE: Final = 20.0  # seconds that a connection may take for the head of its first request


_BARE: Final = 'other machines reach it: set [api] tls to "self_signed" or "files", or host to 127.0.0.1'


class CannotListen(Exception):
    """The API cannot be offered there; the message says where, why and what to do."""


@asynccontextmanager
async def serve(
    app: web.Application,
    host: str,
    port: int,
    unix_socket: Path | None = None,
    *,
    tls: SSLContext | None = None,
    given: Sequence[socket.socket] = (),
) -> AsyncIterator[str]:
    """Serve `app` while the block lasts, and yield its base URL. Port 0 takes a free one.

    With `tls` the port speaks it; the socket file, mode 0660, never does. Sockets that are `given` take
    the place of both. Raises `CannotListen`, also for what other machines reach without TLS. At the end
    requests in flight are finished first.
    """
    async with AsyncExitStack() as stack:
        file = stack.enter_context(_unix(unix_socket)) if unix_socket is not None and not given else None
        runner = _Runner(
            app, handle_signals=False, access_log=None, logger=_wire_log(), shutdown_timeout=_GRACE
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        if not given:
            await _listen(runner, host, port, tls)
        for each in filter(None, (*given, file)):
            await _Site(runner, _fitting(each, tls), sock=each).start()
        url = _url(runner.addresses[0], tls)
        reaper = asyncio.create_task(_reap(runner, app.get(SPOKEN, set())), name="silent connections")
        stack.push_async_callback(_ended, reaper)
        yield url


async def _listen(runner: web.BaseRunner, host: str, port: int, tls: SSLContext | None) -> None:
    if tls is None and not is_local(host):
        raise CannotListen(f"cannot listen on {host} port {port}: {_BARE}")
    with _explained(host, port):
        await _Site(runner, tls, host=host, port=port).start()


def _fitting(given: socket.socket, tls: SSLContext | None) -> SSLContext | None:
    """Return what a socket that was given speaks; refuse one that other machines reach without TLS."""
    if given.type != socket.SOCK_STREAM or not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise CannotListen("cannot listen on what systemd passes: a ListenStream= is needed")
    if given.family == socket.AF_UNIX:
        return None
    host = given.getsockname()[0]
    if tls is None and not is_local(host):
        raise CannotListen(f"cannot listen on {host}, which systemd passes: {_BARE}")
    return tls


class _Site(web.BaseSite):
    """One thing to listen on: `host` and `port`, or a `sock`. It hangs up on who does not get on with TLS."""

    __slots__ = ("_where",)

    def __init__(self, runner: web.BaseRunner, tls: SSLContext | None, **where: Any) -> None:  # noqa: ANN401
        super().__init__(runner, ssl_context=tls, backlog=_BACKLOG)
        self._where = where

    @property
    def name(self) -> str:
        """What it is called in messages of the HTTP library."""
        return "schoolgate"

    async def start(self) -> None:
        """Begin to listen."""
        await super().start()
        server, tls = self._runner.server, self._ssl_context
        assert server is not None  # noqa: S101 - the runner was set up
        self._server = await asyncio.get_running_loop().create_server(
            server,
            **self._where,
            backlog=self._backlog,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else _SILENCE,
            ssl_shutdown_timeout=None if tls is None else _GRACE,
        )


class _Connection(web.RequestHandler):
    """A connection that does not repeat what it could not read: it may hold a key, a number or a text."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the HTTP library refuses by itself."""
        super().handle_error(request, status, exc, message)  # for its log
        return wire_problem("MALFORMED_REQUEST", "this is not a request of HTTP/1.1 that can be read")


class _Server(web.Server):
    """Makes such connections."""

    def __call__(self) -> web.RequestHandler:
        """Make one; its class differs in that one answer only."""
        made = super().__call__()
        made.__class__ = _Connection
        return made


class _Runner(web.AppRunner):
    """Runs such a server."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


async def _reap(runner: web.AppRunner, spoken: set[web.RequestHandler]) -> None:
    """Hang up on connections that do not get as far as a whole head of a request (slow loris)."""
    loop = asyncio.get_running_loop()
    since: dict[web.RequestHandler, float] = {}
    while True:
        await asyncio.sleep(_SILENCE / 4)
        now, open_ = loop.time(), set(runner.server.connections if runner.server else ())
        spoken &= open_
        since = {each: since.get(each, now) for each in open_ - spoken}
        for silent in [each for each, began in since.items() if now - began > _SILENCE]:
            silent.force_close()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _url(address: Any, tls: SSLContext | None) -> str:  # noqa: ANN401 - what getsockname gives
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address[0], address[1]
    scheme = "http" if tls is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextmanager
def _explained(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise CannotListen(f"cannot listen on {host} port {port}: {_advice(exc)}") from exc


def _advice(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host name: set [api] host to an address of this machine"
    # From Python 3.13 on asyncio gives no number when no address could be bound.
    number = error.errno if error.errno is not None else errno.EADDRNOTAVAIL
    return {
        errno.EADDRINUSE: "another program uses that port; stop it, or set [api] port to a free one",
        errno.EACCES: "ports below 1024 are reserved; set [api] port to one above",
        errno.EADDRNOTAVAIL: "this machine has no such address; set [api] host to one that it has",
    }.get(number, str(error.strerror))


@contextmanager
def _unix(path: Path) -> Iterator[socket.socket]:
    """Bind a socket file; one that a dead process left is replaced, a live one never."""
    _clear(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), _SOCKET_MODE)  # what bind() then gives the file, but for the umask
        listening.bind(str(path))
        path.chmod(_SOCKET_MODE)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError as exc:
        listening.close()
        raise CannotListen(f"cannot listen on {path}: {exc.strerror or exc}") from exc
    try:
        yield listening
    finally:
        listening.close()
        path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as exc:
        raise CannotListen(f"cannot listen on {path}: {exc.strerror}") from exc
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"cannot listen on {path}: there is a file of another kind; move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise CannotListen(f"cannot listen on {path}: another process serves it; stop it first")
    path.unlink(missing_ok=True)


def _wire_log() -> logging.Logger:
    """Return a log for what the HTTP library refuses by itself: without the bytes, which may hold a key."""
    wire = logging.getLogger("schoolgate.http")
    if not wire.filters:
        wire.addFilter(_bare)
    return wire


def _bare(record: logging.LogRecord) -> bool:
    record.exc_info = None
    record.exc_text = None
    return True
