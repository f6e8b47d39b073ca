"""Private calendar addresses, answers by a link in a mail, series of lessons, and the school files of the scheduler."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_calendar_feed"),
        sa.UniqueConstraint("token_hash", name="uq_calendar_feed_token_hash"),
    )
    op.create_table(
        "answer_link",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_answer_link"),
    )
    op.create_index("ix_answer_link_lesson_id", "answer_link", ["lesson_id"])
    op.create_table(
        "lesson_series",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("anchor", sa.String(1), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64)),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_series"),
        sa.CheckConstraint("anchor IN ('a', 'b')", name="ck_lesson_series_anchor"),
    )
    op.create_table(
        "lesson_of_series",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("series_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_lesson_of_series"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_lesson_of_series_lesson_id_lesson", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["lesson_series.id"], name="fk_lesson_of_series_series_id_lesson_series", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_lesson_of_series_series_id", "lesson_of_series", ["series_id"])
    op.create_table(
        "school_file",
        sa.Column("school_id", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(64)),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("school_id", name="pk_school_file"),
    )


def downgrade() -> None:
    for name in ("school_file", "lesson_of_series", "lesson_series", "answer_link", "calendar_feed"):
        op.drop_table(name)
