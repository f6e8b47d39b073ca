"""The pages on which teachers paint their own hours, and coordinators those of a class: week by week, on real dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from server.access import Action, Adult, Subject, authorise, may, viewer_of
from server.availability import (
    FURTHEST,
    MOST_REPEATS,
    NoStroke,
    Painting,
    paint,
    repeated,
    require_existing,
)
from server.errors import ErrorCode, InvalidInput, NotFound, TongchuangError, Unauthorized
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import Easel
from server.pages import wall
from server.pages.flash import Flash
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.paint_form import BRUSHES, read_paint
from server.pages.scheduling.paint_grid import STEPS, monday_of, paint_grid, week_of
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import LocalizedText
from server.people import ClassGroup, School

OWN_PATH: Final = "/account/availability"
_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The week of somebody's hours that is shown. `group` None: the viewer's own."""

    pages: SchedulingPages
    by: AccountId
    easel: Easel
    path: str
    monday: date
    step: int
    may_paint: bool

    @property
    def school(self) -> School:
        return self.easel.school

    @property
    def group(self) -> ClassGroup | None:
        return self.easel.group

    @property
    def today(self) -> date:
        return self.easel.today

    def link(self, monday: date, step: int = 0) -> str:
        return f"{self.path}?week={monday.isoformat()}&step={step or self.step}"


async def show_own(request: web.Request) -> web.Response:
    return await _page(request, await _own(request))


async def paint_own(request: web.Request) -> web.Response:
    return await _paint(request, await _own(request))


async def choose_classes(request: web.Request) -> web.Response:
    """For which classes the own hours count."""
    canvas = await _own(request)
    posted = await request.post()
    wanted = {str(one) for one in posted.getall("class_group", [])}
    await canvas.pages.painting_desk.teach(canvas.by, canvas.school, wanted)
    return go_to(request, canvas.link(canvas.monday), Flash.SAVED)


async def show_class(request: web.Request) -> web.Response:
    return await _page(request, await _class(request, Action.HOURS_SEE_CLASS))


async def paint_class(request: web.Request) -> web.Response:
    return await _paint(request, await _class(request, Action.HOURS_PAINT_CLASS))


async def _own(request: web.Request) -> Canvas:
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school_id = viewer.account.school_id if isinstance(viewer, Adult) else None
    authorise(viewer, Action.HOURS_PAINT_OWN, Subject(school_id=school_id) if school_id else Subject())
    if not isinstance(viewer, Adult) or school_id is None:
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, OWN_PATH)
    school = await pages.people.schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    easel = await pages.painting_desk.own(viewer.account.id, school)
    return _canvas(request, pages, viewer, easel, OWN_PATH, may_paint=True)


async def _class(request: web.Request, action: Action) -> Canvas:
    """Raises NotFound for a class of which the asker knows nothing."""
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    group = await pages.people.class_groups.find(ClassGroupId(request.match_info["id"]))
    # A class that is not there is as one of a school that nobody is of.
    subject = Subject(school_id=group.school_id if group else SchoolId(""))
    authorise(viewer, action, subject)
    school = await pages.people.schools.find(group.school_id) if group else None
    if group is None or school is None or not isinstance(viewer, Adult):
        raise NotFound(ErrorCode.NOT_FOUND, "class group")
    easel = await pages.painting_desk.of_class(group, school)
    may_paint = easel.is_open and may(viewer, Action.HOURS_PAINT_CLASS, subject)
    return _canvas(request, pages, viewer, easel, f"/class-groups/{group.id}/availability", may_paint=may_paint)


def _canvas(
    request: web.Request, pages: SchedulingPages, viewer: Adult, easel: Easel, path: str, *, may_paint: bool
) -> Canvas:
    return Canvas(
        pages=pages,
        by=viewer.account.id,
        easel=easel,
        path=path,
        monday=_week(request.query.get("week", ""), easel.today),
        step=next((one for one in STEPS if str(one) == request.query.get("step")), STEPS[0]),
        may_paint=may_paint,
    )


