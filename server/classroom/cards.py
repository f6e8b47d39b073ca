"""Pupils' cards: printed once, found by their code, ended by the next print."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update

from server.classroom import tables as t
from server.classroom.codes import ALPHABET, LENGTH, code_hash, normal_code, written_code
from server.clock import Clock
from server.errors import ErrorCode, NotFound
from server.ids import AccountId, ClassGroupId, StudentId
from server.people import People, Student
from server.storage import Database


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """`code` is written nowhere else: it is on the card, or nowhere."""

    student: Student
    code: str


@dataclass(frozen=True, slots=True)
class Card:
    code_hash: str
    student_id: StudentId
    class_group_id: ClassGroupId


class CardService:
    """`secret`: kept in the data folder; with another one all cards are void."""

    def __init__(self, database: Database, people: People, clock: Clock, secret: bytes) -> None:
        self._database, self._people, self._clock, self._secret = database, people, clock, secret

    async def print(
        self, group_id: ClassGroupId, by: AccountId | None
    ) -> tuple[PrintedCard, ...]:  # as the contract calls it
        """New codes for a whole class; the cards before, and the seats taken with them, end. Raises NotFound."""
        group = await self._people.class_groups.find(group_id)
        if group is None:
            raise NotFound(ErrorCode.NOT_FOUND, "no such class group")
        students = await self._people.rosters.students(group_id)
        cards = tuple(PrintedCard(student, written_code(_new_code())) for student in students)
        now = self._clock.now()
        rows = [
            {
                "code_hash": self._hash(card.code),
                "student_id": card.student.id,
                "class_group_id": group_id,
                "printed_at": now,
                "ended_at": None,
            }
            for card in cards
        ]
        async with self._database.write() as connection:
            still_good = (t.card.c.class_group_id == group_id) & t.card.c.ended_at.is_(None)
            await connection.execute(update(t.card).where(still_good).values(ended_at=now))
            if rows:
                await connection.execute(insert(t.card), rows)
            await self._people.audit.write(
                "cards.printed",
                group_id,
                by=by,
                school_id=group.school_id,
                detail={"cards": len(rows)},
                connection=connection,
            )
        return cards

    async def printed_at(self, group_id: ClassGroupId) -> datetime | None:
        """When the cards that are good now were made; None when there are none."""
        still_good = (t.card.c.class_group_id == group_id) & t.card.c.ended_at.is_(None)
        newest = select(func.max(t.card.c.printed_at)).where(still_good)
        async with self._database.read() as connection:
            found: datetime | None = (await connection.execute(newest)).scalar_one()
        return found

    async def find(self, typed: str) -> Card | None:
        """None alike for what is no code, a code of nobody, an ended card and a pupil who left the class."""
        # Why also for nonsense: every answer takes the same steps.
        digest = self._hash(normal_code(typed) or "")
        query = select(t.card).where(t.card.c.code_hash == digest, t.card.c.ended_at.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        student = await self._people.rosters.find_student(StudentId(row.student_id))
        if student is None or student.removed_at is not None:
            return None
        return Card(row.code_hash, StudentId(row.student_id), ClassGroupId(row.class_group_id))

    def _hash(self, code: str) -> str:
        return code_hash(self._secret, code.replace("-", ""))


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
