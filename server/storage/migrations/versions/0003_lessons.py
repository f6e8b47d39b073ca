"""Scheduled lessons, their notices and their attendance; the demo lesson is a constant now and loses its tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.types import UtcDateTime

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.drop_table("lesson_person")
    op.drop_table("lesson")
    _create_lessons()
    _create_attendance()


def _create_lessons() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("title_zh", sa.String(200), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.String(1), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("start", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("adults_needed", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lesson"),
        sa.CheckConstraint("anchor IN ('a', 'b')", name="ck_lesson_anchor"),
    )
    op.create_index("ix_lesson_state", "lesson", ["state"])
    op.create_index("ix_lesson_date", "lesson", ["date"])
    op.create_table(
        "lesson_side",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(1), nullable=False),
        sa.Column("school_id", sa.String(64), nullable=False),
        sa.Column("class_group_id", sa.String(64), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("confirmed_by", sa.String(64)),
        sa.Column("confirmed_at", UtcDateTime()),
        sa.Column("attendance_signed_by", sa.String(64)),
        sa.Column("attendance_signed_at", UtcDateTime()),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "key", name="pk_lesson_side"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_lesson_side_lesson_id_lesson", ondelete="CASCADE"
        ),
        sa.CheckConstraint("key IN ('a', 'b')", name="ck_lesson_side_key"),
    )
    op.create_index("ix_lesson_side_school_id", "lesson_side", ["school_id"])
    op.create_index("ix_lesson_side_class_group_id", "lesson_side", ["class_group_id"])
    op.create_table(
        "lesson_adult",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(1), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "account_id", name="pk_lesson_adult"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_lesson_adult_lesson_id_lesson", ondelete="CASCADE"
        ),
        sa.CheckConstraint("key IN ('a', 'b')", name="ck_lesson_adult_key"),
        sa.CheckConstraint("part IN ('lead', 'co_teacher', 'substitute')", name="ck_lesson_adult_part"),
    )
    op.create_index("ix_lesson_adult_account_id", "lesson_adult", ["account_id"])
    op.create_table(
        "lesson_notice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(64)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("read_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_notice"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_lesson_notice_lesson_id_lesson", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_lesson_notice_account_id", "lesson_notice", ["account_id"])


def _create_attendance() -> None:
    op.create_table(
        "attendance_presence",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("sid", sa.String(64), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("room_sid", sa.String(64), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime()),
        sa.Column("left_by", sa.String(16)),
        sa.Column("is_interrupted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "sid", name="pk_attendance_presence"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_attendance_presence_lesson_id_lesson", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "attendance_correction",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("intervals", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "person", "seq", name="pk_attendance_correction"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_attendance_correction_lesson_id_lesson", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "webhook_seen",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_seen"),
    )
    op.create_index("ix_webhook_seen_at", "webhook_seen", ["at"])


def downgrade() -> None:
    for table in (
        "webhook_seen",
        "attendance_correction",
        "attendance_presence",
        "lesson_notice",
        "lesson_adult",
        "lesson_side",
        "lesson",
    ):
        op.drop_table(table)
    op.create_table(
        "lesson",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("room", sa.String(128), nullable=False, unique=True),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("title_zh", sa.String(200), nullable=False),
        sa.Column("is_always_live", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "lesson_person",
        sa.Column("lesson_id", sa.ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seat", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("place_en", sa.String(200), nullable=False),
        sa.Column("place_zh", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
    )
