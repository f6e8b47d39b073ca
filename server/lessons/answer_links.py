"""A link in a mail by which one adult answers one proposal, without signing in: single-purpose, expiring, used once.

It answers the version that the mail told of: after any change of the lesson it has been overtaken, and says so.
Looking at it changes nothing (mail programs fetch links before people do).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Integer, String, Table, insert, select, update

from server.clock import Clock
from server.errors import Conflict, ErrorCode, NotFound
from server.ids import AccountId, LessonId
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.ports import LessonRepository
from server.people import hash_of, new_token
from server.storage import Database, UtcDateTime, metadata

# A proposal that nobody answered for so long needs a conversation, not a link.
MOST = timedelta(days=21)

answer_link_table = Table(
    "answer_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    # no foreign key: a link is made together with the mail, before the change that both tell of is stored
    Column("lesson_id", String(64), nullable=False, index=True),
    Column("account_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
_t = answer_link_table.c


class LinkState(StrEnum):
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    # the lesson was changed or answered since
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLink:
    lesson: Lesson
    account_id: AccountId
    version: int
    state: LinkState


class AnswerLinks:
    def __init__(self, database: Database, lessons: LessonRepository, clock: Clock) -> None:
        self._database = database
        self._lessons = lessons
        self._clock = clock

    async def make(self, lesson: Lesson, account_id: AccountId) -> str:
        """The path of a new link, for the mail about this version of the lesson."""
        token = new_token()
        values = {
            "token_hash": hash_of(token),
            "lesson_id": lesson.id,
            "account_id": account_id,
            "version": lesson.version,
            "expires_at": min(lesson.starts_at, self._clock.now() + MOST),
        }
        async with self._database.write() as connection:
            await connection.execute(insert(answer_link_table), values)
        return f"/answer/{token}"

    async def find(self, token: str) -> AnswerLink:
        """Raises NotFound for what is no link of ours."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(select(answer_link_table).where(_t.token_hash == hash_of(token)))
            ).one_or_none()
        lesson = await self._lessons.find(LessonId(row.lesson_id)) if row is not None else None
        if row is None or lesson is None:
            raise NotFound(ErrorCode.NOT_FOUND, "no such answer link")
        return AnswerLink(
            lesson=lesson,
            account_id=AccountId(row.account_id),
            version=row.version,
            state=_state_of(row.used_at, row.expires_at, row.version, lesson, self._clock.now()),
        )

    async def use(self, token: str) -> AnswerLink:
        """Takes the link for one answer: of two presses at once one gets it, the other Conflict(LINK_INVALID)."""
        link = await self.find(token)
        if link.state is not LinkState.OPEN:
            raise Conflict(ErrorCode.LINK_INVALID, str(link.state))
        unused = (_t.token_hash == hash_of(token)) & _t.used_at.is_(None)
        async with self._database.write() as connection:
            taken = await connection.execute(update(answer_link_table).where(unused).values(used_at=self._clock.now()))
        if taken.rowcount != 1:
            raise Conflict(ErrorCode.LINK_INVALID, str(LinkState.USED))
        return link

    async def give_back(self, token: str) -> None:
        """After an answer that was refused (an hour given away meanwhile): the link may be used for another."""
        async with self._database.write() as connection:
            await connection.execute(
                update(answer_link_table).where(_t.token_hash == hash_of(token)).values(used_at=None)
            )


def _state_of(used_at: datetime | None, expires_at: datetime, version: int, lesson: Lesson, now: datetime) -> LinkState:
    if used_at is not None:
        return LinkState.USED
    if now >= expires_at:
        return LinkState.EXPIRED
    if lesson.version != version or lesson.state is not LessonState.PROPOSED:
        return LinkState.OVERTAKEN
    return LinkState.OPEN
