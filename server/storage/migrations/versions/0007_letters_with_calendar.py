"""Letters carry what a calendar program reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("outbox_letter", sa.Column("calendar_method", sa.String(16), nullable=False, server_default=""))
    op.add_column("outbox_letter", sa.Column("calendar", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("outbox_letter", "calendar")
    op.drop_column("outbox_letter", "calendar_method")
