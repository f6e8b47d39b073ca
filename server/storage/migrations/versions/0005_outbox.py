"""Letters that wait for the mail server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "outbox_letter",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("not_after", instant),
        sa.Column("next_try_at", instant, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_until", instant),
        sa.Column("sent_at", instant),
        sa.Column("given_up_at", instant),
        sa.Column("error", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_letter"),
        sa.UniqueConstraint("key", name="uq_outbox_letter_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_letter_waiting", "outbox_letter", ["sent_at", "given_up_at", "next_try_at"])


def downgrade() -> None:
    op.drop_table("outbox_letter")
