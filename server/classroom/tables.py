"""The classroom's tables. Events are only ever added; what the room is follows from them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from server.storage import UtcDateTime, metadata

# Which lessons somebody has to look after: the guard of C14 runs for the open ones, also after a restart.
classroom = Table(
    "classroom",
    metadata,
    Column("lesson_id", String(64), primary_key=True),
    Column("is_open", Boolean, nullable=False),
)

event = Table(
    "classroom_event",
    metadata,
    Column("lesson_id", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", String(80)),
    Column("payload", JSON, nullable=False),
)

# App processes that are alive: connections of one that is not have ended.
instance = Table(
    "classroom_instance",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

report = Table(
    "classroom_report",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("lesson_id", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reporter", String(80), nullable=False),
    Column("about", String(80)),
    Column("text", Text, nullable=False),
    Column("snapshot", JSON, nullable=False),
    Index("ix_classroom_report_lesson_id", "lesson_id"),
)

# One row per printed card; the code itself is never stored.
card = Table(
    "classroom_card",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("student_id", String(64), nullable=False),
    Column("class_group_id", String(64), nullable=False),
    Column("printed_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_classroom_card_class_group_id", "class_group_id"),
)

# A device that showed a card: what the cookie `tc_seat` stands for.
seat = Table(
    "classroom_seat",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("device_id", String(32), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("student_id", String(64), nullable=False),
    Column("class_group_id", String(64), nullable=False),
    Column("lesson_id", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_classroom_seat_code_hash", "code_hash"),
)
