"""The classroom: events of lessons' rooms, living app processes, reports, cards and seats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.types import UtcDateTime

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "classroom",
        _text("lesson_id", 64),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_classroom"),
    )
    op.create_table(
        "classroom_event",
        _text("lesson_id", 64),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        _instant("at"),
        _text("kind", 32),
        _text("actor", 80, nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "seq", name="pk_classroom_event"),
    )
    op.create_table(
        "classroom_instance",
        _text("id", 16),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_classroom_instance"),
    )
    op.create_table(
        "classroom_report",
        _text("id", 32),
        _text("lesson_id", 64),
        _instant("at"),
        _text("reporter", 80),
        _text("about", 80, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_classroom_report"),
    )
    op.create_index("ix_classroom_report_lesson_id", "classroom_report", ["lesson_id"])
    _cards_and_seats()


def _cards_and_seats() -> None:
    op.create_table(
        "classroom_card",
        _text("code_hash", 64),
        _text("student_id", 64),
        _text("class_group_id", 64),
        _instant("printed_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name="pk_classroom_card"),
    )
    op.create_index("ix_classroom_card_class_group_id", "classroom_card", ["class_group_id"])
    op.create_table(
        "classroom_seat",
        _text("token_hash", 64),
        _text("device_id", 32),
        _text("code_hash", 64),
        _text("student_id", 64),
        _text("class_group_id", 64),
        _text("lesson_id", 64),
        _instant("created_at"),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_classroom_seat"),
    )
    op.create_index("ix_classroom_seat_code_hash", "classroom_seat", ["code_hash"])


def downgrade() -> None:
    for table in (
        "classroom_seat",
        "classroom_card",
        "classroom_report",
        "classroom_instance",
        "classroom_event",
        "classroom",
    ):
        op.drop_table(table)
