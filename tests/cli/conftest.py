"""The command line as a user has it: in this process through typer's runner, or as a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from gateway.cli.app import app


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


def command(*words: object, given: str | bytes = "") -> Ended:
    """Run a command in this process; an error that nobody foresaw is raised."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


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
