"""`person` and `key`: straight into the store, by whoever can read the key file."""

from __future__ import annotations

import os
import pwd
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import command

pytestmark = pytest.mark.usefixtures("home")


def test_a_person_is_entered_with_roles_and_listed() -> None:
    made = command("person", "add", "amy", "--name", "Amy Adams", "--role", "sender", "--json")
    assert made.code == 0, made.err
    assert set(made.json["roles"]) == {"sender"}
    assert made.json["acknowledged_at"] is None
    listed = command("person", "list")
    assert "Amy Adams" in listed.out


def test_a_role_that_does_not_exist_is_named_with_those_that_do() -> None:
    ended = command("person", "add", "amy", "--name", "Amy", "--role", "king")
    assert ended.code == 2
    assert "king" in ended.err
    assert "template_author" in ended.err
    assert ended.out == ""


def test_a_handle_is_taken_once() -> None:
    ended = command("person", "add", "jsmith", "--name", "Jo")
    assert ended.code == 1
    assert "PERSON_EXISTS" in ended.err


def test_roles_come_and_go() -> None:
    assert "dpo" in command("person", "grant", "jsmith", "dpo", "--json").json["roles"]
    assert "dpo" not in command("person", "revoke-role", "jsmith", "dpo", "--json").json["roles"]
    ended = command("person", "revoke-role", "jsmith", "dpo")
    assert (ended.code, "has no role dpo" in ended.err) == (1, True)


def test_a_person_is_suspended_and_activated() -> None:
    assert command("person", "suspend", "jsmith", "--json").json["status"] == "suspended"
    assert command("person", "activate", "jsmith", "--json").json["status"] == "active"
    assert command("person", "suspend", "nobody").code == 1


def test_the_policy_is_acknowledged_only_by_a_yes() -> None:
    command("person", "add", "amy", "--name", "Amy Adams")
    refused = command("person", "acknowledge", "amy", given="n\n")
    assert refused.code == 1
    assert "KRS Education Ltd" in refused.err
    agreed = command("person", "acknowledge", "amy", "--json", given="y\n")
    assert agreed.json["acknowledged_at"] is not None


def test_a_key_is_shown_once_and_never_listed() -> None:
    made = command("key", "create", "jsmith", "--label", "office PC", "--json")
    token, ident = made.json["token"], made.json["key"]["id"]
    assert token.startswith(f"sg_live_{ident}_")
    listed = command("key", "list", "jsmith", "--json")
    assert ident in listed.out
    assert token not in listed.out
    assert token.split("_")[3] not in listed.out


def test_a_key_goes_into_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    out = tmp_path / "pc.key"
    made = command("key", "create", "jsmith", "--label", "office PC", "--out", out)
    assert made.code == 0, made.err
    assert "sg_live" not in made.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().startswith("sg_live_")


def test_a_file_is_not_overwritten_and_the_key_that_nobody_has_is_revoked(tmp_path: Path) -> None:
    (tmp_path / "pc.key").write_text("precious")
    ended = command("key", "create", "jsmith", "--label", "office PC", "--out", "pc.key")
    assert ended.code == 1
    assert (tmp_path / "pc.key").read_text() == "precious"
    keys = command("key", "list", "--json").json["items"]
    (made,) = (key for key in keys if key["label"] == "office PC")
    assert made["revoked_at"] is not None


def test_a_key_may_be_capped() -> None:
    made = command("key", "create", "jsmith", "--label", "door", "--per-minute", 5, "--daily", 100, "--json")
    assert (made.json["key"]["per_minute"], made.json["key"]["daily"]) == (5, 100)
    assert "5 a minute, 100 a day" in " ".join(command("key", "list").out.split())


def test_a_key_may_be_of_networks() -> None:
    networks = ("--from", "10.1.0.0/16", "--from", "2001:db8::/32")
    made = command("key", "create", "jsmith", "--label", "MIS", *networks, "--json")
    assert made.json["key"]["networks"] == ["10.1.0.0/16", "2001:db8::/32"]
    wrong = command("key", "create", "jsmith", "--label", "MIS", "--from", "10.1.0.5/16")
    assert wrong.code == 2
    assert "a network is written as 10.1.0.0/16" in " ".join(wrong.err.split())


def test_a_key_is_revoked() -> None:
    (key,) = command("key", "list", "--json").json["items"]
    assert command("key", "revoke", key["id"], "--json").json["revoked_at"] is not None
    assert command("key", "revoke", "nope").code == 1


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--kind", "gold", "team"),
        ("--scope", "everything", "messages:send"),
        ("--purpose", "fun", "event_notice"),
        ("--per-minute", "0", "leave it out for no cap"),
        ("--daily", "1000001", "must be 1 to 1000000 recipients"),
    ],
)
def test_what_a_key_cannot_be_is_said_with_what_it_can(option: str, value: str, hint: str) -> None:
    ended = command("key", "create", "jsmith", "--label", "x", option, value)
    assert ended.code == 2
    assert hint in ended.err


def test_the_audit_log_names_the_operating_systems_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    command("person", "suspend", "jsmith")
    with closing(sqlite3.connect(home / "schoolgate.db", isolation_level=None)) as database:
        (actor,) = database.execute("SELECT actor FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    database.close()
    assert actor == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
