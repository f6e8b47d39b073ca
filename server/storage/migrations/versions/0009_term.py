"""What is written on a term sheet: a step for a week without a common hour, and whose clock stays at a clock change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "term_note",
        sa.Column("series_id", sa.String(64), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64)),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "monday", name="pk_term_note"),
        sa.ForeignKeyConstraint(
            ["series_id"], ["lesson_series.id"], name="fk_term_note_series_id_lesson_series", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "clock_choice",
        sa.Column("series_id", sa.String(64), nullable=False),
        sa.Column("changes_at", _INSTANT, nullable=False),
        sa.Column("side", sa.String(1), nullable=False),
        sa.Column("by", sa.String(64)),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "changes_at", name="pk_clock_choice"),
        sa.ForeignKeyConstraint(
            ["series_id"], ["lesson_series.id"], name="fk_clock_choice_series_id_lesson_series", ondelete="CASCADE"
        ),
        sa.CheckConstraint("side IN ('a', 'b')", name="ck_clock_choice_side"),
    )


def downgrade() -> None:
    for name in ("clock_choice", "term_note"):
        op.drop_table(name)
