"""The command line as a user has it: in this process through typer's runner, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
import typer
from typer.testing import CliRunner

from gateway.cli.app import __file__ as app_file
from gateway.cli.app import app
from tests.system.site import Site

ROOT: Final = os.geteuid() == 0
OTHER: Final = 65534 if ROOT else os.geteuid()
"""Who is not root: somebody else where the tests run as root, else ourselves."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one line of JSON and nothing else."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


Command = Callable[..., Ended]
Ask = Callable[..., Awaitable[Ended]]


def command(*words: object, given: str | bytes = "") -> Ended:
    """Run a command in this process; an error that nobody foresaw is raised."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


@contextmanager
def as_other() -> Iterator[None]:
    """Be somebody who is not root; who is not root already stays as they are.

    Skips the test where this very program lies in a folder that is closed to others: they cannot run it.
    """
    if ROOT:
        os.seteuid(OTHER)
    try:
        if not all(os.access(file, os.R_OK, effective_ids=True) for file in (app_file, typer.__file__)):
            pytest.skip("others may not enter the folder in which this program lies")
        yield
    finally:
        if ROOT:
            os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a fresh directory, whatever the environment says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHOOLGATE_CONFIG", raising=False)


@pytest.fixture(autouse=True)
def aside() -> Iterator[None]:
    """Have a gateway that runs in this process log elsewhere than into what a command says meanwhile."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    yield
    structlog.reset_defaults()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory in which `schoolgate init` was run, and which is the present one."""
    ended = command("init", "--owner", "jsmith", "--name", "Jo Smith", "--acknowledge")
    assert ended.code == 0, ended.err
    return tmp_path


def give_keys(made: Site) -> None:
    """Write a key file for each of a site's people into its directory."""
    for who, token in made.tokens.items():
        key = made.directory / f"{who}.key"
        key.touch(0o600)
        key.write_text(token + "\n")


@pytest.fixture
def ask(made: Site) -> Ask:
    """Run a command against the site, as one of its people."""

    async def run(*words: object, who: str = "office", given: str = "") -> Ended:
        return await asyncio.to_thread(command, *words, "--key-file", f"{who}.key", given=given)

    return run
