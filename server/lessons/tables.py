"""The tables of lessons. Ids of people, schools and class groups are no foreign keys: a lesson that was held stays in
the books of the other school when one school's data is deleted (C11, C13)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Time,
)

from server.storage import UtcDateTime, metadata

lesson_table = Table(
    "lesson",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("title_en", String(200), nullable=False),
    Column("title_zh", String(200), nullable=False),
    Column("state", String(32), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("anchor", String(1), CheckConstraint("anchor IN ('a', 'b')", name="anchor"), nullable=False),
    Column("date", Date, nullable=False, index=True),
    Column("start", Time, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("minutes", Integer, nullable=False),
    # what people were told: derived from the wall time by the time-zone database of that day (see clock_rules)
    Column("told_at", UtcDateTime),
    Column("adults_needed", Integer, nullable=False),
    Column("created_by", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("closing_note", Text, nullable=False),
    Column("report", Text, nullable=False),
)

side_table = Table(
    "lesson_side",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(1), CheckConstraint("key IN ('a', 'b')", name="key"), primary_key=True),
    Column("school_id", String(64), nullable=False, index=True),
    Column("class_group_id", String(64), nullable=False, index=True),
    Column("zone", String(64), nullable=False),
    Column("confirmed_by", String(64)),
    Column("confirmed_at", UtcDateTime),
    Column("attendance_signed_by", String(64)),
    Column("attendance_signed_at", UtcDateTime),
    Column("mode", String(32), nullable=False),
)

# Everybody who may lead, with the part they have; position orders the co-teachers.
adult_table = Table(
    "lesson_adult",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", String(64), primary_key=True),
    Column("key", String(1), CheckConstraint("key IN ('a', 'b')", name="key"), nullable=False),
    Column(
        "part",
        String(16),
        CheckConstraint("part IN ('lead', 'co_teacher', 'substitute')", name="part"),
        nullable=False,
    ),
    Column("position", Integer, nullable=False),
    Index("ix_lesson_adult_account_id", "account_id"),
)

notice_table = Table(
    "lesson_notice",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account_id", String(64), nullable=False, index=True),
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64)),
    Column("note", Text, nullable=False),
    Column("read_at", UtcDateTime),
)

# One connection of one person to the lesson's room, as the media server told it.
presence_table = Table(
    "attendance_presence",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("sid", String(64), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("room_sid", String(64), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    # "told": by the media server; "guessed": what was missed was closed later
    Column("left_by", String(16)),
    Column("is_interrupted", Boolean, nullable=False),
)

# What a lead says instead; the newest of a person counts, the presence above stays as it is.
correction_table = Table(
    "attendance_correction",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(128), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("intervals", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)

# Ids of webhooks that were taken, so that one that comes twice is taken once, by whichever process.
webhook_table = Table(
    "webhook_seen",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)
