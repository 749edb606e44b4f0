"""The audit log is a chain, and the database refuses to change it. What is in it already is chained."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_continues BEFORE INSERT ON audit "
    "WHEN NEW.seq <> coalesce((SELECT max(seq) FROM audit), 0) + 1 "
    "OR NEW.prev <> coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), zeroblob(32)) "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows, each entry continuing the last'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_only_grows()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_only_grows()",
)
_RUN = 1000


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_audit_target", table_name="audit")
    op.execute("ALTER TABLE audit RENAME TO audit_before")
    audit = op.create_table(
        "audit",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    _chain(audit)
    op.drop_table("audit_before")
    op.create_index(op.f("ix_audit_target"), "audit", ["target"], unique=False)
    sqlite = op.get_context().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)


def _chain(audit: sa.Table) -> None:
    before = sa.table(
        "audit_before",
        *(sa.column(name) for name in ("seq", "at", "actor", "action", "target", "outcome")),
        sa.column("clauses", sa.JSON),
        sa.column("detail", sa.JSON),
    )
    insert = audit.insert().values(
        clauses=sa.bindparam("clauses", type_=sa.Text),
        detail=sa.bindparam("detail", type_=sa.Text),
        **{each.name: sa.bindparam(each.name) for each in audit.c if each.name not in ("clauses", "detail")},
    )
    connection, seq, prev = op.get_bind(), 0, "0" * 64
    for rows in connection.execute(sa.select(before).order_by(before.c.seq)).mappings().partitions(_RUN):
        linked = []
        for row in rows:
            seq += 1
            own = dict(row) | {"seq": seq, "at": _instant(row["at"]), "prev": prev}
            found = hashlib.sha256(_canonical(own).encode()).hexdigest()
            texts = {name: _canonical(row[name]) for name in ("clauses", "detail")}
            ends = {"prev": bytes.fromhex(prev), "hash": bytes.fromhex(found)}
            linked.append(dict(row) | texts | {"seq": seq} | ends)
            prev = found
        connection.execute(insert, linked)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _instant(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat(timespec="microseconds")
