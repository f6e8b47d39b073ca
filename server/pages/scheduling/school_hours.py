"""A school's bells, calendar and closures: shown, closures added in two fields, the whole file taken and given.

Every change is first looked at: which planned lessons would not fit any more. Nothing moves a lesson by itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field, ValidationError

from server.access import Action, Subject, authorise, may, viewer_of
from server.access import Adult as AdultViewer
from server.errors import ErrorCode, NotFound, TongchuangError
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import (
    ClassHours,
    Closed,
    FileProblem,
    Lesson,
    LessonState,
    check_file,
    closures_of,
    fits,
    hit_by,
    starting_file,
    wall_time,
    with_closure,
    without_closure,
)
from server.pages import wall
from server.pages.flash import Flash
from server.pages.forms import FILL_IN, Form, Note, empty_is_none
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import LocalizedText
from server.people import School

PARTS: Final = {
    "day": LocalizedText("the whole day", "全天"),
    "morning": LocalizedText("the morning", "上午"),
    "afternoon": LocalizedText("the afternoon", "下午"),
    "evening": LocalizedText("the evening", "晚上"),
}
MODES: Final = {
    "closed": LocalizedText("no school", "停課"),
    "distance": LocalizedText("teaching at a distance", "遠距教學"),
}
LAST_BEFORE_FIRST: Final = LocalizedText("The last day is before the first.", "最後一天早於第一天。")
_PLANNED: Final = frozenset({LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED})


class ClosureForm(Form):
    first: date
    last: Annotated[date | None, BeforeValidator(empty_is_none)] = None
    part: Literal["day", "morning", "afternoon", "evening"] = "day"
    mode: Literal["closed", "distance"] = "closed"
    reason: Note = ""
    version: int = Field(ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`text`, `version`: what is stored, or what the school would begin with (version 0)."""

    pages: SchedulingPages
    by: AccountId
    school: School
    known: ClassHours
    text: str
    version: int
    lessons: tuple[Lesson, ...]


async def _ask(request: web.Request, action: Action) -> Asked:
    """Raises NotFound for a school that is not there or of which the asker knows nothing."""
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school = await pages.people.schools.find(SchoolId(request.match_info["school"]))
    authorise(viewer, action, Subject(school_id=SchoolId(request.match_info["school"])))
    if school is None or not isinstance(viewer, AdultViewer):
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    stored = await pages.school_files.find(school.id)
    groups = await pages.people.class_groups.of_school(school.id)
    known = ClassHours(
        class_group_id=groups[0].id if groups else ClassGroupId(""),
        school_id=school.id,
        class_name=groups[0].name if groups else school.name,
        school_name=school.name,
        side=school.side,
        zone=school.zone,
        grade=groups[0].grade if groups else "",
        size=1,
        school_file=stored.text if stored else "",
    )
    now = pages.clock.now()
    lessons = [
        lesson
        for lesson in await pages.lessons.of_school(school.id)
        if lesson.state in _PLANNED and lesson.starts_at > now
    ]
    return Asked(
        pages=pages,
        by=viewer.account.id,
        school=school,
        known=known,
        text=stored.text if stored else starting_file(known),
        version=stored.version if stored else 0,
        lessons=tuple(lessons),
    )


async def show_school_hours(request: web.Request) -> web.Response:
    return await _page(request, await _ask(request, Action.SCHOOL_HOURS_SEE))


async def send_school_file(request: web.Request) -> web.Response:
    """The file as other programs and `overlap FILE#class` take it."""
    asked = await _ask(request, Action.SCHOOL_HOURS_SEE)
    headers = {"Content-Disposition": 'attachment; filename="school.yaml"', "Cache-Control": "no-store"}
    return web.Response(text=asked.text, content_type="application/yaml", headers=headers)


async def add_closure(request: web.Request) -> web.Response:
    asked = await _ask(request, Action.SCHOOL_HOURS_CHANGE)
    values: dict[str, Any] = dict((await request.post()).items())
    try:
        form = ClosureForm.model_validate(values)
    except ValidationError:
        return await _page(request, asked, problem=FILL_IN, typed=values)
    last = form.last or form.first
    if last < form.first:
        return await _page(request, asked, problem=LAST_BEFORE_FIRST, typed=values)
    closed = Closed(first=form.first, last=last, part=form.part, mode=form.mode, reason=form.reason)
    return await _store(request, asked, with_closure(asked.text, closed), form.version)


