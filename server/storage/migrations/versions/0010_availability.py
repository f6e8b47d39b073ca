"""Hours painted on real dates, whose classes they count for, and calendars that are read from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "painting",
        sa.Column("owner_kind", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(64)),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", name="pk_painting"),
    )
    op.create_table(
        "painted_hour",
        sa.Column("owner_kind", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", "on_date", "start_minute", name="pk_painted_hour"),
        sa.CheckConstraint("state IN ('cannot', 'reluctantly', 'gladly')", name="ck_painted_hour_state"),
        sa.CheckConstraint(
            "start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440", name="ck_painted_hour_minutes"
        ),
    )
    op.create_table(
        "class_group_teacher",
        sa.Column("class_group_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("class_group_id", "account_id", name="pk_class_group_teacher"),
    )
    op.create_index("ix_class_group_teacher_account_id", "class_group_teacher", ["account_id"])
    op.create_table(
        "outside_calendar",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("owner_kind", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("etag", sa.String(200), nullable=False),
        sa.Column("last_modified", sa.String(100), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.Column("covers_until", sa.Date(), nullable=False),
        sa.Column("next_read_at", _INSTANT, nullable=False),
        sa.Column("claimed_until", _INSTANT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(64), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outside_calendar"),
    )
    op.create_index("ix_outside_calendar_owner", "outside_calendar", ["owner_kind", "owner_id"])
    op.create_index("ix_outside_calendar_next_read_at", "outside_calendar", ["next_read_at"])
    op.create_table(
        "outside_time",
        sa.Column("calendar_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_at", _INSTANT, nullable=False),
        sa.Column("end_at", _INSTANT, nullable=False),
        sa.Column("is_all_day", sa.Boolean(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("summary", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("calendar_id", "number", name="pk_outside_time"),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["outside_calendar.id"],
            name="fk_outside_time_calendar_id_outside_calendar",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    for name in ("outside_time", "outside_calendar", "class_group_teacher", "painted_hour", "painting"):
        op.drop_table(name)
