"""Where the API listens, who else may be there, and how it stops."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from api import CannotListen, serve
from gateway.certificates import server_context


def application() -> web.Application:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


async def over(path: Path) -> str:
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
        session.get("http://unix/") as answer,
    ):
        return await answer.text()


async def test_it_listens_on_a_free_port_and_says_which() -> None:
    async with serve(application(), "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
        assert url.startswith("http://127.0.0.1:")
        async with session.get(url) as answer:
            assert await answer.text() == "hello"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


@pytest.mark.parametrize(("host", "shown"), [("::1", "http://[::1]:"), ("localhost", "http://")])
async def test_it_listens_on_this_machine(host: str, shown: str) -> None:
    async with serve(application(), host, 0) as url:
        assert url.startswith(shown)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "gate.example"])  # noqa: S104
async def test_listening_beyond_this_machine_without_tls_is_refused(host: str) -> None:
    with pytest.raises(CannotListen, match=r"\[api\] tls"):
        async with serve(application(), host, 0):
            pass


async def test_a_taken_port_is_told_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1 port {port}: another program .* \[api\] port"):
            async with serve(application(), "127.0.0.1", port):
                pass


@pytest.mark.parametrize(
    ("host", "advice"), [("192.0.2.1", "no such address"), ("no.such.host.invalid", "no such host name")]
)
async def test_an_address_of_no_ones_is_told(host: str, advice: str) -> None:
    with pytest.raises(CannotListen, match=advice):
        async with serve(application(), host, 0, tls=server_context()):
            pass


async def test_the_unix_socket_is_for_owner_and_group_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serve(application(), "127.0.0.1", 0, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert await over(path) == "hello"
    assert not path.exists()


async def test_the_socket_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    async with serve(application(), "127.0.0.1", 0, path):
        assert await over(path) == "hello"


async def test_the_socket_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with serve(application(), "127.0.0.1", 0, path):
        with pytest.raises(CannotListen, match="another process serves it"):
            async with serve(application(), "127.0.0.1", 0, path):
                pass
        assert await over(path) == "hello"


@pytest.mark.parametrize(
    ("name", "advice"), [("file", "another kind"), ("none/api.sock", "No such"), ("x" * 120, "too long")]
)
async def test_a_path_that_can_be_no_socket_is_told(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / "file").write_text("keep")
    with pytest.raises(CannotListen, match=advice):
        async with serve(application(), "127.0.0.1", 0, tmp_path / name):
            pass
    assert (tmp_path / "file").read_text() == "keep"


async def test_a_request_in_flight_is_answered_before_the_server_stops() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        entered.set()
        await leave.wait()
        return web.Response(text="done")

    app = web.Application()
    app.router.add_get("/", slow)
    async with aiohttp.ClientSession() as session:

        async def ask(url: str) -> str:
            async with session.get(url) as answer:
                return await answer.text()

        async with serve(app, "127.0.0.1", 0) as url:
            asking = asyncio.create_task(ask(url))
            await entered.wait()
            asyncio.get_running_loop().call_later(0.2, leave.set)
        assert await asking == "done"