async def remove_closure(request: web.Request) -> web.Response:
    asked = await _ask(request, Action.SCHOOL_HOURS_CHANGE)
    values = await request.post()
    try:
        index, version = int(str(values.get("index", ""))), int(str(values.get("version", "")))
    except ValueError:
        return await _page(request, asked, problem=FILL_IN)
    return await _store(request, asked, without_closure(asked.text, index), version)


async def put_school_file(request: web.Request) -> web.Response:
    """`step` look: problems by line and the lessons it would hit; `step` save: stored."""
    asked = await _ask(request, Action.SCHOOL_HOURS_CHANGE)
    values: dict[str, Any] = dict((await request.post()).items())
    text = str(values.get("text", "")).replace("\r\n", "\n")
    if values.get("step") == "save":
        version = str(values.get("version", ""))
        return await _store(request, asked, text, int(version) if version.isdigit() else -1)
    if problems := await asyncio.to_thread(check_file, text, asked.known):
        return await _page(request, asked, text=text, file_problems=problems)
    hit = await asyncio.to_thread(hit_by, text, asked.known, asked.lessons)
    return await _page(request, asked, text=text, hit=hit)


async def _store(request: web.Request, asked: Asked, text: str, version: int) -> web.Response:
    problems = await asyncio.to_thread(check_file, text, asked.known)
    if problems:
        return await _page(request, asked, text=text, file_problems=problems)
    hit = await asyncio.to_thread(hit_by, text, asked.known, asked.lessons)
    try:
        await asked.pages.school_files.put(asked.school.id, text, version=version, by=asked.by)
    except TongchuangError as error:
        return await _page(request, asked, problem=LocalizedText(error.text.en, error.text.zh), text=text)
    await asked.pages.people.audit.write(
        "school_hours.change",
        asked.school.id,
        by=asked.by,
        school_id=asked.school.id,
        detail={"version": version + 1, "lessons_hit": len(hit)},
    )
    path = f"/schools/{asked.school.id}/hours"
    return go_to(request, path, Flash.HOURS_HIT if hit else Flash.HOURS_CHANGED, len(hit))


async def _page(
    request: web.Request,
    asked: Asked,
    *,
    problem: LocalizedText | None = None,
    typed: dict[str, Any] | None = None,
    text: str | None = None,
    file_problems: tuple[FileProblem, ...] = (),
    hit: tuple[Lesson, ...] | None = None,
) -> web.Response:
    stands = replace(asked.known, school_file=asked.text)
    # What the present hours hit stands there always: a lesson may have been proposed before the closure was known.
    unfit = await asyncio.to_thread(_unfit, stands, asked.lessons)
    return await staff_page(
        request,
        "scheduling/school_hours.html",
        status=FORM_REFUSED if problem or file_problems else 200,
        here=f"/schools/{asked.school.id}/hours",
        nav="school",
        school=asked.school,
        closures=closures_of(asked.text),
        version=asked.version,
        is_guessed=asked.version == 0,
        text_of_file=asked.text if text is None else text,
        is_looking=text is not None,
        file_problems=file_problems,
        hit=None if hit is None else [_line(one, asked.school) for one in hit],
        unfit=[_line(one, asked.school) for one in unfit],
        problem=problem,
        typed=typed or {},
        parts=PARTS,
        modes=MODES,
        day_text=wall.day_text,
        lang_of=wall.lang_of,
        may_change=may(viewer_of(request), Action.SCHOOL_HOURS_CHANGE, Subject(school_id=asked.school.id)),
    )


def _unfit(known: ClassHours, lessons: tuple[Lesson, ...]) -> tuple[Lesson, ...]:
    return tuple(lesson for lesson in lessons if not fits(known, lesson))


def _line(lesson: Lesson, school: School) -> tuple[Lesson, str]:
    start, end = wall_time(lesson.starts_at, school.zone), wall_time(lesson.ends_at, school.zone)
    return lesson, wall.wall_text(school.side, start.date, start.time, end.time)
