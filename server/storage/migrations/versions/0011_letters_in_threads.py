"""Letters know the one that they belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("outbox_letter", sa.Column("follows", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("outbox_letter", "follows")
