"""From a request to a lesson, the person who asks and the half that is theirs; the right is asked before all else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web

from server.access import Action, Adult, Subject, authorise, may, viewer_of
from server.errors import ErrorCode, NotFound, Unauthorized
from server.ids import LessonId
from server.lessons import Lesson, LessonSide, facts_of
from server.pages.forms import Form
from server.pages.lessons.context import LESSON_PAGES, LessonPages
from server.people import Account, Role

T = TypeVar("T")


def adult_viewer(request: web.Request) -> Adult:
    """Raises Unauthorized: the routes of this package are for signed-in adults only."""
    viewer = viewer_of(request)
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, request.path)
    return viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A lesson that this person may see, and what of it is theirs."""

    pages: LessonPages
    viewer: Adult
    lesson: Lesson
    side: LessonSide | None

    @property
    def account(self) -> Account:
        return self.viewer.account

    @property
    def now(self) -> datetime:
        return self.pages.clock.now()

    @property
    def path(self) -> str:
        return f"/lessons/{self.lesson.id}"

    def may(self, action: Action) -> bool:
        return may(self.viewer, action, subject_of(self.lesson, self.side))


async def ask(request: web.Request, action: Action) -> Asked:
    """Raises what `authorise` raises; a lesson that is not there is as one that is not theirs: NotFound."""
    viewer, pages = adult_viewer(request), request.app[LESSON_PAGES]
    lesson = await pages.lessons.lessons.find(LessonId(request.match_info["id"]))
    if lesson is None:
        raise NotFound(ErrorCode.NOT_FOUND, "lesson")
    side = own_side(lesson, viewer.account)
    authorise(viewer, action, subject_of(lesson, side))
    return Asked(pages=pages, viewer=viewer, lesson=lesson, side=side)


def own_side(lesson: Lesson, account: Account) -> LessonSide | None:
    """Where they lead; of a coordinator the half of the school."""
    if (side := lesson.side_of_adult(account.id)) is not None:
        return side
    return lesson.side_of_school(account.school_id) if Role.COORDINATOR in account.roles else None


def subject_of(lesson: Lesson, side: LessonSide | None) -> Subject:
    return Subject(lesson=facts_of(lesson), side=side.key if side else None)


class Versioned(Form):
    """`version`: of the lesson that the page showed, so that nobody changes what they have not seen."""

    version: int | None = None


Values = dict[str, Any]
