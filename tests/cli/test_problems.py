"""What can be foreseen to go wrong ends with a sentence and an exit code; the rest stays a bug."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from api.server import CannotListen
from gateway.cli.exits import Exit, Stop
from gateway.cli.problems import ApiProblem, explained
from gateway.errors import Conflict, Fault, Invalid, NotFound
from gateway.modem.errors import PortBusy, PortDenied, PortMissing
from gateway.store import StoreUnavailable
from tests.cli.conftest import command


def edit(home: Path, old: str, new: str) -> None:
    config = home / "schoolgate.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def test_without_a_configuration_it_says_where_it_looked() -> None:
    ended = command("check-config")
    assert ended.code == 78
    assert "/etc/schoolgate/schoolgate.toml" in ended.err
    assert "schoolgate init" in ended.err


def test_a_log_without_an_archive_to_put_it_into_is_refused(home: Path) -> None:
    ended = command("doctor", "--log", home / "daemon.log")
    assert (ended.code, "goes with --bundle" in ended.err) == (2, True)


def test_the_environment_names_the_configuration(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("SCHOOLGATE_CONFIG", str(home / "schoolgate.toml"))
    assert command("check-config").code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port = 8025", "prot = 8025", ("line", "api.prot", "known here: host, port")),
        ("port = 8025", "port = 80250", ("line", "api.port", "65535")),
        ("[gateway]", "[gateway", ("not TOML",)),
        ('log = "text"', 'log = "loud"', ("gateway.log", "json")),
        ('file = "policy.toml"', 'file = "gone.toml"', ("gone.toml", "No such file")),
    ],
)
def test_a_faulty_configuration_is_named_with_its_key(
    home: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    edit(home, old, new)
    ended = command("check-config")
    assert ended.code == 78
    assert all(each in ended.err for each in said), ended.err
    assert ended.out == ""


def test_a_faulty_policy_is_named_with_its_key(home: Path) -> None:
    policy = home / "policy.toml"
    policy.write_text(policy.read_text().replace("max_parts = 2", "max_parts = 0"))
    ended = command("check-config")
    assert (ended.code, "max_parts" in ended.err) == (78, True)


@pytest.mark.parametrize("file", ["schoolgate.keys", "owner.key"])
def test_keys_that_others_can_read_are_not_used(home: Path, file: str) -> None:
    (home / file).chmod(0o644)
    ended = command("check-config")
    assert ended.code == 78
    assert f"chmod 600 {home / file}" in ended.err


@pytest.mark.parametrize("words", [("check-config",), ("person", "list")])
def test_a_database_of_a_newer_release_is_left_alone(home: Path, words: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(home / "schoolgate.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    ended = command(*words)
    assert ended.code == 78
    assert "9999" in ended.err


def test_a_file_that_is_no_database_is_told(home: Path) -> None:
    for each in home.glob("schoolgate.db*"):
        each.write_bytes(b"this is a letter to the parents" * 100)
    ended = command("check-config")
    assert (ended.code, "not a database" in ended.err) == (78, True)


@pytest.mark.parametrize(
    "words",
    [
        ("inbox",),
        ("messages", "list"),
        ("send", "+447700900123", "trip"),
        ("status",),
        ("contact", "export", "--out", "list.csv"),
    ],
)
def test_a_daemon_that_does_not_run_is_one_clear_sentence(home: Path, words: tuple[str, ...]) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can answer there
        taken.bind(("127.0.0.1", 0))
        edit(home, "port = 8025", f"port = {taken.getsockname()[1]}")
        ended = command(*words)
    assert ended.code == 69
    assert "schoolgate run" in ended.err
    assert ended.out == ""
    assert not (home / "list.csv").exists()


@pytest.mark.parametrize("content", ["", "two words", "kéy"])
def test_a_key_file_without_a_key_is_told(home: Path, content: str) -> None:
    (home / "owner.key").write_text(content)
    assert command("inbox").code == 78


def test_without_a_key_it_says_how_to_make_one(home: Path) -> None:
    edit(home, 'key_file = "owner.key"', "")
    ended = command("inbox")
    assert (ended.code, "schoolgate key create" in ended.err) == (78, True)


@pytest.mark.system
def test_run_serves_and_a_second_one_finds_the_port_taken(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        edit(home, "port = 8025", f"port = {probe.getsockname()[1]}")
    edit(home, 'log = "text"', 'log = "json"')
    arguments = [sys.executable, "-m", "gateway.cli", "run"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        assert any(json.loads(line)["action"] == "serving" for line in first.stderr)
        second = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 75
        assert "port" in second.stderr
        assert "Traceback" not in second.stderr
        status = command("status", "--json")
        assert (status.code, status.json["ready"]) == (1, False)
        assert "no modem is registered" in status.json["reasons"]
        first.send_signal(signal.SIGINT)
        assert first.wait(15) == 0


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Stop(Exit.USAGE, "so"), 2, "so"),
        (Invalid((Fault("name", "is empty"),)), 2, "name: is empty"),
        (NotFound("there is no such thing"), 1, "no such thing"),
        (Conflict("SENT", "it left"), 1, "it left (SENT)"),
        (StoreUnavailable("the disk is full"), 75, "disk"),
        (PortMissing("port x is not there"), 1, "not there"),
        (PortBusy("port x is held by y (pid 3)"), 75, "pid 3"),
        (PortDenied("port x: group dialout"), 77, "dialout"),
        (CannotListen("cannot listen on here"), 78, "cannot listen"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 77, "/x: Permission denied"),
        (OSError("AF_UNIX path too long"), 1, "AF_UNIX path too long"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"), 1, "/x: No such"),
    ],
)
def test_each_error_has_its_code_and_sentence(error: BaseException, code: int, said: str) -> None:
    for wrapped in (error, BaseExceptionGroup("tasks", [BaseExceptionGroup("inner", [error])])):
        stop = explained(wrapped)
        assert stop is not None
        assert stop.code == code
        assert any(said in sentence for sentence in stop.sentences)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bug"),
        ExceptionGroup("tasks", [NotFound("x"), ValueError("bug")]),
        BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)),
    ],
)
def test_what_nobody_foresaw_is_not_explained_away(error: BaseException) -> None:
    assert explained(error) is None


def reason(code: str, clause: str, *, retry: bool) -> dict[str, Any]:
    return {"code": code, "clause": clause, "message": "why", "retry": retry}


@pytest.mark.parametrize(
    ("status", "problem", "code", "said"),
    [
        (
            409,
            {"reasons": [reason("CONSENT_MISSING", "7.2", retry=False)]},
            1,
            "why (CONSENT_MISSING, clause 7.2)",
        ),
        (409, {"reasons": [reason("RECIPIENT_ON_HOLD", "6.2", retry=True)]}, 75, "RECIPIENT_ON_HOLD"),
        (403, {"reasons": [reason("NOT_AUTHORISED_SENDER", "3.1", retry=False)]}, 77, "clause 3.1"),
        (429, {"reasons": [reason("RATE_LIMITED", "3.2", retry=True)]}, 75, "RATE_LIMITED"),
        (422, {"errors": [{"field": "line 3: number", "message": "is none"}]}, 2, "line 3: number: is none"),
        (
            401,
            {"detail": "there is no such key", "code": "KEY_UNKNOWN"},
            77,
            "there is no such key (KEY_UNKNOWN)",
        ),
        (503, {"detail": "try again", "code": "STORE_UNAVAILABLE"}, 75, "try again"),
        (500, {}, 1, "500"),
    ],
)
def test_the_daemons_refusals_keep_their_words(
    status: int, problem: dict[str, Any], code: int, said: str
) -> None:
    stop = explained(ApiProblem(status, problem))
    assert stop is not None
    assert stop.code == code
    assert stop.sentences == (stop.sentences[0],)
    assert said in stop.sentences[0]


def test_the_release_is_told() -> None:
    """For reports of weaknesses: SECURITY.md asks for it."""
    told = command("--version")
    assert (told.code, told.out) == (0, f"schoolgate {version('schoolgate')}\n")
