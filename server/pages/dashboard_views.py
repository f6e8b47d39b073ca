"""'Today': what comes next, what waits for this person, and the first steps as long as there are some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from server.access import Action, Adult, Subject, add_route, authorise, may
from server.pages.first_steps import GroupFacts, SchoolFacts, Step, steps_of_administrator, steps_of_school
from server.pages.people_context import PEOPLE, people_of, signed_in, wall_now
from server.pages.staff import DASHBOARD_PARTS, DashboardBlock, staff_page
from server.pair import LocalizedText, Side
from server.people import People, Role, School

# An installation with more schools than this was set up long ago: nothing is counted for its first steps.
_MANY_SCHOOLS = 12
_TYPICAL = {
    Side.TAIWAN: ("Asia/Taipei", LocalizedText("Taipei", "臺北")),
    Side.UNITED_STATES: ("America/Phoenix", LocalizedText("Tucson", "土桑")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    text: LocalizedText
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """`time`: as it is now, for readers without a script; the element keeps it going."""

    side: Side
    zone: str
    time: str
    place: LocalizedText


def add_dashboard(app: web.Application) -> None:
    app.setdefault(DASHBOARD_PARTS, [])
    add_route(app, "GET", "/dashboard", show_dashboard, Action.DASHBOARD_SEE)


async def show_dashboard(request: web.Request) -> web.Response:
    adult, people = signed_in(request), people_of(request)
    authorise(adult, Action.DASHBOARD_SEE)
    schools = await people.schools.list()
    own = next((school for school in schools if school.id == adult.account.school_id), None)
    blocks = [await part(request, adult) for part in request.app[DASHBOARD_PARTS]]
    done = frozenset[str]().union(*(block.steps_done for block in blocks))
    return await staff_page(
        request,
        "dashboard.html",
        clocks=_clocks(own, _partner_first(schools, blocks), request.app[PEOPLE].clock.now()),
        waiting=await _waiting(adult, people, schools),
        steps=await _steps(adult, people, own, schools, done),
        blocks=blocks,
        is_teaching="lesson" in done,
    )


def _partner_first(schools: Sequence[School], blocks: Sequence[DashboardBlock]) -> list[School]:
    partners = [block.partner for block in blocks if block.partner is not None]
    return sorted(schools, key=lambda school: school.id not in partners)


def _clocks(own: School | None, schools: Sequence[School], now: datetime) -> list[WallClock]:
    """One's own side first, then the other: its first school, else a typical place."""
    sides = [Side.TAIWAN, Side.UNITED_STATES]
    if own is not None:
        sides.sort(key=lambda side: side is not own.side)
    return [_clock(side, own, schools, now) for side in sides]


def _clock(side: Side, own: School | None, schools: Sequence[School], now: datetime) -> WallClock:
    school = own if own is not None and own.side is side else next((one for one in schools if one.side is side), None)
    zone, place = (school.zone, school.place) if school is not None else _TYPICAL[side]
    return WallClock(side=side, zone=zone, place=place, time=wall_now(side, zone, now))


async def _waiting(adult: Adult, people: People, schools: Sequence[School]) -> list[Waiting]:
    """Who has chosen a password and waits to be verified, where this person may do that."""
    found = []
    for school in schools:
        if not may(adult, Action.ACCOUNT_VERIFY, Subject(school_id=school.id)):
            continue
        accounts = await people.accounts.of_school(school.id)
        count = sum(
            one.has_password and not one.is_verified and not one.is_disabled and one.id != adult.account.id
            for one in accounts
        )
        if count:
            text = LocalizedText(
                f"{school.name.en}: people who wait to be verified: {count}",
                f"{school.name.zh}：等待驗證的人員 {count} 位",
            )
            found.append(Waiting(text=text, path=f"/schools/{school.id}/people"))
    return found


async def _steps(
    adult: Adult, people: People, own: School | None, schools: Sequence[School], done: frozenset[str]
) -> tuple[Step, ...]:
    if may(adult, Action.SCHOOL_CREATE):
        if len(schools) > _MANY_SCHOOLS:
            return ()
        return steps_of_administrator([await _facts(people, school) for school in schools])
    if own is None or not may(adult, Action.CLASS_GROUP_CREATE, Subject(school_id=own.id)):
        return ()
    may_invite = may(adult, Action.ACCOUNT_INVITE, Subject(school_id=own.id))
    return steps_of_school(await _facts(people, own), done, may_invite=may_invite)


async def _facts(people: People, school: School) -> SchoolFacts:
    teachers = [
        one for one in await people.accounts.of_school(school.id) if Role.TEACHER in one.roles and not one.is_disabled
    ]
    groups = [
        GroupFacts(
            id=group.id,
            has_pupils=await people.rosters.count(group.id) > 0,
            is_authorised=await people.class_groups.authorisation_of(group.id) is not None,
        )
        for group in await people.class_groups.of_school(school.id)
    ]
    verified = sum(one.is_verified for one in teachers)
    return SchoolFacts(id=school.id, side=school.side, teachers=len(teachers), verified=verified, groups=groups)
