"""/lessons/{id}/attendance: who was there and when, on each side's wall; corrected, signed, downloaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import StringConstraints

from server.access import Action, Adult, may
from server.errors import TongchuangError
from server.ids import PersonId
from server.lessons import Interval, Lesson, LessonSide, Row, Sheet
from server.pages.flash import Flash
from server.pages.forms import Filled, Form, Note, fresh, read_form
from server.pages.lessons.board import Named, Viewpoint, viewpoint_of
from server.pages.lessons.directory import Directory, directory_of
from server.pages.lessons.moments import day_in_words, hours_text, moment, span
from server.pages.lessons.reading import Asked, Versioned, ask, subject_of
from server.pages.staff import FORM_REFUSED, go_to, staff_language, staff_page
from server.pages.wall import wall_text
from server.pair import LocalizedText, Side

WRONG_LINE: Final = LocalizedText(
    "Please write one time per line, such as 08:40-09:20, the first before the second.",
    "請一行寫一段時間，例如 08:40-09:20，前面的時間要早於後面。",
)
ADULT: Final = LocalizedText("teacher", "老師")
NOT_EXPECTED: Final = LocalizedText("not expected", "不在名單上")
_LINE = re.compile(r"\s*(\d{1,2}:\d{2}(?::\d{2})?)\s*(?:-|–|—|~|～|至|to)\s*(\d{1,2}:\d{2}(?::\d{2})?)\s*")
# More than anybody leaves and comes back in one lesson.
MAX_LINES: Final = 20


class CorrectionForm(Form):
    person: str
    intervals: Annotated[str, StringConstraints(max_length=500)] = ""
    reason: Annotated[Note, StringConstraints(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionShown:
    reason: str
    by: LocalizedText
    recorded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShown:
    person: str
    name: str
    role: LocalizedText | None
    intervals: tuple[str, ...]
    together: str
    correction: CorrectionShown | None
    form: Filled[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One side's half of the sheet."""

    key: str
    side: Side
    school_name: LocalizedText
    group_name: LocalizedText
    day: str
    rows: tuple[RowShown, ...]
    present: int
    all: int
    signed: Named | None
    may_correct: bool
    may_sign: bool


async def show_attendance(request: web.Request) -> web.Response:
    return await _page(request, await ask(request, Action.ATTENDANCE_SEE))


async def download_csv(request: web.Request) -> web.Response:
    asked = await ask(request, Action.ATTENDANCE_SEE)
    language = staff_language(request)
    body = await asked.pages.lessons.attendance.csv(asked.lesson.id, language, by=asked.account.id)
    name = f"attendance-{asked.lesson.date.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


async def post_correction(request: web.Request) -> web.Response:
    asked = await ask(request, Action.ATTENDANCE_CORRECT)
    form = await read_form(request, CorrectionForm)
    person = form.value("person")
    form = replace(form, prefix=f"{person}-")
    if form.parsed is None:
        return await _page(request, asked, {person: form})
    side = asked.side or asked.lesson.sides[0]
    intervals = read_intervals(form.parsed.intervals, asked.lesson, side)
    if intervals is None:
        return await _page(request, asked, {person: form.with_error("intervals", WRONG_LINE)})
    try:
        await asked.pages.lessons.attendance.correct(
            asked.lesson.id, PersonId(person), intervals, by=asked.account.id, reason=form.parsed.reason
        )
    except TongchuangError as error:
        if error.status not in (400, 403, 409):
            raise
        return await _page(request, asked, {person: form.with_error("intervals", said_by(error))})
    return go_to(request, f"{asked.path}/attendance", Flash.ATTENDANCE_CORRECTED)


async def post_signature(request: web.Request) -> web.Response:
    asked = await ask(request, Action.ATTENDANCE_SIGN)
    form = await read_form(request, Versioned)
    version = form.parsed.version if form.parsed else None
    try:
        await asked.pages.lessons.attendance.sign(asked.lesson.id, by=asked.account.id, version=version)
    except TongchuangError as error:
        if error.status not in (400, 403, 409):
            raise
        return await _page(request, asked, problem=error)
    return go_to(request, asked.path, Flash.ATTENDANCE_SIGNED)


def said_by(error: TongchuangError) -> LocalizedText:
    return LocalizedText(error.text.en, error.text.zh)


