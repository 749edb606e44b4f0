"""Contacts and groups; wordings of consent and its confirmation by text; suspect numbers; kinds of holds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _contacts()
    _consents()
    _numbers()


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("number_index", "name_index", name=op.f("uq_contact_number_index_name_index")),
    )
    op.create_index(op.f("ix_contact_number_index"), "contact", ["number_index"], unique=False)
    op.create_table(
        "contact_group",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_group")),
        sa.UniqueConstraint("name", name=op.f("uq_contact_group_name")),
    )
    op.create_table(
        "membership",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_membership_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["contact_group.id"], name=op.f("fk_membership_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "contact_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_contact_id"), "membership", ["contact_id"], unique=False)
    op.create_index(op.f("ix_membership_number_index"), "membership", ["number_index"], unique=False)


def _consents() -> None:
    with op.batch_alter_table("consent", recreate="always") as table:
        table.add_column(sa.Column("wording_id", sa.Text(), nullable=True), insert_after="wording")
    op.create_table(
        "wording",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_wording_name_version")),
    )
    op.create_table(
        "opt_in",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_id", sa.Text(), nullable=True),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'confirmed', 'lapsed')", name=op.f("ck_opt_in_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_in")),
    )
    op.create_index(
        "uq_opt_in_waiting",
        "opt_in",
        ["number_index"],
        unique=True,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )


def _numbers() -> None:
    op.create_table(
        "suspect_number",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('failures', 'wrong_number', 'staff')", name=op.f("ck_suspect_number_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspect_number")),
    )
    op.create_index(
        "uq_suspect_number_open",
        "suspect_number",
        ["number_index"],
        unique=True,
        sqlite_where=sa.text("verified_at IS NULL"),
        postgresql_where=sa.text("verified_at IS NULL"),
    )
    with op.batch_alter_table("recipient_hold", recreate="always") as table:
        table.add_column(
            sa.Column("kind", sa.Text(), server_default="refusal", nullable=False), insert_after="inbox_id"
        )
