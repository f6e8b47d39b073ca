"""The first tables: a lesson and the people who are expected in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("room", sa.String(128), nullable=False),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("title_zh", sa.String(200), nullable=False),
        sa.Column("is_always_live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lesson"),
        sa.UniqueConstraint("room", name="uq_lesson_room"),
    )
    op.create_table(
        "lesson_person",
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("place_en", sa.String(200), nullable=False),
        sa.Column("place_zh", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "seat", name="pk_lesson_person"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name="fk_lesson_person_lesson_id_lesson", ondelete="CASCADE"
        ),
        sa.CheckConstraint("side IN ('tw', 'us')", name="ck_lesson_person_side"),
    )


def downgrade() -> None:
    op.drop_table("lesson_person")
    op.drop_table("lesson")
