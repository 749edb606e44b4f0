"""Whatever happens, in whatever order: only another person's approval, in time, carries it out (3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.exc import IntegrityError

from gateway import approvals
from gateway.approvals import Asked
from gateway.errors import Conflict, ScopeMissing
from gateway.records import ApprovalKind, Caller, KeyKind, Scope
from gateway.store import Database, dialect, schema_version
from gateway.store import approvals as store
from gateway.store import templates as template_store
from gateway.store.schema import approval, person, template
from gateway.templates import Templates
from policy import PolicySettings

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
SETTINGS = PolicySettings.load()
END = NOW + timedelta(days=SETTINGS.approval_days)
PEOPLE = ("author", "other", "third")
IDENT = "tpl_1"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with three people and a template that waits for its second person."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}"
    made = dialect.engine(url, writer=True, size=1)
    schema_version.upgrade(made)
    with made.connect() as connection, connection.begin():
        for handle in PEOPLE:
            row = {"id": handle, "handle": handle, "name_sealed": b"", "status": "active", "created_at": NOW}
            connection.execute(insert(person).values(row))
        template_store.add(
            connection,
            {
                "id": IDENT,
                "name": "closure",
                "language": "en",
                "purpose": "important_info",
                "body": "The school is closed today.",
                "slots": {},
                "urgent": False,
                "on_doubt": "ask",
                "status": "draft",
                "author_id": "author",
                "created_at": NOW,
            },
        )
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    nowhere = Database(f"sqlite:///{tmp_path_factory.mktemp('none') / 'none.db'}")  # carried out without it
    return Templates(nowhere, SETTINGS, lambda: NOW)


def caller(handle: str, *scopes: Scope) -> Caller:
    return Caller("key", KeyKind.LIVE, handle, handle, frozenset(scopes or Scope))


def ask(connection: Connection, templates: Templates) -> Asked:
    row = template_store.one(connection, IDENT)
    assert row is not None
    return templates._ask(connection, row, NOW)


def fresh(connection: Connection, asked: Asked) -> Asked:
    row = store.one(connection, asked.id)
    assert row is not None
    return approvals.asked_of(row)


def status(connection: Connection) -> str:
    row = template_store.one(connection, IDENT)
    assert row is not None
    return str(row["status"])


Step = Callable[[Connection, Templates, Asked, str], object]

HAPPENINGS: dict[str, Step] = {
    "approve": lambda c, t, a, who: approvals.approve(c, t, a, caller(who), NOW),
    "approve late": lambda c, t, a, who: approvals.approve(c, t, a, caller(who), END),
    "approve without the scope": lambda c, t, a, who: approvals.approve(
        c, t, a, caller(who, Scope.APPROVALS), NOW
    ),
    "refuse": lambda c, t, a, who: approvals.refuse(c, t, a, caller(who), NOW, None),
    "expire": lambda c, t, a, _: approvals.expire(c, t, a, END),
    "change": lambda c, _t, _a, _: c.execute(update(template).values(body="The school is open today.")),
    "retire": lambda c, _t, _a, _: template_store.retire(c, IDENT, NOW),
}


def happen(connection: Connection, templates: Templates, asked: Asked, step: tuple[str, str]) -> None:
    """Let one thing happen, whether it may or not."""
    what, who = step
    with suppress(Conflict, ScopeMissing):
        HAPPENINGS[what](connection, templates, fresh(connection, asked), who)


STEPS = st.tuples(st.sampled_from(list(HAPPENINGS)), st.sampled_from(PEOPLE))


def should_be_carried_out(steps: list[tuple[str, str]]) -> bool:
    """Say it again in plain words: the first thing that counts is another person's approval."""
    for what, who in steps:
        if what == "approve without the scope" or (who == "author" and what.startswith("approve")):
            continue
        return what == "approve"
    return False


@settings(deadline=None)
@given(steps=st.lists(STEPS, max_size=6))
def test_3_3_only_the_first_word_of_another_person_in_time_carries_it_out(
    engine: Engine, templates: Templates, steps: list[tuple[str, str]]
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        asked = ask(connection, templates)
        for step in steps:
            happen(connection, templates, asked, step)
            if step[0] == "retire":
                break
        carried_out = store.one(connection, asked.id)
        assert carried_out is not None
        wanted = should_be_carried_out(steps)
        assert (carried_out["outcome"] == "approved") == wanted
        if "retire" not in {what for what, _ in steps}:
            assert (status(connection) == "approved") == wanted
        transaction.rollback()


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(STEPS, max_size=4), at=st.integers(0, 4))
def test_expiring_or_voiding_an_approval_never_turns_a_refusal_into_a_permission(
    engine: Engine, templates: Templates, steps: list[tuple[str, str]], at: int
) -> None:
    """The same story with an expiry or a change put in is never carried out where it was not before."""
    outcomes = []
    for story in (
        steps,
        [*steps[:at], ("expire", "third"), *steps[at:]],
        [*steps[:at], ("change", ""), *steps[at:]],
    ):
        with engine.connect() as connection, connection.begin() as transaction:
            asked = ask(connection, templates)
            for step in story:
                happen(connection, templates, asked, step)
            outcomes.append(fresh(connection, asked).outcome == "approved")
            transaction.rollback()
    assert all(worse <= outcomes[0] for worse in outcomes[1:])


def test_the_database_itself_refuses_an_approval_by_who_asked(engine: Engine, templates: Templates) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        asked = ask(connection, templates)
        own = update(approval).where(approval.c.id == asked.id)
        with pytest.raises(IntegrityError, match="approved_by_another_person"):
            connection.execute(own.values(outcome="approved", decided_by="author", decided_at=NOW))
        with pytest.raises(IntegrityError, match="approved_by_another_person"):
            connection.execute(own.values(outcome="approved", decided_by=None, decided_at=NOW))
        transaction.rollback()


def test_the_same_is_asked_once_at_a_time(engine: Engine, templates: Templates) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        asked = ask(connection, templates)
        with pytest.raises(Conflict, match="already asked"):
            ask(connection, templates)
        assert approvals.pending(connection, ApprovalKind.TEMPLATE, IDENT) == asked
        approvals.refuse(connection, templates, asked, caller("author"), NOW, None)
        assert approvals.pending(connection, ApprovalKind.TEMPLATE, IDENT) is None
        transaction.rollback()
