"""`policy`, `sending` and `violation` on the command line, against a running gateway: a walk each."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Ended, command, give_keys
from tests.system.site import Site, number, site

PARENT = number(101)
SLOTS = ("--slot", "place=the museum", "--slot", "day=Friday")
TEXT = Path(__file__).parents[1] / "policy/corpora/policy.txt"
OVERDUE = "overdue since 8 November 2025; that stops sending to many at once since 9 December 2025"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Site]:
    """A running site, with a key file for each of its people."""
    async with site(tmp_path, numbers=[PARENT]) as running:
        give_keys(running)
        yield running


async def direct(*words: object, given: str = "") -> Ended:
    """Run a command that opens the store itself."""
    return await asyncio.to_thread(command, *words, given=given)


async def test_9_1_and_9_2_from_a_file_to_everybodys_acknowledgement(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    assert "not UTF-8 at byte 0" in (await ask("policy", "import", "bad.txt")).err
    brought = await ask("policy", "import", TEXT, "--minor")
    assert "8 November 2024" in brought.out  # day first, in words
    (version,) = (await ask("policy", "versions", "--json")).json["items"]
    assert (await ask("policy", "publish", version["id"])).code == 1  # who imported it
    done = await ask("policy", "publish", version["id"], "--json", who="head")
    assert done.json["status"] == "published"
    assert OVERDUE in (await ask("policy", "show")).out
    assert OVERDUE in (await ask("status")).out
    reviewed = await ask("policy", "review", "--note", "read again", who="head")
    assert "Version 2 was reviewed on" in reviewed.out
    assert "due on" in (await ask("policy", "show")).out
    material = (await ask("policy", "import", TEXT, "--as", "2026", "--json")).json
    await ask("policy", "publish", material["id"], who="head")
    assert "POLICY_NOT_ACKNOWLEDGED" in (await ask("send", PARENT, "trip", *SLOTS)).err
    assert (await ask("policy", "acknowledge", given="n\n")).code == 1
    agreed = await ask("policy", "acknowledge", "--json", given="y\n")
    assert "6.2. Opt-out requests must be actioned immediately" in agreed.err  # the text itself was shown
    assert (await ask("send", PARENT, "trip", *SLOTS)).code == 0
    paper = await direct("person", "acknowledge", "author", "--yes", "--json")
    assert paper.json["acknowledged_at"] is not None
    owing = (await ask("policy", "people", "--unacknowledged", "--json", who="head")).json["items"]
    assert [person["handle"] for person in owing] == ["head"]
    trained = await ask("policy", "train", "author", "--course", "Data protection", "--on", "31/01/2026")
    assert "author is trained until 2027-01" in trained.out
    told = await ask("policy", "tell", "trip", *SLOTS)
    assert "tell otherwise" in told.out
    assert "NO_NUMBER" in told.out


async def test_8_1_the_switch_by_one_command(ask: Ask, made: Site) -> None:
    stopped = await ask("sending", "suspend", "--reason", "a wrong list", "--json")
    assert stopped.json["made_by"] == "office"
    refused = await ask("send", PARENT, "trip", *SLOTS)
    assert "SENDING_SUSPENDED" in refused.err
    assert "sending is suspended since" in (await ask("status")).out
    shown = await ask("sending", "show")
    assert "All sending is suspended." in shown.out
    assert "a wrong list" in shown.out
    assert (await ask("sending", "resume", "--reason", "mended")).code == 77  # not the owner
    assert (await ask("sending", "resume", "--reason", "mended", who="head")).code == 0
    assert (await ask("send", PARENT, "trip", *SLOTS, "--wait", 15)).code == 0
    assert len(made.texts(PARENT)) == 1


async def test_8_2_the_ledger_is_listed_and_decided_by_somebody_else(ask: Ask) -> None:
    for _ in range(3):
        assert (await ask("send", PARENT, "trip", *SLOTS, "--purpose", "appointment")).code == 77
    listed = await ask("violation", "list", "--undecided", who="head")
    assert "The sending of office is suspended" in listed.out
    assert "clause 8.2" in (await ask("send", PARENT, "trip", *SLOTS)).err
    decided = await ask("violation", "decide", "office", "no_breach", "--note", "a mistake", who="head")
    assert "no_breach" in decided.out
    assert (await ask("send", PARENT, "trip", *SLOTS)).code == 0


async def test_3_1_a_key_is_rotated_with_an_overlap_and_the_old_one_ends(ask: Ask, tmp_path: Path) -> None:
    old = (tmp_path / "office.key").read_text().split("_")[2]
    made = await direct("key", "rotate", old, "--out", "new.key", "--json")
    assert made.code == 0, made.err
    (tmp_path / "new.key").chmod(0o600)
    for who in ("office", "new"):
        assert (await ask("messages", "list", who=who)).code == 0
    keys = {key["id"]: key for key in (await direct("key", "list", "office", "--json")).json["items"]}
    assert keys[old]["expires_at"] < keys[made.json["key"]["id"]]["expires_at"]
    for same in ("scopes", "kind", "label", "purposes", "templates", "networks"):
        assert keys[old][same] == keys[made.json["key"]["id"]][same]
    await direct("key", "rotate", made.json["key"]["id"], "--overlap", 0, "--out", "newer.key")
    assert "KEY_EXPIRED" in (await ask("messages", "list", who="new")).err
    assert "KEY_ENDED" in (await direct("key", "rotate", made.json["key"]["id"])).err


async def test_9_2_a_persons_number_is_kept_sealed(ask: Ask, tmp_path: Path) -> None:
    assert (await direct("person", "number", "author", "07911 123456")).code == 0
    assert (await direct("person", "number", "author", "0909 123 4567")).code == 2
    with closing(sqlite3.connect(tmp_path / "schoolgate.db")) as database:
        assert not any("7911123456" in line for line in database.iterdump())
    told = (await ask("policy", "people", "--json", who="head")).json["items"]
    assert {person["handle"]: person["has_number"] for person in told}["author"] is True


def test_8_1_without_a_gateway_the_next_one_begins_suspended(home: Path) -> None:
    config = home / "schoolgate.toml"  # at the usual port another test's gateway may answer
    config.write_text(config.read_text().replace("port = 8025", "port = 1"))
    made = command("key", "create", "jsmith", "--label", "x", "--out", "jsmith.key")
    assert made.code == 0, made.err
    ended = command("sending", "suspend", "--reason", "fire", "--key-file", "jsmith.key", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["made_by"].startswith("cli:")
    assert (
        command("sending", "suspend", "--reason", "again").code == 0
    )  # without a key, on the machine itself
    with closing(sqlite3.connect(home / "schoolgate.db")) as database:
        assert database.execute("SELECT reason FROM sending_stop WHERE ended_at IS NULL").fetchall() == [
            ("fire",)
        ]
