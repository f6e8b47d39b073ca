"""What the lesson pages stand on, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from server.clock import Clock
from server.errors import ErrorCode, Unavailable
from server.ids import AccountId, ClassGroupId, LessonId
from server.lessons import Lessons
from server.people import People, Student


class PrintedCard(Protocol):
    """A pupil and the code that is shown once."""

    @property
    def student(self) -> Student: ...

    @property
    def code(self) -> str: ...


class CardPrinter(Protocol):
    """The classroom's cards: pages and classroom never import one another."""

    async def print(self, group_id: ClassGroupId, by: AccountId) -> Sequence[PrintedCard]:
        """New codes for everybody in the class; the old end."""
        ...

    async def printed_at(self, group_id: ClassGroupId) -> datetime | None:
        """When the cards that are valid now were made."""
        ...


class NoCards:
    """Of a house without a classroom: nothing to print."""

    async def print(self, group_id: ClassGroupId, by: AccountId) -> Sequence[PrintedCard]:
        raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, f"no cards for {group_id}, asked by {by}")

    async def printed_at(self, group_id: ClassGroupId) -> datetime | None:  # the port's
        return None


class RaisedReport(Protocol):
    """A call for help from the room, with what was to be seen (C18): the classroom's."""

    @property
    def id(self) -> str: ...

    @property
    def at(self) -> datetime: ...

    @property
    def reporter(self) -> str: ...

    @property
    def about(self) -> str | None: ...

    @property
    def text(self) -> str: ...

    @property
    def snapshot(self) -> Mapping[str, Any]: ...


ReadReports = Callable[[LessonId], Awaitable[Sequence[RaisedReport]]]


async def no_reports(_: LessonId) -> Sequence[RaisedReport]:
    """Of a house without a classroom."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPages:
    """`origin`: where this request's reader reaches us, for the address on a card."""

    people: People
    lessons: Lessons
    cards: CardPrinter
    clock: Clock
    is_demo: bool
    origin: Callable[[web.Request], str]
    read_reports: ReadReports = no_reports


LESSON_PAGES = web.AppKey("lesson_pages", LessonPages)

Handler = Callable[[web.Request], Awaitable[web.Response]]
