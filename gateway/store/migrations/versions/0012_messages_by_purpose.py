"""A person's messages are found by their purpose."""

from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_message_purpose", "message", ["person_id", "purpose", "id"], unique=False)
