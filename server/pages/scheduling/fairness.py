"""Who gives how much time outside school (/schools/{school}/fairness): per teacher, class, school and country, of
lessons that took place and of those planned, against the least that the clocks allow; and hours that would even it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from scheduler import Account as Book
from scheduler import EasierHour
from server.access import Action, Subject, authorise, may, viewer_of
from server.errors import ErrorCode, NotFound
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import FairnessBooks, PairBook
from server.pages import wall
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.staff import staff_page
from server.pair import LocalizedText, Side
from server.people import School

COUNTRIES: Final[Mapping[str, LocalizedText]] = {
    "TW": LocalizedText("Taiwan", "臺灣"),
    "US": LocalizedText("United States", "美國"),
}
KINDS: Final = ("countries", "schools", "classes", "teachers")
_NOBODY: Final = Book(lessons=0, burden_minutes=0, weighted=0.0, best=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Minutes. `counted`: weighted by how hard the hour is; `least`: the same of the best hours there were."""

    name: LocalizedText
    is_own: bool
    held: int
    minutes: int
    counted: int
    least: int
    planned: int
    planned_minutes: int

    @property
    def beyond(self) -> int:
        return max(0, self.counted - self.least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hours that would even a pair. `eases`: the school that pays less then, `saves` counted minutes a lesson."""

    eases: School
    saves: int
    other_pays: int
    walls: tuple[tuple[Side, str], ...]
    link: str


async def show_fairness(request: web.Request) -> web.Response:
    school, books, names = await _ask(request)
    viewer, pages = viewer_of(request), request.app[SCHEDULING]
    lines = {kind: _lines(kind, books, names, school.id) for kind in KINDS}
    may_propose = may(viewer, Action.LESSON_PROPOSE, Subject(school_id=school.id))
    schools = await pages.people.schools.find_many({one for pair in books.pairs for one in pair.schools})
    return await staff_page(
        request,
        "scheduling/fairness.html",
        nav="school",
        school=school,
        lines=lines,
        kinds=KINDS,
        turns=[turn for pair in books.pairs for turn in _turns(pair, schools, school.id)],
        may_propose=may_propose,
        lang_of=wall.lang_of,
    )


async def send_fairness(request: web.Request) -> web.Response:
    """The same as JSON, for programs."""
    school, books, names = await _ask(request)
    found: dict[str, object] = {"school": school.id}
    for kind in KINDS:
        found[kind] = [
            {
                "name": {"en": line.name.en, "zh-Hant-TW": line.name.zh},
                "lessons": line.held,
                "burden_minutes": line.minutes,
                "weighted_minutes": line.counted,
                "best_possible": line.least,
                "planned_lessons": line.planned,
                "planned_burden_minutes": line.planned_minutes,
            }
            for line in _lines(kind, books, names, school.id)
        ]
    return web.json_response(found, headers={"Cache-Control": "no-store"})


async def _ask(request: web.Request) -> tuple[School, FairnessBooks, dict[str, LocalizedText]]:
    pages = request.app[SCHEDULING]
    school_id = SchoolId(request.match_info["school"])
    authorise(viewer_of(request), Action.SCHOOL_FAIRNESS_SEE, Subject(school_id=school_id))
    school = await pages.people.schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    books = await pages.fairness.of_school(school_id)
    return school, books, await _names(pages, books)


async def _names(pages: SchedulingPages, books: FairnessBooks) -> dict[str, LocalizedText]:
    def ids(kind: str) -> set[str]:
        return set(getattr(books.held, kind)) | set(getattr(books.planned, kind))

    schools = await pages.people.schools.find_many({SchoolId(one) for one in ids("schools")})
    groups = await pages.people.class_groups.find_many({ClassGroupId(one) for one in ids("classes")})
    group_schools = await pages.people.schools.find_many({group.school_id for group in groups.values()})
    accounts = await pages.people.accounts.find_many({AccountId(one) for one in ids("teachers")})
    names: dict[str, LocalizedText] = dict(COUNTRIES)
    names |= {str(one.id): one.name for one in schools.values()}
    names |= {str(one.id): one.name for one in accounts.values()}
    for group in groups.values():
        school = group_schools[group.school_id].name
        names[str(group.id)] = LocalizedText(f"{group.name.en} · {school.en}", f"{group.name.zh} · {school.zh}")
    return names


def _lines(kind: str, books: FairnessBooks, names: Mapping[str, LocalizedText], own: SchoolId) -> list[Line]:
    """Who gives most comes first."""
    held: Mapping[str, Book] = getattr(books.held, kind)
    planned: Mapping[str, Book] = getattr(books.planned, kind)
    found = [
        Line(
            name=names.get(key, LocalizedText(key, key)),
            is_own=key == own,
            held=held.get(key, _NOBODY).lessons,
            minutes=held.get(key, _NOBODY).burden_minutes,
            counted=round(held.get(key, _NOBODY).weighted),
            least=round(held.get(key, _NOBODY).best),
            planned=planned.get(key, _NOBODY).lessons,
            planned_minutes=planned.get(key, _NOBODY).burden_minutes,
        )
        for key in held.keys() | planned.keys()
    ]
    return sorted(found, key=lambda line: (-line.counted, -line.planned_minutes, line.name.en))


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
