"""Schools, accounts, sign-ins, links, class groups, pupils, and the audit log that can only be added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.storage.types import UtcDateTime

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _schools_and_accounts()
    _sign_ins_and_links()
    _class_groups()
    _audit()


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _foreign(table: str, column: str, to: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}", ondelete=ondelete)


def _schools_and_accounts() -> None:
    op.create_table(
        "school",
        _text("id", 64),
        _text("side", 8),
        _text("name_en", 200),
        _text("name_zh", 200),
        _text("place_en", 200),
        _text("place_zh", 200),
        _text("zone", 64),
        _text("language", 16),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.CheckConstraint("side IN ('tw', 'us')", name="ck_school_side"),
    )
    op.create_table(
        "account",
        _text("id", 64),
        _text("school_id", 64, nullable=True),
        _text("email", 254),
        _text("email_key", 254),
        _text("name_en", 200),
        _text("name_zh", 200),
        _text("language", 16),
        _text("password_hash", 300, nullable=True),
        _instant("verified_at", nullable=True),
        _instant("disabled_at", nullable=True),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email_key", name="uq_account_email_key"),
        _foreign("account", "school_id", "school"),
    )
    op.create_index("ix_account_school_id", "account", ["school_id"])
    op.create_table(
        "account_role",
        _text("account_id", 64),
        _text("role", 32),
        sa.PrimaryKeyConstraint("account_id", "role", name="pk_account_role"),
        _foreign("account_role", "account_id", "account", ondelete="CASCADE"),
    )


def _sign_ins_and_links() -> None:
    op.create_table(
        "sign_in",
        _text("token_hash", 64),
        _text("account_id", 64),
        _instant("created_at"),
        _instant("seen_at"),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_in"),
        _foreign("sign_in", "account_id", "account", ondelete="CASCADE"),
    )
    op.create_index("ix_sign_in_account_id", "sign_in", ["account_id"])
    op.create_table(
        "one_time_link",
        _text("token_hash", 64),
        _text("kind", 16),
        _text("account_id", 64, nullable=True),
        _instant("created_at"),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_one_time_link"),
        _foreign("one_time_link", "account_id", "account", ondelete="CASCADE"),
    )
    op.create_index("ix_one_time_link_account_id", "one_time_link", ["account_id"])


def _class_groups() -> None:
    op.create_table(
        "class_group",
        _text("id", 64),
        _text("school_id", 64),
        _text("name_en", 200),
        _text("name_zh", 200),
        _text("grade", 40),
        _instant("created_at"),
        _instant("archived_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_class_group"),
        _foreign("class_group", "school_id", "school"),
    )
    op.create_index("ix_class_group_school_id", "class_group", ["school_id"])
    op.create_table(
        "school_authorisation",
        _text("id", 64),
        _text("class_group_id", 64),
        _text("school_id", 64),
        _text("given_by", 200),
        sa.Column("given_on", sa.Date(), nullable=False),
        _text("text_version", 40),
        _text("recorded_by", 64),
        _instant("recorded_at"),
        _instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_school_authorisation"),
        _foreign("school_authorisation", "class_group_id", "class_group"),
        _foreign("school_authorisation", "school_id", "school"),
        _foreign("school_authorisation", "recorded_by", "account"),
    )
    op.create_index("ix_school_authorisation_class_group_id", "school_authorisation", ["class_group_id"])
    op.create_table(
        "student",
        _text("id", 64),
        _text("class_group_id", 64),
        _text("display_name", 80),
        sa.Column("position", sa.Integer(), nullable=False),
        _instant("created_at"),
        _instant("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_student"),
        _foreign("student", "class_group_id", "class_group"),
    )
    op.create_index("ix_student_class_group_id", "student", ["class_group_id"])


# Why in the database: not even a fault of ours, or a statement typed by hand, changes what was written.
_SQLITE_TRIGGERS = [
    f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    for verb in ("UPDATE", "DELETE")
]
_POSTGRES_TRIGGERS = [
    "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$",
    "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
]


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        _instant("at"),
        _text("actor", 80),
        _text("action", 64),
        _text("subject", 80),
        _text("school_id", 64, nullable=True),
        _text("lesson_id", 64, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_entry"),
        sqlite_autoincrement=True,
    )
    for column in ("actor", "school_id", "lesson_id"):
        op.create_index(f"ix_audit_entry_{column}", "audit_entry", [column])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_TRIGGERS if is_sqlite else _POSTGRES_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("an older version cannot read this database: restore the backup made before")