def read_intervals(text: str, lesson: Lesson, side: LessonSide) -> list[Interval] | None:
    """Lines on that side's wall. None when one cannot be read; empty text means absent.

    A lesson may cross midnight on that wall: a time before its start by more than half a day is of the next date.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        return None
    found = []
    for line in lines:
        match = _LINE.fullmatch(line)
        ends = [_instant(part, lesson, side) for part in match.groups()] if match else []
        if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
            return None
        found.append(Interval(start=ends[0], end=ends[1]))
    return found


def _instant(text: str, lesson: Lesson, side: LessonSide) -> datetime | None:
    zone = ZoneInfo(side.zone)
    begins = lesson.starts_at.astimezone(zone)
    try:
        at = datetime.combine(
            begins.date(), time.fromisoformat(text.zfill(5) if len(text) < 6 else text.zfill(8)), zone
        )
    except ValueError:
        return None
    half_a_day = timedelta(hours=12)
    if begins - at > half_a_day:
        at = at + timedelta(days=1)
    elif at - begins > half_a_day:
        at = at - timedelta(days=1)
    return at.astimezone(begins.tzinfo).astimezone(lesson.starts_at.tzinfo)


async def _page(
    request: web.Request,
    asked: Asked,
    forms: dict[str, Filled[Any]] | None = None,
    problem: TongchuangError | None = None,
) -> web.Response:
    sheet = await asked.pages.lessons.attendance.sheet(asked.lesson.id, by=asked.account.id)
    correctors = {row.correction.by for row in sheet.rows if row.correction}
    directory = await directory_of(asked.pages.people, [sheet.lesson], more=correctors)
    viewpoint = viewpoint_of(sheet.lesson, asked.side, asked.account.school_id, directory)
    language = staff_language(request)
    sides = sheet.lesson.sides if viewpoint.mine != "b" else sheet.lesson.sides[::-1]
    parts = [_part(side, sheet, directory, asked.viewer, viewpoint, language, forms or {}) for side in sides]
    whole = fresh().with_problem(problem) if problem else fresh()
    status = problem.status if problem else FORM_REFUSED if forms else 200
    return await staff_page(
        request,
        "lessons/attendance.html",
        status=status,
        here=f"{asked.path}/attendance",
        nav="lessons",
        lesson_id=sheet.lesson.id,
        title=sheet.lesson.title,
        held=_held(sheet.lesson, viewpoint),
        lesson_version=sheet.lesson.version,
        parts=parts,
        form=whole,
    )


def _held(lesson: Lesson, viewpoint: Viewpoint) -> str:
    begun = lesson.started_at or lesson.starts_at
    ended = lesson.ended_at or lesson.ends_at
    first, last = _wall(begun, viewpoint.zone), _wall(ended, viewpoint.zone)
    return wall_text(viewpoint.side, first.date(), first.time(), last.time())


def _part(
    side: LessonSide,
    sheet: Sheet,
    directory: Directory,
    viewer: Adult,
    viewpoint: Viewpoint,
    language: str,
    forms: dict[str, Filled[Any]],
) -> Part:
    school = directory.schools[side.school_id]
    rows = [row for row in sheet.rows if row.side == side.key]
    subject = subject_of(sheet.lesson, side)
    may_correct = side.key == viewpoint.mine and may(viewer, Action.ATTENDANCE_CORRECT, subject)
    signed_at = side.attendance_signed_at
    signed = None
    if signed_at is not None:
        when = moment(signed_at, viewpoint.side, viewpoint.zone)
        signed = Named(name=directory.name_of(side.attendance_signed_by), when=when)
    local = sheet.lesson.starts_at.astimezone(ZoneInfo(side.zone)).date()
    words = day_in_words(local)
    return Part(
        key=side.key,
        side=school.side,
        school_name=school.name,
        group_name=directory.group_name(side.class_group_id),
        day=words.en if language == "en" else words.zh,
        rows=tuple(_row(row, school.side, side.zone, directory, language, forms) for row in rows),
        present=sum(row.seconds > 0 for row in rows),
        all=len(rows),
        signed=signed,
        may_correct=may_correct,
        may_sign=signed is None and side.key == viewpoint.mine and may(viewer, Action.ATTENDANCE_SIGN, subject),
    )


def _row(
    row: Row, side: Side, zone: str, directory: Directory, language: str, forms: dict[str, Filled[Any]]
) -> RowShown:
    correction = None
    if row.correction is not None:
        recorded = ", ".join(_said(row.recorded, side, zone)) or "–"
        correction = CorrectionShown(
            reason=row.correction.reason, by=directory.name_of(row.correction.by), recorded=recorded
        )
    typed = "\n".join(f"{_wall(one.start, zone):%H:%M:%S}-{_wall(one.end, zone):%H:%M:%S}" for one in row.intervals)
    return RowShown(
        person=row.person,
        name=row.name.en if language == "en" else row.name.zh,
        role=ADULT if row.is_adult else None,
        intervals=_said(row.intervals, side, zone),
        together=span(row.seconds) if row.seconds else "–",
        correction=correction,
        form=forms.get(row.person) or fresh(f"{row.person}-", intervals=typed),
    )


def _said(intervals: Sequence[Interval], side: Side, zone: str) -> tuple[str, ...]:
    return tuple(hours_text(side, _wall(one.start, zone).time(), _wall(one.end, zone).time()) for one in intervals)


def _wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))
