"""Seats: a device that showed a card, known by a cookie until the lesson is long over or the card has ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select

from server.access import Pupil
from server.classroom import tables as t
from server.classroom.cards import Card
from server.clock import Clock
from server.ids import ClassGroupId, LessonId, StudentId
from server.lessons import Lesson
from server.people import People, hash_of, new_token
from server.storage import Database

# A lesson that overruns, and the walk back to the page after it; by the next day the card is shown again.
_AFTER_THE_END = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Seat:
    token: str
    max_age_s: int


class SeatService:
    def __init__(self, database: Database, people: People, clock: Clock) -> None:
        self._database, self._people, self._clock = database, people, clock

    async def take(self, card: Card, lesson: Lesson, present: Pupil | None) -> Seat:
        """`present`: whose seat this device has now; the same pupil's stays the same device."""
        now = self._clock.now()
        is_same = present is not None and present.student_id == card.student_id
        token = new_token()
        expires_at = max(lesson.ends_at, now) + _AFTER_THE_END
        row = {
            "token_hash": hash_of(token),
            "device_id": present.device_id if present is not None and is_same else secrets.token_hex(6),
            "code_hash": card.code_hash,
            "student_id": card.student_id,
            "class_group_id": card.class_group_id,
            "lesson_id": lesson.id,
            "created_at": now,
            "expires_at": expires_at,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(t.seat).where(t.seat.c.expires_at < now))
            await connection.execute(insert(t.seat), row)
        return Seat(token, int((expires_at - now).total_seconds()))

    async def find(self, token: str) -> Pupil | None:
        """Whose seat a cookie stands for; None when it is over, or its card has ended, or the pupil left."""
        query = (
            select(t.seat, t.card.c.ended_at)
            .join(t.card, t.card.c.code_hash == t.seat.c.code_hash)
            .where(t.seat.c.token_hash == hash_of(token))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.ended_at is not None or row.expires_at <= self._clock.now():
            return None
        student = await self._people.rosters.find_student(StudentId(row.student_id))
        group = await self._people.class_groups.find(ClassGroupId(row.class_group_id))
        if student is None or student.removed_at is not None or group is None:
            return None
        return Pupil(
            student_id=student.id,
            class_group_id=group.id,
            school_id=group.school_id,
            name=student.display_name,
            lesson_id=LessonId(row.lesson_id),
            device_id=row.device_id,
        )

    async def holds(self, pupil: Pupil) -> bool:
        """Is that seat still good? Asked from time to time while the page is open."""
        query = (
            select(t.seat.c.token_hash)
            .join(t.card, t.card.c.code_hash == t.seat.c.code_hash)
            .where(
                t.seat.c.student_id == pupil.student_id,
                t.seat.c.lesson_id == pupil.lesson_id,
                t.seat.c.device_id == pupil.device_id,
                t.card.c.ended_at.is_(None),
                t.seat.c.expires_at > self._clock.now(),
            )
        )
        async with self._database.read() as connection:
            has_seat = (await connection.execute(query)).first() is not None
        if not has_seat:
            return False
        student = await self._people.rosters.find_student(pupil.student_id)
        return student is not None and student.removed_at is None
