"""What takes two people, on the command line: free text, a lift, own words; against a running gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import utc_now
from tests.cli.conftest import Ask, Ended, command, give_keys
from tests.system.site import Site, eventually, number, site

PARENT = number(101)
TEXT = "The gate is open from 8:15 this week."
OWN = '[content.rivals]\ntitle = "another school"\nclause = "7.1"\ndeny = ["hogwarts"]\n'


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Site]:
    """A running site, with a key file for each of its people."""
    async with site(tmp_path, numbers=[PARENT]) as running:
        give_keys(running)
        yield running


async def run(*words: object, given: str = "") -> Ended:
    return await asyncio.to_thread(command, *words, given=given)


async def approved(ask: Ask) -> str:
    """Let the second person read and approve all that waits; return what they read."""
    read = ""
    for waiting in (await ask("approval", "list", "--json", who="head")).json["items"]:
        read += (await ask("approval", "show", waiting["id"], who="head")).out
        done = await ask("approval", "approve", waiting["id"], who="head")
        assert (done.code, "approved" in done.out) == (0, True), done.err
    return read


async def test_free_text_reaches_the_handset_once_a_second_person_has_read_it(made: Site, ask: Ask) -> None:
    for words in (
        ("person", "add", "writer", "--name", "Wri Ter", "--role", "free_text_sender"),
        ("person", "acknowledge", "writer", "--yes"),
        ("key", "create", "writer", "--label", "desk", "--out", "writer.key"),
    ):
        assert (await run(*words)).code == 0
    free = ("send", PARENT, "--text", TEXT, "--purpose", "event_notice", "--json")
    assert "SCOPE_MISSING" in (await ask(*free)).err or "NOT_AUTHORISED_SENDER" in (await ask(*free)).err
    sent = (await ask(*free, who="writer")).json
    assert (sent["status"], sent["hold_reason"]) == ("held", "approval")
    assert (await ask("status", "--json", who="head")).json["approvals"] == 1
    assert TEXT in await approved(ask)
    assert "second person: 0 (schoolgate approval list)" in (await ask("status", who="head")).out
    await eventually(lambda: made.texts(PARENT) == [f"KRS Education Ltd: {TEXT} Reply STOP to opt out."])
    past = (await ask("approval", "list", "--outcome", "approved", "--json", who="head")).json["items"]
    assert past[0]["target"] == sent["id"]


async def test_a_lift_is_asked_for_refused_and_asked_for_again(ask: Ask) -> None:
    opt_out = (await ask("opt-out", "add", PARENT, "--json")).json["id"]
    lift = (
        *("opt-out", "lift", opt_out, "--number", PARENT, "--purpose", "event_notice", "--method", "spoken"),
        *("--wording", "2026-09", "--evidence", "call noted", "--given", utc_now().isoformat()),
    )
    asked = await ask(*lift)
    assert (asked.code, "Still opted out" in asked.out) == (0, True), asked.err
    (waiting,) = (await ask("approval", "list", "--json", who="head")).json["items"]
    refused = await ask("approval", "refuse", waiting["id"], "--reason", "call again", who="head")
    assert (refused.code, "call again" in refused.out) == (0, True)
    assert (await ask("opt-out", "list", "--json")).json["items"][0]["id"] == opt_out
    assert (await ask(*lift)).code == 0
    assert "call noted" in await approved(ask)
    assert (await ask("opt-out", "list", "--json")).json["items"] == []


async def test_own_words_are_proposed_published_and_tried(ask: Ask, tmp_path: Path) -> None:
    text = "Come to Hogwarts."
    assert "None yet" in (await ask("lexicon", "show")).out
    assert (await run("policy", "try", text, "--json")).json["outcome"] == "ALLOW"
    (tmp_path / "own.toml").write_text(OWN)
    proposed = await ask("lexicon", "propose", "own.toml", who="author")
    assert (proposed.code, "Version 1 is proposed" in proposed.out) == (0, True), proposed.err
    assert "+[content.rivals]" in await approved(ask)
    assert (await ask("lexicon", "show")).out.strip() == OWN.strip()
    assert "published" in (await ask("lexicon", "history")).out
    found = (await run("policy", "try", text, "--json")).json
    (reason,) = found["reasons"]
    assert (found["outcome"], reason["theme"], reason["rule"]) == ("DENY", "rivals", "content_is_fit")
    told = await run("policy", "try", text)
    for words in (
        "[Hogwarts]",
        "rivals",
        "content_is_fit",
        "7.1",
        "version 1 of your own",
        "lexicon propose",
    ):
        assert words in told.out
    (tmp_path / "bad.toml").write_text('[content.medical]\ndeny = [".. x"]')
    bad = await ask("lexicon", "propose", "bad.toml", who="author")
    assert (bad.code, "content.medical.deny" in bad.err) == (2, True)
