"""`audit` and `subject`, straight into the store, by whoever can read the key file."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import command

pytestmark = pytest.mark.usefixtures("home")


def spoil(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "schoolgate.db")) as database:
        for name in ("audit_no_update", "audit_no_delete"):
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement)
        database.commit()


def test_a_fresh_log_is_whole() -> None:
    ended = command("audit", "verify", "--json")
    assert ended.code == 0
    assert ended.json["entries"] > 0
    assert ended.json["first_bad"] is None
    assert "whole" in command("audit", "verify").out


def test_a_changed_entry_is_named_with_exit_code_1(home: Path) -> None:
    spoil(home, "UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    ended = command("audit", "verify")
    assert ended.code == 1
    assert "entry 2: it was changed" in ended.err
    told = command("audit", "verify", "--json")
    assert (told.code, told.json["first_bad"]) == (1, 2)


def test_a_log_that_was_cut_off_is_found_by_a_checkpoint(home: Path) -> None:
    assert command("audit", "checkpoint", "--out", "anchor").code == 0
    assert command("audit", "verify", "--anchor", "anchor").code == 0
    spoil(home, "DELETE FROM audit WHERE seq > 1")
    assert command("audit", "verify").code == 0
    ended = command("audit", "verify", "--anchor", "anchor")
    assert ended.code == 1
    assert "entry 2: it is missing" in ended.err


@pytest.mark.parametrize(
    ("text", "said"), [("", "no checkpoint"), ("{}", "no checkpoint"), (None, "No such")]
)
def test_what_is_no_checkpoint_is_said_so(text: str | None, said: str) -> None:
    if text is not None:
        Path("anchor").write_text(text)
    ended = command("audit", "verify", "--anchor", "anchor")
    assert ended.code in (1, 2)
    assert said in ended.err


def test_an_export_is_checked_by_the_verifier_that_it_prints(tmp_path: Path) -> None:
    for words in (
        ("export", "--out", "log"),
        ("checkpoint", "--out", "anchor"),
        ("verifier", "--out", "v.py"),
    ):
        ended = command("audit", *words)
        assert ended.code == 0, ended.err
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
    key = command("audit", "key").out.strip()
    call = [sys.executable, "-I", "v.py", "log", "--anchor", "anchor", "--key", key]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    text = Path("log").read_text()
    Path("log").write_text(text.replace("jsmith", "jsmyth", 1))
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, "BROKEN" in done.stdout) == (1, True)


def test_an_export_goes_to_standard_output_and_is_never_written_over_a_file() -> None:
    ended = command("audit", "export")
    entries = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["seq"] for each in entries] == list(range(1, len(entries) + 1))
    assert command("audit", "export", "--until", "2020-01-01").out == ""
    lines = command("audit", "export", "--format", "csv", "--since", "2020-01-01").out.splitlines()
    assert lines[0].startswith("seq,at,actor")
    assert len(lines) == 1 + len(entries)
    Path("precious").write_text("x")
    assert command("audit", "export", "--out", "precious").code == 1
    assert Path("precious").read_text() == "x"
    assert command("audit", "export", "--since", "yesterday").code == 2


def test_a_subject_is_exported_and_erased_only_after_a_yes(tmp_path: Path) -> None:
    ended = command("subject", "export", "--number", "07700 900123", "--out", "subject.zip")
    assert ended.code == 0, ended.err
    assert stat.S_IMODE((tmp_path / "subject.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile("subject.zip") as archive:
        assert archive.namelist() == ["subject.json", "subject.html"]
    assert command("subject", "export", "--number", "07700 900123", "--out", "subject.zip").code == 1
    refused = command("subject", "erase", "--number", "+447700900123", given="no\n")
    assert (refused.code, "nothing was done" in refused.err) == (1, True)
    done = command("subject", "erase", "--number", "+447700900123", "--json", given="yes\n")
    assert (done.code, done.json["opt_outs_kept"]) == (0, 0)
    assert command("subject", "erase", "--number", "+447700900123", "--yes").code == 0
    assert command("subject", "erase", "--number", "mum", "--yes").code == 2
