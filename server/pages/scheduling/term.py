"""The term view of a pair (/series/{id}): every lesson on both walls, what does not fit and where it could go, whose
clock stays, steps for weeks without a lesson; accepted in one go. It prints as the term sheet, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from scheduler import Change
from server.access import Action, Adult, Subject, authorise, may, viewer_of
from server.errors import ErrorCode, InvalidInput, NotFound, TongchuangError, Unauthorized
from server.lessons import (
    Lesson,
    LessonState,
    SeriesView,
    SideKey,
    TermPlan,
    coming,
    facts_of,
    seen_of,
    wall_time,
)
from server.pages import wall
from server.pages.flash import Flash
from server.pages.forms import Form, Note
from server.pages.lessons.press import STATES, TONES
from server.pages.scheduling.clock_banner import banners_of
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.find_hour import TIER_NAMES
from server.pages.scheduling.plan import start_of_key
from server.pages.scheduling.term_rows import Place, Sides, Walls, place_of, rows_of, walls_at
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import WEEKDAYS, LocalizedText
from server.people import ClassGroup, School

STAY: Final = "stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A series that this viewer may see. `own`: their side's key, or the proposer's for who stands on neither."""

    pages: SchedulingPages
    viewer: object
    view: SeriesView
    halves: tuple[tuple[School, ClassGroup | None], ...]
    own: SideKey

    @property
    def path(self) -> str:
        return f"/series/{self.view.series.id}"

    @property
    def sides(self) -> Sides:
        return self.halves[0][0].side, self.halves[1][0].side

    @property
    def first(self) -> Lesson:
        return self.view.lessons[0]

    def coming(self) -> dict[int, Lesson]:
        return coming(self.view.lessons, self.pages.clock.now())

    def may_move(self, lesson: Lesson) -> bool:
        return isinstance(self.viewer, Adult) and may(self.viewer, Action.LESSON_MOVE, subject_for(self.viewer, lesson))


async def ask(request: web.Request, action: Action) -> Asked:
    """The right first. Raises NotFound to those who may not see the lessons."""
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    view = await pages.series.view(request.match_info["id"])
    if not view.lessons:
        raise NotFound(ErrorCode.NOT_FOUND, "a series without lessons")
    # With nothing left to change, the last lesson says what the matter is.
    left = coming(view.lessons, pages.clock.now())
    judged = next(iter(left.values()), view.lessons[-1]) if action is not Action.LESSON_SEE else view.lessons[0]
    subject = subject_for(viewer, judged) if isinstance(viewer, Adult) else Subject(lesson=facts_of(judged))
    authorise(viewer, action, subject)
    schools = await pages.people.schools.find_many([side.school_id for side in judged.sides])
    groups = await pages.people.class_groups.find_many([side.class_group_id for side in judged.sides])
    school_id = viewer.account.school_id if isinstance(viewer, Adult) else None
    own = judged.side_of_school(school_id)
    return Asked(
        pages=pages,
        viewer=viewer,
        view=view,
        halves=tuple((schools[side.school_id], groups.get(side.class_group_id)) for side in judged.sides),
        own=own.key if own is not None else "a",
    )


def subject_for(viewer: Adult, lesson: Lesson) -> Subject:
    side = lesson.side_of_adult(viewer.account.id) or lesson.side_of_school(viewer.account.school_id)
    return Subject(lesson=facts_of(lesson), side=side.key if side else None)


async def show_term(request: web.Request) -> web.Response:
    return await term_page(request, await ask(request, Action.LESSON_SEE))


def _span(asked: Asked) -> str:
    """From the first lesson's date to the last's on the wall that stays, with the year: the sheet is kept for long."""
    key = asked.view.series.anchor
    side = asked.sides[0 if key == "a" else 1]
    dates = sorted(wall_time(one.starts_at, one.side(key).zone).date for one in asked.view.lessons)
    return " – ".join(dict.fromkeys(wall.day_text(side, on, year=True) for on in (dates[0], dates[-1])))


async def term_page(request: web.Request, asked: Asked, problem: LocalizedText | None = None) -> web.Response:
    pages, view = asked.pages, asked.view
    left = asked.coming()
    can_move = any(asked.may_move(lesson) for lesson in left.values())
    term = await pages.terms.plan(view) if isinstance(asked.viewer, Adult) else None
    notes = await pages.terms.records.notes(view.series.id)
    return await staff_page(
        request,
        "scheduling/term.html",
        status=FORM_REFUSED if problem else 200,
        here=asked.path,
        nav="lessons",
        problem=problem,
        series=view.series,
        title=asked.first.title,
        path=asked.path,
        seen=seen_of(view.lessons),
        rows=rows_of(view.lessons, asked.sides, term, notes),
        halves=asked.halves,
        anchor=asked.halves[0 if view.series.anchor == "a" else 1][0],
        span=_span(asked),
        waiting=sum(may_confirm(asked.viewer, lesson) for lesson in view.lessons),
        can_move=can_move,
        left=[(number, _day(asked, lesson)) for number, lesson in left.items()],
        start=f"{wall_time(min(left.values(), key=_by_start).starts_at, _zone(asked)).time:%H:%M}" if left else "",
        own_place=asked.halves[0 if asked.own == "a" else 1][0].place,
        smallest=changes_of(asked, term, term.smallest) if term and term.smallest.moves else (),
        staying=len(left) - len(term.smallest.moves) if term else 0,
        banners=await banners_of(pages, view, asked.halves[0][0], asked.halves[1][0], None),
        weekdays=WEEKDAYS,
        lang_of=wall.lang_of,
        state_text=STATES,
        state_tone=TONES,
        tier_names=TIER_NAMES,
    )


