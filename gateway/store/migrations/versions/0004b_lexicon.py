"""The organisation's own words."""

import sqlalchemy as sa
from alembic import op

revision = "0004b"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lexicon",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("approver_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'retired', 'refused')", name=op.f("ck_lexicon_status")
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR approver_id <> author_id",
            name=op.f("ck_lexicon_author_is_never_approver"),
        ),
        sa.CheckConstraint(
            "status <> 'published' OR approver_id IS NOT NULL", name=op.f("ck_lexicon_published_by_a_person")
        ),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_lexicon_approver_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_lexicon_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon")),
        sa.UniqueConstraint("version", name=op.f("uq_lexicon_version")),
    )
    op.create_index(
        "uq_lexicon_published",
        "lexicon",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
    )
