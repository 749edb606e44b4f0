"""Nothing that a message meets on its way goes through all that was ever sent or came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.store.test_plans import scans
from tests.system.site import SLOTS, eventually, number, site
from tests.system.view import count

pytestmark = pytest.mark.system

ANNA, BEN, CARA = (number(index) for index in (1, 2, 3))
NIGHTLY = "SELECT count(*) FROM audit WHERE action = 'purge'"


@pytest.fixture
def asked() -> Iterator[set[str]]:
    """What connections that are opened from now on ask the database."""
    found: set[str] = set()

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(found.add)

    event.listen(Engine, "connect", listen)
    yield found
    event.remove(Engine, "connect", listen)


def looks_at_the_end(plain: sqlite3.Connection, question: str) -> bool:
    """Return whether it reads the first rows in the order of their numbers and no more."""
    sorts = any("TEMP B-TREE" in step[-1] for step in plain.execute(f"EXPLAIN QUERY PLAN {question}"))
    return " LIMIT " in question and "WHERE" not in question and not sorts


async def test_no_question_in_the_life_of_a_message_goes_through_all_of_them(
    tmp_path: Path, asked: set[str]
) -> None:
    async with site(tmp_path, numbers=[ANNA, BEN, CARA]) as made:
        await eventually(lambda: count(tmp_path, NIGHTLY) == 1, what="the nightly work, which may")
        asked.clear()
        for to in (ANNA, BEN):
            await made.reaches(await made.post(to), "delivered")
        batch = {"template": "trip", "slots": SLOTS, "recipients": [{"to": to} for to in (BEN, CARA)]}
        assert (await made.call("POST", "/v1/batches", batch))[0] == 202
        made.network.text(ANNA, "sim0", "STOP")
        made.network.text(BEN, "sim0", "Thank you very much indeed. " * 12)
        made.network.text(CARA, "sim0", "please do not send these to me")
        await eventually(lambda: len(made.texts(ANNA)) == 2, what="the confirmation")
        await eventually(lambda: count(tmp_path, "SELECT count(*) FROM inbox") == 3, what="the replies")
        for place in ("/v1/opt-outs/holds", "/v1/doubts", "/v1/alerts"):
            assert (await made.call("GET", place, who="head"))[0] == 200, place
        for place in ("/metrics", "/readyz"):
            async with made.session.get(made.url + place) as answer:  # type: ignore[union-attr]
                assert answer.status == 200, place
    questions = {each for each in asked if each.startswith(("SELECT", "UPDATE", "WITH", "DELETE"))}
    assert len(questions) > 50
    with closing(sqlite3.connect(tmp_path / "schoolgate.db")) as plain:
        found = {each: list(scans(plain, each)) for each in questions if not looks_at_the_end(plain, each)}
    assert {question: steps for question, steps in found.items() if steps} == {}
