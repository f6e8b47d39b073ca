"""What every editor of a school's hours shares: the right, the stored file, the look at what a change does, the store.

Nothing is stored that was not looked at: the first press shows which planned lessons would fall out and what could
take the place of each, the second stores it under the version that was changed, with an audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from aiohttp import web

from scheduler import Slot
from server.access import Action, Adult, Subject, authorise, may, viewer_of
from server.errors import ErrorCode, NotFound, TongchuangError
from server.ids import AccountId, SchoolId
from server.lessons import FileProblem, Hit, HoursNow, Lesson, facts_of, wall_time
from server.pages import wall
from server.pages.flash import Flash
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.staff import go_to, staff_page
from server.pair import LocalizedText, Side
from server.people import School

CHANGED_MEANWHILE: Final = LocalizedText(
    "Somebody changed these hours meanwhile. What you entered is still here: please look at it against what is stored "
    "now, then go on.",
    "其他人剛剛更新了學校時間。您輸入的內容仍保留在這裡，請對照目前的資料後再繼續。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    pages: SchedulingPages
    viewer: Adult
    now: HoursNow

    @property
    def by(self) -> AccountId:
        return self.viewer.account.id

    @property
    def school(self) -> School:
        return self.now.school

    @property
    def text(self) -> str:
        return self.now.text

    @property
    def version(self) -> int:
        return self.now.version

    @property
    def path(self) -> str:
        return f"/schools/{self.school.id}/hours"

    @property
    def may_change(self) -> bool:
        return may(self.viewer, Action.SCHOOL_HOURS_CHANGE, Subject(school_id=self.school.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """A lesson that falls out, as the page tells it. `move`: the form that moves it, filled in with `instead`."""

    lesson: Lesson
    walls: tuple[tuple[Side, str], ...]
    instead: tuple[tuple[Side, str], ...]
    move: str | None
    series: str | None


async def ask(request: web.Request, action: Action) -> Asked:
    """Raises NotFound for a school that is not there or of which the asker knows nothing."""
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school = await pages.people.schools.find(SchoolId(request.match_info["school"]))
    authorise(viewer, action, Subject(school_id=SchoolId(request.match_info["school"])))
    if school is None or not isinstance(viewer, Adult):
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    return Asked(pages=pages, viewer=viewer, now=await pages.hours_desk.now(school))


def version_of(values: Mapping[str, str]) -> int:
    """-1, which is never stored, for what is no number."""
    version = values.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1


async def look_page(
    request: web.Request,
    asked: Asked,
    text: str,
    *,
    action: str,
    fields: Iterable[tuple[str, str]],
    what: LocalizedText,
) -> web.Response:
    """What the change does, before it is stored. `fields`: the form as it was sent, which the second press sends again
    (with `step` save) or opens again (`step` edit)."""
    hits = await asked.pages.hours_desk.hits(asked.now, text)
    return await staff_page(
        request,
        "scheduling/change.html",
        here=asked.path,
        nav="school",
        school=asked.school,
        what=what,
        action=action,
        fields=[(name, value) for name, value in fields if name not in ("csrf", "step", "version")],
        version=asked.version,
        hits=await hit_lines(asked, hits),
        planned=len(asked.now.lessons),
        lang_of=wall.lang_of,
    )


async def hit_lines(asked: Asked, hits: Sequence[Hit]) -> list[HitLine]:
    schools = await asked.pages.people.schools.find_many(
        {side.school_id for hit in hits for side in hit.lesson.sides} or {asked.school.id}
    )
    return [await _line(asked, hit, schools) for hit in hits]


async def _line(asked: Asked, hit: Hit, schools: Mapping[SchoolId, School]) -> HitLine:
    lesson = hit.lesson
    walls = []
    for side in lesson.sides:
        start, end = wall_time(lesson.starts_at, side.zone), wall_time(lesson.ends_at, side.zone)
        theirs = schools[side.school_id].side
        walls.append((theirs, wall.wall_text(theirs, start.date, start.time, end.time)))
    own = lesson.side_of_school(asked.school.id)
    move = None
    if own is not None and may(asked.viewer, Action.LESSON_MOVE, Subject(lesson=facts_of(lesson), side=own.key)):
        move = f"/lessons/{lesson.id}/move"
        if hit.instead is not None:
            on, start_at = _anchored(lesson, hit.instead, is_own=lesson.anchor == own.key)
            move += f"?date={on.isoformat()}&start={start_at:%H:%M}"
    instead: tuple[tuple[Side, str], ...] = ()
    if hit.instead is not None and own is not None:
        by_school = {asked.school.id: hit.instead.a}
        instead = tuple(
            (schools[side.school_id].side, wall.wall_text(schools[side.school_id].side, one.on, one.start, one.end))
            for side in lesson.sides
            for one in (by_school.get(side.school_id, hit.instead.b),)
        )
    series = await asked.pages.series.of_lesson(lesson.id)
    return HitLine(
        lesson=lesson,
        walls=tuple(walls),
        instead=instead,
        move=move,
        series=f"/series/{series[0]}" if series else None,
    )


def _anchored(lesson: Lesson, slot: Slot, *, is_own: bool) -> tuple[date, time]:
    side = slot.a if is_own else slot.b
    return side.on, time.fromisoformat(side.start)


async def check(asked: Asked, text: str) -> tuple[FileProblem, ...]:
    return await asked.pages.hours_desk.check(asked.now, text)


async def store_and_go(
    request: web.Request, asked: Asked, text: str, version: int, part: str, path: str = ""
) -> web.Response | LocalizedText:
    """The next page, or what to say when somebody was faster. `path`: where to go when no lesson is hit; those that
    are stand on the page of the hours, each with the way on."""
    try:
        hit = await asked.pages.hours_desk.store(asked.now, text, version=version, part=part, by=asked.by)
    except TongchuangError as error:
        if error.status >= 500:
            raise
        return CHANGED_MEANWHILE
    return go_to(request, asked.path if hit or not path else path, Flash.HOURS_HIT if hit else Flash.HOURS_CHANGED, hit)


async def posted(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form in their order; uploads are none of ours."""
    return [(name, value) for name, value in (await request.post()).items() if isinstance(value, str)]


def page_values(asked: Asked) -> dict[str, Any]:
    """What the templates of all editors use."""
    return {
        "school": asked.school,
        "version": asked.version,
        "may_change": asked.may_change,
        "is_guessed": asked.now.is_guessed,
        "day_text": wall.day_text,
        "lang_of": wall.lang_of,
    }
