"""How a number begins is kept with each part, where routing goes by that."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0004b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_part_queue", table_name="part")
    with op.batch_alter_table("part", recreate="always") as table:
        lane = sa.Column("lane", sa.Text(), server_default="", nullable=False)
        table.add_column(lane, insert_after="cause")
    queued = sa.text("status = 'queued'")
    op.create_index(
        "ix_part_queue",
        "part",
        ["lane", "priority", "message_id", "number"],
        unique=False,
        sqlite_where=queued,
        postgresql_where=queued,
    )
