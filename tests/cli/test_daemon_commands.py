"""The commands that speak to the daemon, against a real one: store, policy, modem and handsets."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ask, give_keys
from tests.system.site import Site, eventually, number, revived, site

PARENT, OTHER, STRANGER = number(101), number(102), number(199)
SLOTS = ("--slot", "place=the museum", "--slot", "day=Friday")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Site]:
    """A running site, with a key file for each of its people."""
    async with site(tmp_path, numbers=[PARENT, OTHER]) as running:
        give_keys(running)
        yield running


async def test_a_message_is_sent_and_its_decisions_are_told(made: Site, ask: Ask) -> None:
    sent = await ask("send", PARENT, "trip", *SLOTS, "--reference", "trip-7", "--wait", 15, "--json")
    assert sent.code == 0, sent.err
    message = sent.json
    assert message["status"] == "delivered"
    assert made.texts(PARENT) == [message["text"]]
    (listed,) = (await ask("messages", "list", "--reference", "trip-7", "--json")).json["items"]
    assert listed["id"] == message["id"]
    why = await ask("messages", "why", message["id"], "--json")
    assert [each["action"] for each in why.json["items"]] == ["submit", "hand-off"]
    assert "hand-off" in (await ask("message", "why", message["id"])).out
    assert PARENT in (await ask("messages", "show", message["id"])).out
    late = await ask("messages", "cancel", message["id"])
    assert (late.code, "NOT_CANCELLABLE" in late.err) == (1, True)


async def test_a_refusal_names_its_clause_and_nothing_is_printed(made: Site, ask: Ask) -> None:
    refused = await ask("send", STRANGER, "trip", *SLOTS, "--json")
    assert refused.code == 1
    assert "(CONSENT_MISSING, clause 7.2)" in refused.err
    assert refused.out == ""
    invalid = await ask("send", PARENT, "trip", "--slot", "place=the clinic", "--slot", "day=Friday")
    assert (invalid.code, "SLOT_INVALID, clause 3.3" in invalid.err) == (1, True)
    assert (made.texts(STRANGER), made.texts(PARENT)) == ([], [])


async def test_a_dry_run_sends_nothing(made: Site, ask: Ask) -> None:
    allowed = await ask("send", PARENT, "trip", *SLOTS, "--check", "--json")
    assert (allowed.code, allowed.json["outcome"], allowed.json["parts"]) == (0, "ALLOW", 1)
    denied = await ask("send", STRANGER, "trip", *SLOTS, "--check", "--json")
    assert (denied.code, denied.json["outcome"]) == (1, "DENY")
    assert (await ask("messages", "list", "--json")).json["items"] == []


async def test_the_same_idempotency_key_sends_once(made: Site, ask: Ask) -> None:
    words = ("send", PARENT, "trip", *SLOTS, "--idempotency-key", "k1", "--json")
    first, second = await ask(*words), await ask(*words)
    assert first.json["id"] == second.json["id"]
    other = await ask("send", OTHER, "trip", *SLOTS, "--idempotency-key", "k1")
    assert (other.code, "IDEMPOTENCY_CONFLICT" in other.err) == (1, True)
    await made.reaches(first.json["id"], "delivered")
    assert len(made.texts(PARENT)) == 1


async def test_keys_that_may_not_are_turned_away(ask: Ask, tmp_path: Path) -> None:
    scope = await ask("send", PARENT, "trip", *SLOTS, who="author")
    assert (scope.code, "SCOPE_MISSING" in scope.err) == (77, True)
    (tmp_path / "office.key").write_text("sg_live_nonsense")
    assert (await ask("inbox")).code == 77


async def test_a_template_takes_two_people(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(
        'name = "late"\npurpose = "service_update"\nbody = "The bus is late: {why}."\n'
        '[slots.why]\ntype = "choice"\nchoices = ["roadworks", "snow"]\n'
    )
    drafted = (await ask("template", "draft", "late.toml", "--json", who="author")).json
    assert (drafted["status"], drafted["version"]) == ("draft", 1)
    approved = await ask("template", "approve", drafted["id"], "--json", who="head")
    assert approved.json["approver"] == "head"
    assert "roadworks" in (await ask("template", "show", drafted["id"])).out
    listed = (await ask("template", "list", "--name", "late", "--json")).json["items"]
    assert [each["status"] for each in listed] == ["approved"]
    retired = await ask("template", "retire", drafted["id"], "--json", who="head")
    assert retired.json["status"] == "retired"


async def test_a_faulty_template_is_told_field_by_field(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "Bad One"\npurpose = "fun"\nbody = "Hello {who}"\n')
    ended = await ask("template", "draft", "bad.toml", who="author")
    assert ended.code == 2
    assert "name" in ended.err
    (tmp_path / "bad.toml").write_text("name = ")
    assert (await ask("template", "draft", "bad.toml", who="author")).code == 2
    assert (await ask("template", "draft", "gone.toml", who="author")).code == 1


async def test_consents_come_singly_and_by_list_and_end(ask: Ask, tmp_path: Path) -> None:
    how = ("--purpose", "event_notice", "--method", "spoken", "--wording", "2026-09", "--evidence", "call 7")
    added = await ask("consent", "add", STRANGER, *how, "--given-at", "2026-09-01", "--json")
    assert added.code == 0, added.err
    (entry,) = added.json["items"]
    assert entry["number"] == STRANGER
    ended = await ask("consent", "withdraw", entry["id"], "--json")
    assert ended.json["withdrawn_at"] is not None
    (tmp_path / "list.csv").write_text(
        "number,purposes,method,wording,evidence,given_at\n"
        f"{number(150)},event_notice,paper_form,2026-09,folder 1,2026-09-01\n"
    )
    assert (await ask("consent", "import", "list.csv", "--json")).json["imported"] == 1
    listed = await ask("consent", "list", "--number", number(150), "--json")
    assert len(listed.json["items"]) == 1


async def test_a_faulty_line_of_a_list_is_named_and_nothing_is_kept(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "number,purposes,method,wording,evidence,given_at\n"
        f"{number(150)},event_notice,paper_form,2026-09,folder 1,2026-09-01\n"
        "none,event_notice,paper_form,2026-09,folder 1,2026-09-01\n"
    )
    ended = await ask("consent", "import", "list.csv")
    assert (ended.code, "line 3" in ended.err) == (2, True)
    assert (await ask("consent", "list", "--number", number(150), "--json")).json["items"] == []


async def test_an_opt_out_by_staff_binds_the_next_message(ask: Ask) -> None:
    made = await ask("opt-out", "add", PARENT, "--json")
    assert made.json["made_by"] == "office"
    assert len((await ask("opt-out", "list", "--number", PARENT, "--json")).json["items"]) == 1
    refused = await ask("send", PARENT, "trip", *SLOTS)
    assert (refused.code, "clause 6.2" in refused.err) == (1, True)


async def test_a_doubtful_reply_waits_until_a_person_has_read_it(made: Site, ask: Ask) -> None:
    reply = "Please could you take our family off this list, thank you"
    made.network.text(PARENT, "sim0", reply)

    async def held() -> Any:
        return (await ask("opt-out", "holds", "--json")).json["items"]

    (hold,) = await eventually(held, what="the hold")
    assert reply in (await ask("opt-out", "holds")).out
    paused = await ask("send", PARENT, "trip", *SLOTS)
    assert (paused.code, "RECIPIENT_ON_HOLD" in paused.err) == (75, True)
    assert (await ask("opt-out", "resolve", hold["id"], "perhaps")).code == 2
    assert (await ask("opt-out", "resolve", hold["id"], "not_an_opt_out")).code == 0
    assert (await ask("send", PARENT, "trip", *SLOTS)).code == 0
    assert (await ask("opt-out", "resolve", hold["id"], "opt_out")).code == 1


async def test_the_inbox_shows_what_came_without_its_tricks(made: Site, ask: Ask) -> None:
    made.network.text(PARENT, "sim0", "Ok \x1b[2J [bold]thanks[/] \u202e")

    async def came() -> Any:
        return (await ask("inbox", "--json")).json["items"]

    (message,) = await eventually(came, what="the reply")
    assert message["text"] == "Ok \x1b[2J [bold]thanks[/] \u202e"
    shown = (await ask("inbox")).out
    assert "[bold]thanks[/]" in shown
    assert not set(shown) & {"\x1b", "\u202e"}


async def test_a_batch_tells_who_was_refused_and_how_the_rest_goes(
    made: Site, ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "parents.csv").write_text(f"number,reference,day\n{PARENT},a,Friday\n{STRANGER},b,Monday\n")
    words = ("batch", "send", "parents.csv", "trip", "--slot", "place=the farm", "--follow")
    answer = await ask(*words, "--json")
    assert (answer.code, answer.json["accepted"], answer.json["refused"]) == (0, 1, 1)
    assert answer.json["messages"] == {"delivered": 1}
    assert [text for text in made.texts(PARENT) if "the farm" in text]
    (tmp_path / "parents.csv").write_text(f"number,reference,day\n{PARENT},c,Friday\n{STRANGER},d,Monday\n")
    table = await ask(*words)
    assert "clause 7.2" in table.err
    assert "lines of the file: 3" in table.err
    assert (await ask("batch", "show", answer.json["id"], "--json")).json["status"] == "released"


async def test_a_large_batch_waits_for_a_second_person(made: Site, ask: Ask, tmp_path: Path) -> None:
    lines = "".join(f"{PARENT},Friday\n" for _ in range(21))
    (tmp_path / "many.csv").write_text("number,day\n" + lines)
    held = (await ask("batch", "send", "many.csv", "trip", "--slot", "place=the farm", "--json")).json
    assert held["status"] == "held"
    own = await ask("batch", "approve", held["id"])
    assert own.code == 77  # the office has no such role
    cancelled = await ask("batch", "cancel", held["id"], "--json")
    assert cancelled.json["messages"] == {"cancelled": 21}
    assert made.texts(PARENT) == []


@pytest.mark.parametrize("content", ["", "name\nx\n", f"number,day\n{PARENT}\n", "\xff"])
async def test_a_file_that_is_no_list_is_a_usage_error(ask: Ask, tmp_path: Path, content: str) -> None:
    (tmp_path / "list.csv").write_bytes(content.encode("latin-1"))
    ended = await ask("batch", "send", "list.csv", "trip")
    assert (ended.code, "list.csv" in ended.err) == (2, True)


async def test_the_status_is_one_screen(made: Site, ask: Ask) -> None:
    found = (await ask("status", "--json")).json
    assert found["ready"] is True
    assert found["queue"] == 0
    assert found["holds"] == 0
    assert [modem["phase"] for modem in found["modems"]] == ["ready"]
    text = await ask("status")
    assert text.code == 0
    assert "sim0" in text.out
    assert "sim0" in (await ask("modem", "list")).out
    limited = (await ask("status", "--json", who="author")).json
    assert (limited["ready"], limited["modems"], limited["holds"]) == (True, None, None)


async def test_the_status_says_why_the_gateway_is_not_ready(made: Site, ask: Ask) -> None:
    made.modems[0].fault("deregister")

    async def unready() -> Any:
        ended = await ask("status", "--json")
        return ended if ended.code else None

    ended = await eventually(unready, what="the modem to be missed")
    assert ended.code == 1
    assert any("modem" in reason for reason in ended.json["reasons"])


async def test_a_watch_outlives_a_restart_of_the_gateway_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    async with site(tmp_path) as first:
        give_keys(first)
        words = ("status", "--watch", "--json", "--key-file", "office.key")
        watch = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "gateway.cli"),
            *words,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
        )
        assert watch.stdout is not None
        assert json.loads(await watch.stdout.readline())["ready"] is True
    while (found := json.loads(await watch.stdout.readline()))["ready"]:
        pass
    assert any("no daemon answers" in reason for reason in found["reasons"])
    async with revived(tmp_path):
        while not json.loads(await watch.stdout.readline())["ready"]:
            pass
        watch.send_signal(signal.SIGINT)
        assert await watch.wait() == 130
