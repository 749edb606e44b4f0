"""`policy try` and `policy clauses`."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import command


def test_a_text_is_explained_by_the_words_that_gave_the_verdict() -> None:
    ended = command("policy", "try", "Bella was sick. The bus service is suspended.")
    assert ended.code == 0
    assert ended.out.startswith("DENY: ")
    for words in ("sick", "2.2", "CONTENT_SENSITIVE", '"bus service is suspended" is harmless'):
        assert words in ended.out


def test_a_text_that_passes_is_told_so() -> None:
    ended = command("policy", "try", "The trip is on Friday.")
    assert (ended.code, ended.out.split(":")[0]) == (0, "ALLOW")


def test_one_text_as_json() -> None:
    found = command("policy", "try", "A refund of £4 is due.", "--json").json
    assert found["outcome"] == "HOLD"
    (reason,) = found["reasons"]
    assert (reason["code"], reason["clause"], reason["outcome"]) == ("CONTENT_REVIEW_REQUIRED", "2.2", "HOLD")
    assert (reason["words"], reason["field"]) == ("refund of", "text")


def test_every_line_is_a_text_of_its_own() -> None:
    given = "The trip is on Friday.\n\nBella was sick.\nPls reply\r\n" + "a" * 5000 + "\nLast"
    ended = command("policy", "try", "--json", given=given)
    assert [json.loads(line)["outcome"] for line in ended.out.splitlines()] == [
        "ALLOW", "ALLOW", "DENY", "DENY", "DENY", "ALLOW",
    ]  # fmt: skip
    assert ended.code == 0


def test_lines_for_people() -> None:
    ended = command("policy", "try", given="Bella was sick.\nHello\n")
    assert "DENY" in ended.out
    assert "ALLOW" in ended.out


def test_dates_are_judged_by_the_day_that_is_given() -> None:
    text = "The fair is on Friday 4 December 2026."
    assert command("policy", "try", text, "--on", "2026-12-04", "--json").json["outcome"] == "ALLOW"
    assert command("policy", "try", text, "--on", "2026-12-05", "--json").json["outcome"] == "DENY"


def test_another_policy_has_its_own_glossary(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "policy/default.toml"
    ours = tmp_path / "policy.toml"
    ours.write_text(shipped.read_text().replace("glossary = []", 'glossary = ["PLASC"]'))
    assert command("policy", "try", "The PLASC form.", "--json").json["outcome"] == "HOLD"
    assert command("policy", "try", "The PLASC form.", "--policy", ours, "--json").json["outcome"] == "ALLOW"


@pytest.mark.system
def test_answers_come_before_the_input_ends() -> None:
    arguments = [sys.executable, "-m", "gateway.cli", "policy", "try", "--json"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text, outcome in (("Hello", "ALLOW"), ("Bella was sick", "DENY")):
            process.stdin.write(text + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["outcome"] == outcome
        process.stdin.close()
        assert process.wait(10) == 0


def test_every_clause_is_listed() -> None:
    listed = command("policy", "clauses", "--json").json
    assert len(listed) == 22
    assert set(listed[0]) == {"number", "says", "rules", "parts", "reports", "tests", "missing"}
    assert "Clauses" in command("policy", "clauses").out


def test_an_installation_that_cannot_be_read_is_said_and_the_shipped_words_judge(tmp_path: Path) -> None:
    (tmp_path / "schoolgate.toml").write_text("nonsense = 1\n")
    ended = command("policy", "try", "Bella was sick.", "--json")
    assert ended.json["outcome"] == "DENY"
    assert "schoolgate.toml is passed over" in ended.err
    named = command("policy", "try", "Bella was sick.", "--config", "schoolgate.toml", "--json")
    assert (named.code, named.out) == (78, "")


def test_a_database_that_is_not_there_or_is_older_has_no_own_words(home: Path) -> None:
    assert command("policy", "try", "Hello.", "--json").json["outcome"] == "ALLOW"
    (home / "schoolgate.db").unlink()
    assert command("policy", "try", "Hello.", "--json").json["outcome"] == "ALLOW"
    sqlite3.connect(home / "schoolgate.db").close()
    assert command("policy", "try", "Hello.", "--json").json["outcome"] == "ALLOW"
