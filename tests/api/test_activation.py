"""Sockets that somebody else listens on: nobody is refused while the gateway starts."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from api import CannotListen, serve
from gateway.inherited import inherited

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
PASS = """
import os, sys
for index, each in enumerate(sys.argv[1].split(",")):
    os.dup2(int(each), 100 + index)
for index in range(len(sys.argv[1].split(","))):
    os.dup2(100 + index, 3 + index)
    os.close(100 + index)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(index + 1)}
os.execv(sys.executable, [sys.executable, "-m", "gateway.cli", "run", "--config", sys.argv[2]])
"""


@asynccontextmanager
async def activated(config: Path, *sockets: socket.socket) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the daemon as systemd does when it passes sockets."""
    numbers = [each.fileno() for each in sockets]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PASS, ",".join(map(str, numbers)), str(config)),
        pass_fds=numbers,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_who_called_before_the_start_is_answered(furnished: Path, tmp_path: Path) -> None:
    """On both sockets; and they are still there when the gateway has stopped."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as file:
        file.bind(str(tmp_path / "given.sock"))
        file.listen()
        callers = [
            await asyncio.open_connection(*port.getsockname()),
            await asyncio.open_unix_connection(str(tmp_path / "given.sock")),
        ]
        for _, writer in callers:
            writer.write(REQUEST)
        async with activated(tmp_path / "schoolgate.toml", port, file) as process:
            for reader, writer in callers:
                async with asyncio.timeout(60):
                    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
                writer.close()
            assert not (tmp_path / "api.sock").exists()  # what was given takes the place of all else
        assert process.returncode == 0
        assert (tmp_path / "given.sock").exists()
        _, late = await asyncio.open_connection(*port.getsockname())
        late.close()


def test_what_was_meant_for_another_process_is_left_alone() -> None:
    environment = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid() + 1), "OTHER": "kept"}
    assert inherited(environment) == []
    assert environment == {"OTHER": "kept"}
    assert inherited({"LISTEN_FDS": "x", "LISTEN_PID": str(os.getpid())}) == []
    assert inherited({}) == []


async def test_what_other_machines_reach_needs_tls_there_too() -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as port,  # noqa: S104 - what is tested
        pytest.raises(CannotListen, match="systemd passes"),
    ):
        async with serve(web.Application(), "127.0.0.1", 0, given=[port]):
            pass


async def test_what_cannot_be_listened_on_is_told() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as wrong, pytest.raises(CannotListen, match="ListenStream"):
        async with serve(web.Application(), "127.0.0.1", 0, given=[wrong]):
            pass
