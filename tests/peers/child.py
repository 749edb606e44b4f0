"""Foreign programs as child processes: run to their end, or kept running, and never longer than given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator

import pytest

PATHS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
ENVIRONMENT = {"PATH": PATHS, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": os.devnull}


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed."""
    absent = shutil.which(program, path=PATHS) is None
    return pytest.mark.skipif(absent, reason=f"{program} is not installed (Debian package {package})")


async def run(*command: str, seconds: float = 30) -> str:
    """Run a program to its end and return what it printed; another exit code than 0 fails the test."""
    child = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=ENVIRONMENT
    )
    try:
        async with asyncio.timeout(seconds):
            printed, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    text = printed.decode(errors="replace")
    assert child.returncode == 0, text
    return text


@contextlib.asynccontextmanager
async def running(*command: str, seconds: float = 15) -> AsyncIterator[None]:
    """Keep a daemon running; it must end by itself, with exit code 0, once it is asked to.

    What it prints goes where the test prints, and is shown when the test fails.
    """
    child = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=ENVIRONMENT, start_new_session=True
    )
    printed = asyncio.create_task(_collect(child))
    try:
        yield
        assert child.returncode is None, "it ended by itself"
        child.terminate()
        async with asyncio.timeout(seconds):
            assert await child.wait() == 0
    finally:
        await _end(child)
        sys.stdout.write(await printed)


async def _collect(child: Process) -> str:
    assert child.stdout is not None
    return (await child.stdout.read()).decode(errors="replace")


async def _end(child: Process) -> None:
    """End a daemon, with its children, that would not end by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
