"""The banner of a coming clock change: what happens to which lessons on both walls, and whose wall time shall stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from scheduler import clock_changes
from server.access import Adult
from server.lessons import ClockChoice, ClockNotice, Lesson, SeriesView, SideKey, seen_of, wall_time
from server.pages import wall
from server.pages.lessons.lists import lessons_of_school_or_account
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.term_rows import Sides, Walls, walls_at
from server.pages.staff import DashboardBlock
from server.pair import LocalizedText
from server.people import School

_TOLD_BEFORE = timedelta(days=14)
# More than these are read on the term sheet.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """That side's wall time stays. `moves`: how many lessons that moves; `lessons`: the next ones, as they would be."""

    key: SideKey
    school: School
    is_now: bool
    moves: int
    lessons: tuple[tuple[int, Walls], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """`is_due`: within 14 days. `chosen`: whose time stays by somebody's choice, None as long as nobody chose."""

    path: str
    title: LocalizedText
    changes_at: str
    day: str
    mover: School
    shift: LocalizedText
    usual: tuple[str, str]
    options: tuple[Option, Option]
    more: int
    seen: str
    is_due: bool
    chosen: School | None


async def banners_of(
    pages: SchedulingPages, view: SeriesView, a: School, b: School, only: SideKey | None
) -> list[Banner]:
    """Of the clock changes ahead; `only`: those that concern that side."""
    now = pages.clock.now()
    notices = [one for one in pages.terms.notices(view) if only is None or one.concerns(only)]
    if not notices:
        return []
    choices = await pages.terms.records.choices([view.series.id])
    return [_banner(view, one, (a, b), choices.get((view.series.id, one.changes_at)), now) for one in notices]


def _banner(
    view: SeriesView, notice: ClockNotice, schools: tuple[School, School], choice: ClockChoice | None, now: datetime
) -> Banner:
    sides: Sides = (schools[0].side, schools[1].side)
    mover = schools[0 if notice.side == "a" else 1]
    minutes = round(notice.shift.total_seconds() / 60)
    zone = view.lessons[0].side(notice.side).zone

    def option(key: SideKey) -> Option:
        return Option(
            key=key,
            school=schools[0 if key == "a" else 1],
            is_now=notice.stays == key,
            moves=len(notice.moved_by(key)),
            lessons=tuple(
                (one.number, walls_at(one.lesson, sides, one.start_if(key))) for one in notice.lessons[:_SHOWN]
            ),
        )

    return Banner(
        path=f"/series/{view.series.id}",
        title=view.lessons[0].title,
        changes_at=f"{notice.changes_at:%Y%m%dT%H%MZ}",
        day=wall.day_text(mover.side, wall_time(notice.changes_at, zone).date),
        mover=mover,
        shift=LocalizedText(
            f"{'goes forward' if minutes > 0 else 'goes back'} {abs(minutes)} minutes",
            f"撥{'快' if minutes > 0 else '慢'} {abs(minutes)} 分鐘",
        ),
        usual=(wall.time_text(sides[0], notice.usual[0]), wall.time_text(sides[1], notice.usual[1])),
        options=(option("a"), option("b")),
        more=max(0, len(notice.lessons) - _SHOWN),
        seen=seen_of(view.lessons),
        is_due=notice.is_due(now),
        chosen=schools[0 if choice.side == "a" else 1] if choice is not None else None,
    )


async def dashboard_clock(request: web.Request, adult: Adult) -> DashboardBlock:
    """For the side whose clock moves within 14 days, and the other when its own hour jumps; nothing once chosen."""
    pages = request.app[SCHEDULING]
    now = pages.clock.now()
    lessons = [one for one in await lessons_of_school_or_account(pages.lessons, adult.account) if one.ends_at > now]
    banners: list[Banner] = []
    if _some_clock_moves(lessons, now):
        for view in await pages.terms.of_lessons(lessons):
            own = view.lessons[0].side_of_school(adult.account.school_id)
            if own is not None:
                schools = await pages.people.schools.find_many([side.school_id for side in view.lessons[0].sides])
                a, b = (schools[side.school_id] for side in view.lessons[0].sides)
                banners += [
                    one for one in await banners_of(pages, view, a, b, own.key) if one.is_due and one.chosen is None
                ]
    return DashboardBlock(
        template="scheduling/dashboard_clock.html", values={"banners": banners, "lang_of": wall.lang_of}
    )


def _some_clock_moves(lessons: Sequence[Lesson], now: datetime) -> bool:
    """Asked first, because on most days the answer is no."""
    zones = {side.zone for lesson in lessons for side in lesson.sides}
    return any(clock_changes(zone, now, now + _TOLD_BEFORE) for zone in zones)
