"""The networks that a key may be used from."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("api_key", recreate="always") as table:
        table.add_column(sa.Column("networks", sa.JSON(), nullable=True), insert_after="templates")
