"""All revisions from zero make the very tables that the code declares."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from gateway.store import schema_version
from gateway.store.schema import metadata

MIGRATIONS = Path(schema_version.__file__).with_name("migrations")


def definitions(path: Path) -> dict[str, set[str]]:
    """Return, for each table and index, the lines that define it, in any order."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
        ).fetchall()
    finally:
        connection.close()
    return {
        name: {line.strip().rstrip(",").strip() for line in sql.replace('"', "").splitlines()}
        for name, sql in rows
    }


def test_the_revisions_from_zero_are_the_metadata(tmp_path: Path) -> None:
    migrated = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    schema_version.upgrade(migrated)
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(declared)
    assert schema_version.current(migrated) == schema_version.HEAD
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated.dispose()
    declared.dispose()
    found, wanted = definitions(tmp_path / "migrated.db"), definitions(tmp_path / "declared.db")
    assert found.keys() == wanted.keys()
    assert {name: found[name] ^ wanted[name] for name in found if found[name] != wanted[name]} == {}


def test_the_head_is_the_last_revision_and_there_is_one_line_of_them() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [schema_version.HEAD]