def _by_start(lesson: Lesson) -> datetime:
    return lesson.starts_at


def _zone(asked: Asked) -> str:
    return asked.first.side(asked.own).zone


def _day(asked: Asked, lesson: Lesson) -> str:
    at = wall_time(lesson.starts_at, lesson.side(asked.own).zone)
    return wall.wall_text(asked.sides[0 if asked.own == "a" else 1], at.date, at.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A lesson that a change touches. `to`: None when it cannot be where it should; `places`: where it could."""

    number: int
    before: Walls
    to: Place | None
    problem: LocalizedText | None = None
    places: tuple[Place, ...] = ()


def changes_of(asked: Asked, term: TermPlan, change: Change) -> tuple[Moving, ...]:
    found = []
    for move in change.moves:
        lesson = asked.view.lessons[move.number - 1]
        planned = change.plan.lesson(move.number)
        problem = planned.problem
        found.append(
            Moving(
                number=move.number,
                before=walls_at(lesson, asked.sides, lesson.starts_at),
                to=place_of(lesson, asked.sides, planned.slot) if planned.slot is not None else None,
                problem=LocalizedText(problem.text.en, problem.text.zh) if problem else None,
                places=tuple(place_of(lesson, asked.sides, slot) for slot in planned.replacements),
            )
        )
    return tuple(found)


# -- answers and changes


async def confirm_series(request: web.Request) -> web.Response:
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    view = await pages.series.view(request.match_info["id"])
    waiting = [lesson for lesson in view.lessons if may_confirm(viewer, lesson)]
    # With nothing left to accept, the first lesson says what the matter is.
    judged = waiting[0] if waiting else next(iter(view.lessons), None)
    if judged is None or not isinstance(viewer, Adult):
        raise NotFound(ErrorCode.NOT_FOUND, "a series without lessons")
    authorise(viewer, Action.LESSON_CONFIRM, subject_for(viewer, judged))
    done, failed = await pages.series.confirm_all(view.series.id, by=viewer.account.id)
    flash = Flash.SERIES_PARTLY_ACCEPTED if failed else Flash.SERIES_ACCEPTED
    return go_to(request, f"/series/{view.series.id}", flash, done)


def may_confirm(viewer: object, lesson: Lesson) -> bool:
    if not isinstance(viewer, Adult) or lesson.state is not LessonState.PROPOSED:
        return False
    subject = subject_for(viewer, lesson)
    own = next((side for side in lesson.sides if side.key == subject.side), None)
    return own is not None and not own.is_confirmed and may(viewer, Action.LESSON_CONFIRM, subject)


async def post_moves(request: web.Request) -> web.Response:
    """Fields `start_3`: where lesson 3 goes, an instant, or `stay`. One button or a whole change alike."""
    asked = await ask(request, Action.LESSON_MOVE)
    values: dict[str, Any] = dict((await request.post()).items())
    starts: dict[int, datetime] = {}
    for name, value in values.items():
        number = name.removeprefix("start_")
        if name.startswith("start_") and number.isascii() and number.isdigit() and value != STAY:
            start_at = start_of_key(str(value))
            if start_at is None:
                return await term_page(request, asked, UNREADABLE)
            starts[int(number[:4])] = start_at
    return await move_and_tell(request, asked, starts, str(values.get("seen", "")))


async def move_and_tell(request: web.Request, asked: Asked, starts: dict[int, datetime], seen: str) -> web.Response:
    left = asked.coming()
    if not starts:
        return await term_page(request, asked, NOTHING)
    for number in starts:
        if number in left:
            authorise(viewer_of(request), Action.LESSON_MOVE, subject_for(adult(asked), left[number]))
    try:
        done, failed = await asked.pages.terms.move(asked.view, starts, by=adult(asked).account.id, seen=seen)
    except TongchuangError as error:
        return await refuse(request, asked, error)
    if not done:
        return await refuse(request, asked, failed[0].error)
    return go_to(request, asked.path, Flash.SERIES_PARTLY_MOVED if failed else Flash.SERIES_MOVED, done)


async def refuse(request: web.Request, asked: Asked, error: TongchuangError) -> web.Response:
    """The page as it is now, with what was wrong."""
    if error.status not in (400, 409):
        raise error
    view = await asked.pages.series.view(asked.view.series.id)
    fresh = Asked(pages=asked.pages, viewer=asked.viewer, view=view, halves=asked.halves, own=asked.own)
    return await term_page(request, fresh, LocalizedText(error.text.en, error.text.zh))


def adult(asked: Asked) -> Adult:
    """Who changes something is signed in: the table of rights has seen to it."""
    if not isinstance(asked.viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, asked.path)
    return asked.viewer


UNREADABLE: Final = LocalizedText("This hour cannot be read. Please choose again.", "無法辨識這個時間，請重新選擇。")
NOTHING: Final = LocalizedText("No lesson was chosen to move.", "沒有選擇要改期的課堂。")


class WeekNoteForm(Form):
    monday: date
    text: Note = ""


async def post_note(request: web.Request) -> web.Response:
    asked = await ask(request, Action.LESSON_MOVE)
    try:
        form = WeekNoteForm.model_validate(dict((await request.post()).items()))
        await asked.pages.terms.put_note(asked.view.series.id, form.monday, form.text, by=adult(asked).account.id)
    except (ValidationError, InvalidInput):
        return await term_page(request, asked, NOTE_WRONG)
    return go_to(request, asked.path, Flash.SAVED)


NOTE_WRONG: Final = LocalizedText("A note has at most 300 characters in one line.", "備註最多 300 字，且不可換行。")
