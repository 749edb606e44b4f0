"""An upgrade keeps what a key was made for: all that its person may do, or what it names."""

from __future__ import annotations

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from gateway.records import Scope
from gateway.roles import EVERY_SCOPE, NAMED_ONLY, scopes_named
from gateway.store import dialect, people, schema_version

EVERYTHING = [
    *("messages:send", "messages:read", "messages:approve", "inbox:read", "opt-outs:read", "opt-outs:write"),
    *("consents:read", "consents:write", "templates:read", "templates:write", "templates:approve"),
    *("modems:read", "events:read", "webhooks:write", "doubts:write"),
]


def test_3_2_a_key_that_named_no_scopes_has_those_that_came_later_and_another_has_not(tmp_path: Path) -> None:
    engine = dialect.engine(f"sqlite:///{tmp_path / 'store.db'}", writer=True, size=1)
    config = Config()
    config.set_main_option("script_location", str(Path(schema_version.__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(text("INSERT INTO person VALUES ('per_1', 'ann', x'00', 'active', NULL, NULL, 0)"))
        for ident, scopes in (("every", EVERYTHING), ("some", EVERYTHING[:3])):
            connection.execute(
                text(
                    "INSERT INTO api_key (id, person_id, kind, label, secret_hash, scopes, created_at, "
                    "expires_at) VALUES (:id, 'per_1', 'live', 'x', x'00', :scopes, 0, 1)"
                ),
                {"id": ident, "scopes": json.dumps(scopes)},
            )
    schema_version.upgrade(engine)
    with engine.connect() as connection, connection.begin():
        every, some = (people.key(connection, ident) for ident in ("every", "some"))
        assert every is not None
        assert some is not None
        assert every["scopes"] == [EVERY_SCOPE]
        assert scopes_named(every["scopes"]) == frozenset(Scope) - NAMED_ONLY
        assert scopes_named(some["scopes"]) == {Scope(name) for name in EVERYTHING[:3]}
    engine.dispose()


def test_what_must_be_named_is_had_only_by_name() -> None:
    assert Scope.KANNEL not in scopes_named([EVERY_SCOPE])
    assert scopes_named([EVERY_SCOPE, Scope.KANNEL.value]) >= {Scope.KANNEL, Scope.SEND}
    assert scopes_named(["messages:send", "no:such"]) == {Scope.SEND}
