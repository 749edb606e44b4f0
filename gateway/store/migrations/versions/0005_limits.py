"""What limits count, caps of keys, bank holidays, and the indexes that find what was sent lately."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "usage",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "span", name=op.f("pk_usage")),
    )
    op.create_table(
        "bank_holiday",
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("division", "day", name=op.f("pk_bank_holiday")),
    )
    with op.batch_alter_table("api_key", recreate="always") as table:
        table.add_column(sa.Column("per_minute", sa.Integer(), nullable=True), insert_after="networks")
        table.add_column(sa.Column("daily", sa.Integer(), nullable=True), insert_after="per_minute")
    with op.batch_alter_table("part", recreate="always") as table:
        table.add_column(sa.Column("wording", sa.Text(), nullable=True), insert_after="cause")
    _index("ix_message_quiet", "message", ["not_before"], "hold_reason = 'quiet_hours'")
    _index("ix_part_recent", "part", ["number_index", "not_before"], "wording IS NOT NULL")
    _index("ix_part_claimed", "part", ["sim", "claimed_at"], "sim IS NOT NULL")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=False, sqlite_where=only, postgresql_where=only)
