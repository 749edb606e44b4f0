"""What is asked again and again never looks through all that was ever sent: an index answers it.

Where there are a million messages, a question that scans them takes a second, every second.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from gateway.model import Status
from gateway.store import Keyring, alerts, dialect, doubts, inbox, lifecycle, limits, messages, outbox, quiet
from gateway.store.schema import metadata

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = ("message", "part", "audit", "event", "inbound", "inbox")
PART = {"number_index": b"a", "concat_reference": 1, "concat_total": 2, "concat_wide": False}
KEYRING = Keyring(keys={}, current=1, index_key=b"", token_key=b"")  # nothing is there to be opened
ASKED: dict[str, Callable[[Connection], object]] = {
    "due": lambda c: lifecycle.something_due(c, NOW),
    "in doubt": lambda c: lifecycle.in_doubt(c, Status.UNCERTAIN, "main"),
    "begun": lambda c: lifecycle.in_doubt(c, Status.SENDING, "main"),
    "doubts": lambda c: doubts.unsettled(c, None),
    "a window": lambda c: quiet.any_due(c, NOW),
    "queued": lambda c: outbox.any_due(c, NOW),
    "next": lambda c: outbox.next_queued(c, KEYRING, "sim0", NOW),
    "next of lanes": lambda c: outbox.next_queued(c, KEYRING, "sim0", NOW, outbox.Course(("", "a"), 40)),
    "left for later, at the start": lambda c: inbox.of_kind(c, "pending"),
    "parts that came": lambda c: inbox.of_kind(c, "part", before=NOW),
    "reports of a number that fit nothing": lambda c: inbox.parked(c, b"a"),
    "parts of a message that comes": lambda c: inbox.parts_like(c, PART),
    "lanes, at the start": lambda c: outbox.keep_to_lanes(c, ["a", "b"]),
    "waiting": outbox.waiting,
    "a clock set back": lambda c: outbox.hurry(c, NOW),
    "ages": lambda c: alerts.ages(c, NOW),
    "open counts": messages.open_counts,
    "batches accepting": messages.batches_accepting,
    "batches unsettled": messages.batches_unsettled,
    "expired": lambda c: lifecycle.expire_due(c, NOW),
    "scheduled": lambda c: lifecycle.release_scheduled(c, NOW, 40),
    "windows opened": lambda c: quiet.let_go(c, NOW),
    "waiting for a window": quiet.waiting,
    "what a number got": lambda c: limits.recent(c, [b"a"], NOW - DAY, NOW + DAY),
    "what numbers got": lambda c: limits.recent(c, [b"a", b"b"], NOW - DAY, NOW + DAY),
    "what a SIM was given": lambda c: limits.given(c, "sim", NOW - DAY),
    "what a SIM was given lately": lambda c: limits.given_lately(c, "sim", NOW - DAY),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("plans") / "store.db"
    engine = dialect.engine(f"sqlite:///{made}", writer=True, size=1)
    metadata.create_all(engine)
    engine.dispose()
    return made


def questions_of(path: Path, ask: Callable[[Connection], object]) -> list[str]:
    """Return the SQL of what is asked."""
    asked: list[str] = []
    engine = dialect.engine(f"sqlite:///{path}", writer=True, size=1)

    @event.listens_for(engine, "connect")
    def _listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(asked.append)

    with engine.connect() as connection, connection.begin():
        ask(connection)
    engine.dispose()
    questions = [each for each in asked if each.lstrip().upper().startswith(("SELECT", "UPDATE", "WITH"))]
    assert questions
    return questions


@pytest.mark.parametrize("name", ASKED)
def test_no_question_of_every_second_scans(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as plain:
        for question in questions_of(path, ASKED[name]):
            assert list(scans(plain, question)) == [], question


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({}, "ix_message_person"),
        ({"since": NOW, "until": NOW + DAY}, "ix_message_person"),
        ({"status": Status.FAILED}, "ix_message_status"),
        ({"among": [Status.FAILED, Status.UNCERTAIN]}, "ix_message_status"),
        ({"purpose": "emergency"}, "ix_message_purpose"),
        ({"purpose": "emergency", "status": Status.DELIVERED}, "ix_message_purpose"),
        ({"purpose": "event_notice", "status": Status.FAILED}, "ix_message_status"),
        ({"reference": "r1", "purpose": "emergency", "status": Status.FAILED}, "ix_message_reference"),
        ({"batch_id": "bat_1", "status": Status.DELIVERED, "purpose": "emergency"}, "ix_message_batch_id"),
    ],
)
def test_messages_are_listed_by_the_index_that_leads_to_the_fewest(
    path: Path, given: dict[str, Any], index: str
) -> None:
    wanted = messages.Filter(person_id="per_1", **given)
    for before in (None, "msg_1"):
        (question,) = questions_of(path, lambda c, b=before: messages.page(c, wanted, b, 50))  # type: ignore[misc]
        with closing(sqlite3.connect(path)) as plain:
            steps = [row[-1] for row in plain.execute(f"EXPLAIN QUERY PLAN {question}")]
        assert f"USING INDEX {index} " in steps[0] + " ", steps


def scans(plain: sqlite3.Connection, question: str) -> Iterator[str]:
    """Return which steps of a plan go through a whole table, or an index of all its rows.

    An index of some rows, such as those that wait, is as short as there are such rows.
    """
    partial = plain.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE % WHERE %'")
    short = {name for name, sql in partial if " IS NOT NULL" not in sql}  # nearly all rows have a value
    tables = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", question)}
    for *_, step in plain.execute(f"EXPLAIN QUERY PLAN {question}"):
        found = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
        if found and tables.get(found[1], found[1]) in MANY and found[2] not in short:
            yield step
        if "AUTOMATIC" in step:  # an index made for this one question, of a whole table
            yield step


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM part",
        "SELECT * FROM part AS earlier WHERE lane = 'a'",
        "SELECT message_id, number FROM part",
        "SELECT * FROM part WHERE mr IS NOT NULL",
        "SELECT wording FROM part WHERE wording IS NOT NULL",
        "UPDATE part SET lane = '' WHERE status IN ('held', 'queued', 'scheduled')",
    ],
)
def test_a_scan_is_seen(path: Path, question: str) -> None:
    with closing(sqlite3.connect(path)) as plain:
        assert list(scans(plain, question)) != []
