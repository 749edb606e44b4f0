"""`contact`, `group`, `batch to` and `consent ask`, against a real daemon with a modem and handsets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, give_keys
from tests.system.site import Site, eventually, furnish, number, revived

MOTHER, FATHER, NEW = number(101), number(102), number(103)
SLOTS = ("--slot", "place=the museum", "--slot", "day=Friday")
CONFIRM = """
name = "confirm"
purpose = "service_update"
body = "You asked us for texts. Reply YES to get them."
"""
TAITH = """
name = "trip"
language = "cy"
purpose = "event_notice"
body = "Bydd y daith i {place} ar {day}."
[slots.place]
type = "choice"
choices = ["the museum"]
[slots.day]
type = "choice"
choices = ["Friday"]
"""
FORM = ("--method", "web_form", "--wording", "site", "--evidence", "form 7", "--given-at", "2026-01-05")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Site]:
    """A running site whose policy names a template for the confirmation."""
    await furnish(tmp_path, modems=1, numbers=[MOTHER, FATHER])
    policy = (tmp_path / "policy.toml").read_text()
    named = policy.replace('[confirmation]\ntemplate = ""', '[confirmation]\ntemplate = "confirm"')
    (tmp_path / "policy.toml").write_text(named)
    async with revived(tmp_path) as running:
        give_keys(running)
        yield running


async def approved(ask: Ask, tmp_path: Path, text: str) -> None:
    (tmp_path / "draft.toml").write_text(text)
    drafted = (await ask("template", "draft", "draft.toml", "--json", who="author")).json
    assert (await ask("template", "approve", drafted["id"], who="head")).code == 0


async def test_a_list_becomes_a_group_that_gets_one_text_a_number_in_its_language(
    made: Site, ask: Ask, tmp_path: Path
) -> None:
    await approved(ask, tmp_path, TAITH)
    assert (await ask("group", "add", "year-7", "--label", "Year 7")).code == 0
    rows = f"{MOTHER},Ann,cy,,year-7\n{MOTHER},Ben,cy,,year-7\n{FATHER},Cat,,,year-7\n"
    (tmp_path / "list.csv").write_text(f"number,name,language,labels,groups\n{rows}")
    imported = await ask("contact", "import", "list.csv")
    assert (imported.code, "3 added" in imported.out) == (0, True)
    listed = (await ask("contact", "list", "--group", "year-7", "--json")).json["items"]
    ann = next(each for each in listed if each["name"] == "Ann")
    changed = await ask("contact", "change", ann["id"], "--name", "Anne", "--label", "choir", "--json")
    assert (changed.json["name"], changed.json["language"], changed.json["labels"]) == (
        "Anne",
        "cy",
        ["choir"],
    )
    assert "3" in (await ask("group", "list")).out
    sent = (await ask("batch", "to", "trip", "year-7", *SLOTS, "--json")).json
    assert {each["language"] for each in sent["results"]} == {"cy", "en"}
    await made.reaches(sent["results"][0]["id"], "delivered")
    await made.reaches(sent["results"][1]["id"], "delivered")
    assert ["Bydd y daith" in text for text in made.texts(MOTHER)] == [True]
    assert ["The trip" in text for text in made.texts(FATHER)] == [True]
    exported = await ask("contact", "export", "--out", "copy.csv")
    assert (exported.code, (tmp_path / "copy.csv").stat().st_mode & 0o777) == (0, 0o600)
    again = await ask("contact", "import", "copy.csv")
    assert "0 added, 0 changed, 3 as they were" in again.out
    (tmp_path / "bad.csv").write_text("number,name\n07700 900101 (mum),Ann\n,\n")
    bad = await ask("contact", "import", "bad.csv")
    assert (bad.code, "line 2: number" in bad.err) == (2, True)
    cleared = await ask("contact", "change", ann["id"], "--language", "", "--label", "", "--json")
    assert (cleared.json["name"], cleared.json["language"], cleared.json["labels"]) == ("Anne", None, [])
    assert (await ask("group", "leave", "year-7", ann["id"], "--json")).json["contacts"] == 2
    assert (await ask("group", "rename", "year-7", "--to", "year-8", "--json")).json["label"] == "Year 7"
    assert (await ask("group", "remove", "year-7")).code == 1
    assert (await ask("group", "remove", "year-8")).code == 0


async def test_who_asks_by_form_and_says_yes_has_consented(made: Site, ask: Ask, tmp_path: Path) -> None:
    """4.1: one text, by an approved template, because of the form; the reply makes the consent."""
    await approved(ask, tmp_path, CONFIRM)
    asked = await ask("consent", "ask", NEW, "--purpose", "event_notice", *FORM)
    assert (asked.code, "a YES counts until" in asked.out) == (0, True), asked.err
    await eventually(lambda: made.texts(NEW), what="the text that asks")
    assert "Reply YES" in made.texts(NEW)[0]
    assert (await ask("send", NEW, "trip", *SLOTS)).code == 1  # nothing yet
    made.network.text(NEW, "sim0", "Yes please")

    async def consented() -> bool:
        page = await ask("consent", "list", "--number", NEW, "--json")
        return bool(page.json["items"])

    await eventually(consented, what="the consent")
    assert "confirmed" in (await ask("consent", "asked")).out
    assert (await ask("send", NEW, "trip", *SLOTS, "--wait", 15, "--json")).json["status"] == "delivered"
    assert len(made.texts(NEW)) == 2
    again = await ask("consent", "export", "--out", "consents.csv")
    assert (again.code, NEW in (tmp_path / "consents.csv").read_text()) == (0, True)


async def test_a_reply_about_a_wrong_number_blocks_it_until_it_is_verified(made: Site, ask: Ask) -> None:
    made.network.text(MOTHER, "sim0", "You have the wrong number")

    async def doubted() -> str:
        found = (await ask("contact", "suspects", "--json")).json["items"]
        return found[0]["id"] if found else ""

    ident = await eventually(doubted, what="the doubt")
    assert "wrong_number" in (await ask("contact", "suspects")).out
    held = await ask("opt-out", "holds")
    assert "You have the wrong number" in held.out
    (hold,) = (await ask("opt-out", "holds", "--json")).json["items"]
    assert "replies wait for a person" in (await ask("status")).out
    assert (await ask("opt-out", "resolve", hold["id"], "wrong_number")).code == 0
    refused = await ask("send", MOTHER, "trip", *SLOTS)
    assert (refused.code, "NUMBER_SUSPECT" in refused.err) == (1, True)
    assert (await ask("contact", "verify", ident, "--evidence", "rang her")).code == 0
    assert (await ask("send", MOTHER, "trip", *SLOTS)).code == 0
    assert (await ask("contact", "doubt", FATHER)).code == 0
    assert (await ask("send", FATHER, "trip", *SLOTS)).code == 1


async def test_a_wording_is_kept_in_versions(ask: Ask, tmp_path: Path) -> None:
    for text in ("May we text you?", "May we text you about trips?"):
        (tmp_path / "form.txt").write_text(text)
        assert (await ask("consent", "wording", "form", "--file", "form.txt")).code == 0
    nameless = await ask("consent", "wording", "--file", "form.txt")
    assert (nameless.code, "give its NAME" in nameless.err) == (2, True)
    listed = await ask("consent", "wording", "form", "--json")
    assert [each["version"] for each in listed.json["items"]] == [1, 2]
    assert (await ask("consent", "expiring", "--days", "30", "--json")).json["items"] == []
