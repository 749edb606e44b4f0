"""The demo itself, as a newcomer starts it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.cli.demo.proofs import forms
from gateway.cli.demo.show import Show, Unproven
from gateway.cli.demo.steps import STEPS
from gateway.cli.exits import Exit, Stop
from tests.cli.conftest import command


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a demo; end it at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "demo", "--fast", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()  # it then ends its gateway, too
            await process.wait()


async def until(process: asyncio.subprocess.Process, wanted: str) -> str:
    """Read what it prints up to a line with `wanted`; return it all."""
    assert process.stdout is not None
    lines = []
    async with asyncio.timeout(60):
        while line := (await process.stdout.readline()).decode():
            lines.append(line)
            if wanted in line:
                return "".join(lines)
    raise AssertionError(f"never said {wanted!r}: {''.join(lines)}")


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.system
async def test_once_every_step_really_happens(tmp_path: Path) -> None:
    async with started("--once", "--json") as process:
        out, err = await process.communicate()
    assert process.returncode == 0, (out, err)
    told = json.loads(out)
    assert told["ok"] is True
    assert [step["title"] for step in told["steps"]] == [title for title, _, _ in STEPS]
    assert all(step["saw"] for step in told["steps"])
    assert told["seconds"] < 30
    for key in ("office.key", "schoolgate.keys"):
        assert (tmp_path / ".demo" / key).stat().st_mode & 0o077 == 0


@pytest.mark.system
async def test_a_gateway_that_dies_fails_the_step(tmp_path: Path) -> None:
    async with started("--once") as process:
        await until(process, "Consent is recorded")
        (daemon,) = children(process.pid)
        os.kill(daemon, signal.SIGKILL)
        rest = await until(process, "did not hold")
        assert await process.wait() == 1
    assert "✗" in rest


@pytest.mark.system
async def test_it_keeps_serving_for_play_and_stops_cleanly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with started("--port", str(taken.getsockname()[1])) as process:
            told = await until(process, "Ctrl-C ends it")
            assert "is taken" in told
            (daemon,) = children(process.pid)
            (post, *_) = re.findall(r"^  (curl .*)$", told, re.MULTILINE)
            answer = await shell(post)
            assert json.loads(answer)["status"] == "queued"
            config = ("--config", ".demo/schoolgate.toml")
            assert command("sim", "text", "+447700900101", "STOP").code == 0
            assert command("sim", "received", "+447700900101").code == 0
            assert (await asyncio.to_thread(command, "status", *config)).code == 0
            assert (await asyncio.to_thread(command, "demo", "--once")).code == 1  # one is running here
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)
    assert command("sim", "handsets").code == 69


async def shell(line: str) -> bytes:
    """Do what a reader would: paste the line."""
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return out


@pytest.mark.system
async def test_demos_that_start_together_do_not_take_one_another_for_theirs(tmp_path: Path) -> None:
    async def once(directory: str) -> tuple[int | None, bytes]:
        async with started("--once", "--json", "--directory", directory) as process:
            out, _ = await process.communicate()
            return process.returncode, out

    for code, out in await asyncio.gather(once("a"), once("b")):
        assert code == 0, out


@pytest.mark.system
async def test_an_interrupted_walk_takes_its_gateway_along(tmp_path: Path) -> None:
    async with started("--once") as process:
        await until(process, "Consent is recorded")
        (daemon,) = children(process.pid)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)


def test_only_a_demos_directory_is_ever_removed(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("parents")
    ended = command("demo", "--once", "--directory", "letters")
    assert (ended.code, "not a demo's" in ended.err) == (1, True)
    assert (tmp_path / "letters" / "dear.txt").read_text() == "parents"


@pytest.mark.parametrize("error", [Unproven("no text came"), Stop(Exit.UNAVAILABLE, "no text came")])
def test_a_step_that_is_not_proven_is_never_ticked(error: Exception) -> None:
    show = Show(quiet=True)

    def step() -> None:
        with show.step("Title", "Claim"):
            show.check(seen=True, what="this was seen")
            raise error

    with pytest.raises(Unproven):
        step()
    assert show.failed is not None
    assert show.failed.problem == "no text came"
    assert show.failed.saw == ["this was seen"]


def test_what_was_not_seen_is_not_proven() -> None:
    show = Show(quiet=True)
    with pytest.raises(Unproven, match="the moon"), show.step("Title", "Claim"):
        show.check(seen=[], what="the moon")


def test_the_search_looks_for_numbers_as_pdus_have_them() -> None:
    assert bytes.fromhex("7700091032") in forms("+447700900123")
    assert b"7700900123" in forms("+447700900123")
