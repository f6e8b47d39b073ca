"""The instant that people were told of a lesson, and which releases of the time-zone database have been followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("lesson", sa.Column("told_at", instant))
    op.create_table(
        "tzdata_followed",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("release", sa.String(16), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tzdata_followed"),
    )


def downgrade() -> None:
    op.drop_table("tzdata_followed")
    op.drop_column("lesson", "told_at")
