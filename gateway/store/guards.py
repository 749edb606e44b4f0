"""Triggers by which the database itself keeps the audit log as it was written (clause 1.3).

An entry can only be added at the end, and only where it continues the last one. Whoever can drop a trigger
can still change entries; the hashes show it then.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, Table, event

SQLITE: Final = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    # INSERT OR REPLACE removes a row without asking audit_no_delete: so this one asks for the place, too.
    "CREATE TRIGGER audit_continues BEFORE INSERT ON audit "
    "WHEN NEW.seq <> coalesce((SELECT max(seq) FROM audit), 0) + 1 "
    "OR NEW.prev <> coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), zeroblob(32)) "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows, each entry continuing the last'); END",
)
POSTGRESQL: Final = (
    "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_only_grows()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_only_grows()",
)


def guard(audit: Table) -> None:
    """Have the triggers made together with the table."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            made = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(audit, "after_create", made)
