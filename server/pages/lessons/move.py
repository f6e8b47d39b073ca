"""/lessons/{id}/move: another hour, looked at on both clocks before it is sent; the other side must confirm anew."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from server.access import Action
from server.errors import ErrorCode, NotFound, TongchuangError
from server.lessons import LessonSide, load_zones, wall_time
from server.pages.flash import Flash
from server.pages.forms import Filled, fresh, read_form
from server.pages.lessons.hour import (
    ANCHOR_TEXT,
    HourForm,
    anchor_key,
    apart,
    places_json,
    walls_of,
    walls_of_lesson,
    warnings_of,
)
from server.pages.lessons.reading import Asked, ask
from server.pages.staff import go_to, refused, staff_language, staff_page
from server.people import ClassGroup, School

Home = tuple[School, ClassGroup]


async def show_move(request: web.Request) -> web.Response:
    asked = await ask(request, Action.LESSON_MOVE)
    own, other = _own_first(asked)
    lesson = asked.lesson
    # A page that knows a better hour leads here with it, on the clock that the lesson follows; what is no date is
    # refused when it is sent. Everybody else reads their own clock: an afternoon typed on the other one is a night.
    is_led = "date" in request.query or "start" in request.query
    at = wall_time(lesson.starts_at, own.zone)
    follows_own = lesson.anchor == own.key or not is_led
    form = fresh(
        version=str(lesson.version),
        mine=own.class_group_id,
        partner=other.class_group_id,
        anchor="mine" if follows_own else "partner",
        date=request.query.get("date", (lesson.date if is_led else at.date).isoformat())[:10],
        start=request.query.get("start", f"{lesson.start if is_led else at.time:%H:%M}")[:5],
        minutes=str(lesson.minutes),
    )
    return await _page(request, asked, form)


async def post_move(request: web.Request) -> web.Response:
    asked = await ask(request, Action.LESSON_MOVE)
    form = await read_form(request, HourForm)
    if form.parsed is None or form.parsed.step == "back":
        return await _page(request, asked, form)
    wanted, (own, other) = form.parsed, _own_first(asked)
    try:
        walls = walls_of(wanted, await _home(asked, own), await _home(asked, other))
        if wanted.step == "send":
            await asked.pages.lessons.lessons.move(
                asked.lesson.id,
                date=wanted.date,
                start=wanted.start,
                minutes=wanted.minutes,
                anchor=anchor_key(wanted, own.key),
                by=asked.account.id,
                version=wanted.version,
            )
            return go_to(request, asked.path, Flash.LESSON_MOVED)
    except TongchuangError as error:
        if error.status not in (400, 403, 409):
            raise
        return await _page(request, asked, form.with_problem(error))
    return await staff_page(
        request,
        "lessons/look.html",
        here=f"{asked.path}/move",
        nav="lessons",
        form=form,
        back=f"{asked.path}/move",
        title=asked.lesson.title,
        halves=walls,
        apart=apart(walls),
        warnings=warnings_of(walls),
        action=f"{asked.path}/move",
        hidden=[
            ("version", str(wanted.version or asked.lesson.version)),
            ("mine", wanted.mine),
            ("partner", wanted.partner),
            ("anchor", wanted.anchor),
            ("date", wanted.date.isoformat()),
            ("start", f"{wanted.start:%H:%M}"),
            ("minutes", str(wanted.minutes)),
        ],
        minutes=wanted.minutes,
        leads=None,
        my_leads=(),
    )


def _own_first(asked: Asked) -> tuple[LessonSide, LessonSide]:
    a, b = asked.lesson.sides
    return (b, a) if asked.side is not None and asked.side.key == "b" else (a, b)


async def _home(asked: Asked, side: LessonSide) -> Home:
    school = await asked.pages.people.schools.find(side.school_id)
    group = await asked.pages.people.class_groups.find(side.class_group_id)
    if school is None or group is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school or class group of a lesson")
    await asyncio.to_thread(load_zones, {school.zone})
    return school, group


async def _page(request: web.Request, asked: Asked, form: Filled[Any]) -> web.Response:
    own, other = _own_first(asked)
    mine, partner = await _home(asked, own), await _home(asked, other)
    language = staff_language(request)
    values: dict[str, Any] = {
        "form": form,
        "lesson_id": asked.lesson.id,
        "title": asked.lesson.title,
        "halves": walls_of_lesson(asked.lesson, mine, partner),
        "group_places": places_json({own.class_group_id: mine[0], other.class_group_id: partner[0]}),
        "anchors": [(key, words.en if language == "en" else words.zh) for key, words in ANCHOR_TEXT.items()],
        "first_day": asked.now.date().isoformat(),
    }
    here = f"{asked.path}/move"
    if form.has_problems:
        return await refused(request, "lessons/move.html", here=here, **values)
    return await staff_page(request, "lessons/move.html", here=here, nav="lessons", **values)
