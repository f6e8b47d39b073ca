"""Who gives how much time outside school (/schools/{school}/fairness): per teacher, class, school and country, of
lessons that took place and of those planned, against the least that the clocks allow; and hours that would even it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from scheduler import EasierHour
from server.access import Action, Subject, authorise, may, viewer_of
from server.errors import ErrorCode, NotFound
from server.ids import SchoolId
from server.lessons import LEDGER_KINDS, PairBook, ledger_lines, ledger_names
from server.pages import wall
from server.pages.scheduling.context import SCHEDULING
from server.pages.staff import staff_page
from server.pair import Side
from server.people import School


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hours that would even a pair. `eases`: the school that pays less then, `saves` counted minutes a lesson."""

    eases: School
    saves: int
    other_pays: int
    walls: tuple[tuple[Side, str], ...]
    link: str


async def show_fairness(request: web.Request) -> web.Response:
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    school_id = SchoolId(request.match_info["school"])
    authorise(viewer, Action.SCHOOL_FAIRNESS_SEE, Subject(school_id=school_id))
    school = await pages.people.schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    books = await pages.fairness.of_school(school_id)
    names = await ledger_names(pages.people, books)
    lines = {kind: ledger_lines(kind, books, names, school.id) for kind in LEDGER_KINDS}
    may_propose = may(viewer, Action.LESSON_PROPOSE, Subject(school_id=school.id))
    schools = await pages.people.schools.find_many({one for pair in books.pairs for one in pair.schools})
    return await staff_page(
        request,
        "scheduling/fairness.html",
        nav="school",
        school=school,
        lines=lines,
        kinds=LEDGER_KINDS,
        turns=[turn for pair in books.pairs for turn in _turns(pair, schools, school.id)],
        may_propose=may_propose,
        lang_of=wall.lang_of,
    )


def _turns(pair: PairBook, schools: Mapping[SchoolId, School], own: SchoolId) -> list[Turn]:
    return [_turn(pair, hour, schools, own) for hour in pair.easier]


def _turn(pair: PairBook, hour: EasierHour, schools: Mapping[SchoolId, School], own: SchoolId) -> Turn:
    heavy = 0 if pair.paid[0] > pair.paid[1] else 1
    pays, first = (hour.a_pays, hour.b_pays), hour.slots[0]
    halves = (first.a, first.b)
    mine = 1 if pair.schools[1] == own else 0
    ask = {
        "group_a": pair.groups[mine],
        "group_b": pair.groups[1 - mine],
        "date": halves[mine].on.isoformat(),
        "start": halves[mine].start,
        "minutes": pair.minutes,
        "lessons": len(hour.slots),
    }
    sides = [schools[one].side for one in pair.schools]
    return Turn(
        eases=schools[pair.schools[heavy]],
        saves=round(pair.usual[heavy] - pays[heavy]),
        other_pays=round(pays[1 - heavy]),
        walls=tuple(
            (side, wall.wall_text(side, half.on, half.start, half.end))
            for side, half in zip(sides, halves, strict=True)
        ),
        link="/series/new?" + urlencode(ask),
    )