def _week(text: str, today: date) -> date:
    """Any date of a week leads to its Monday; what cannot be read, or lies too far, to this week."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = today
    return monday_of(asked if today - FURTHEST <= asked <= today + FURTHEST else today)


async def _paint(request: web.Request, canvas: Canvas) -> web.Response:
    try:
        posted = await request.post()
    except (ValueError, LookupError, AssertionError) as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "no form") from error
    values = {name: [one for one in posted.getall(name) if isinstance(one, str)] for name in posted}
    desk, easel = canvas.pages.painting_desk, canvas.easel
    try:
        form = read_paint(values, step=canvas.step, today=canvas.today)
        # A range may lie in another week than the one that is shown.
        monday = monday_of(form.strokes[0].on) if form.strokes else canvas.monday
        week = week_of(monday)
        others = sorted({stroke.on for stroke in form.strokes} - set(week))
        painting = await desk.find(easel, min([*week, *others]), max([*week, *others]))
        sheets = await desk.sheets(easel, [*week, *others])
        for stroke in form.strokes:
            require_existing(stroke, sheets)
    except NoStroke as error:
        return await _page(request, canvas, problem=error.text, typed=values)
    after = paint(painting.hours, form.strokes)
    if form.repeat:
        later = [on + weeks * _WEEK for weeks in range(1, form.repeat + 1) for on in week]
        dates = [*week, *others, *later]
        kept = [one for one in after if one.on in {*week, *others} - set(later)]
        after = (*kept, *repeated([one for one in after if one.on in week], form.repeat))
    else:
        dates = sorted({stroke.on for stroke in form.strokes})
        after = tuple(one for one in after if one.on in dates)
    try:
        await desk.put(easel, after, dates, version=form.version, by=canvas.by)
    except TongchuangError as error:
        return await _page(request, canvas, problem=LocalizedText(error.text.en, error.text.zh), typed=values)
    return go_to(request, canvas.link(monday), Flash.SAVED)


async def _page(
    request: web.Request,
    canvas: Canvas,
    *,
    problem: LocalizedText | None = None,
    typed: Mapping[str, Sequence[str]] | None = None,
) -> web.Response:
    week = week_of(canvas.monday)
    desk = canvas.pages.painting_desk
    painting: Painting = await desk.find(canvas.easel, week[0], week[-1])
    sheets = await desk.sheets(canvas.easel, week)
    groups = await canvas.pages.people.class_groups.of_school(canvas.school.id) if canvas.group is None else ()
    return await staff_page(
        request,
        "scheduling/painting.html",
        status=FORM_REFUSED if problem else 200,
        here=canvas.path,
        nav="class_groups" if canvas.group else "lessons",
        canvas=canvas,
        grid=paint_grid(canvas.monday, painting.hours, sheets.__getitem__, step=canvas.step, today=canvas.today),
        version=painting.version,
        before=canvas.monday - _WEEK,
        after=canvas.monday + _WEEK,
        this_week=monday_of(canvas.today),
        groups=groups,
        taught=await desk.taught(canvas.by) if canvas.group is None else frozenset(),
        problem=problem,
        typed={name: next(iter(values), "") for name, values in (typed or {}).items()},
        typed_cells=frozenset((typed or {}).get("cell", ())),
        brushes=BRUSHES,
        most_repeats=MOST_REPEATS,
        steps=STEPS,
        tier_of=_TIER_OF,
        kind_text=KINDS,
        day_text=wall.day_text,
        span_text=_span_text,
        minute_text=_minute_text,
        lang_of=wall.lang_of,
    )


def _minute_text(school: School, minute: int) -> str:
    """On that school's wall; 24:00 is midnight."""
    if minute == 1_440:
        return "24:00" if school.side == "tw" else "12:00 AM"
    return wall.time_text(school.side, f"{minute // 60:02d}:{minute % 60:02d}")


def _span_text(school: School, start: int, end: int) -> str:
    return f"{_minute_text(school, start)}–{_minute_text(school, end)}"


KINDS: Final = {
    "instruction": LocalizedText("lesson time", "正課時間"),
    "self_study": LocalizedText("self-study", "早自習"),
    "lunch": LocalizedText("lunch", "午休"),
    "before_school": LocalizedText("before school", "上學前"),
    "after_school": LocalizedText("after school", "放學後"),
    "evening": LocalizedText("evening", "晚上"),
    "saturday": LocalizedText("weekend", "週末"),
}
_TIER_OF: Final = {
    "instruction": "both_in_class",
    "self_study": "self_study",
    "lunch": "self_study",
    "before_school": "after_school",
    "after_school": "after_school",
    "evening": "evening",
    "saturday": "saturday",
}
