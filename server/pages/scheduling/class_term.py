"""All lessons of a class group (/class-groups/{group}/term), or of one pair (`?with=`), on both walls."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from server.access import Action, Subject, may, viewer_of
from server.ids import ClassGroupId
from server.lessons import Lesson, LessonSide, facts_of, wall_time
from server.pages import wall
from server.pages.lessons.press import STATES, TONES
from server.pages.people_context import group_for
from server.pages.scheduling.context import SCHEDULING
from server.pages.scheduling.term_rows import Walls, walls_at
from server.pages.staff import staff_page
from server.people import ClassGroup, School


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One's own side first. `series`: the address of its term view, "" for a lesson by itself. `year`: where another
    begins on one's own wall, 0 elsewhere."""

    lesson: Lesson
    partner: School
    walls: Walls
    series: str
    year: int


async def show_class_term(request: web.Request) -> web.Response:
    """Raises NotFound for a class group that is not there or not of the asker's school."""
    pages, viewer = request.app[SCHEDULING], viewer_of(request)
    group, own = await group_for(request, Action.CLASS_GROUP_SEE)
    wanted = request.query.get("with", "")
    found = [
        lesson
        for lesson in await pages.lessons.of_school(group.school_id)
        if lesson.side_of_class_group(group.id) is not None
        and (not wanted or lesson.side_of_class_group(ClassGroupId(wanted)) is not None)
        and may(viewer, Action.LESSON_SEE, Subject(lesson=facts_of(lesson)))
    ]
    schools = await pages.people.schools.find_many({side.school_id for one in found for side in one.sides})
    series = {one.id: view.series.id for view in await pages.terms.of_lessons(found) for one in view.lessons}
    rows = [
        _row(one, group, schools[group.school_id], schools[_other(one, group).school_id], series.get(one.id, ""))
        for one in found
    ]
    partners = await pages.people.class_groups.find_many({_other(lesson, group).class_group_id for lesson in found})
    return await staff_page(
        request,
        "scheduling/class_term.html",
        nav="class_groups",
        group=group,
        own=own,
        partner=partners.get(ClassGroupId(wanted)),
        partners=list(partners.values()),
        rows=_yearly(rows),
        lang_of=wall.lang_of,
        state_text=STATES,
        state_tone=TONES,
    )


def _other(lesson: Lesson, group: ClassGroup) -> LessonSide:
    return lesson.sides[1] if lesson.sides[0].class_group_id == group.id else lesson.sides[0]


def _row(lesson: Lesson, group: ClassGroup, own: School, partner: School, series_id: str) -> ClassRow:
    is_first = lesson.sides[0].class_group_id == group.id
    walls = walls_at(lesson, (own.side, partner.side) if is_first else (partner.side, own.side), lesson.starts_at)
    return ClassRow(
        lesson=lesson,
        partner=partner,
        walls=walls if is_first else (walls[1], walls[0]),
        series=f"/series/{series_id}" if series_id else "",
        year=wall_time(lesson.starts_at, (lesson.sides[0] if is_first else lesson.sides[1]).zone).date.year,
    )


def _yearly(rows: list[ClassRow]) -> list[ClassRow]:
    """The year is told where it begins, not on every line."""
    before = [0, *(row.year for row in rows)]
    return [replace(row, year=0) if row.year == last else row for row, last in zip(rows, before, strict=False)]
