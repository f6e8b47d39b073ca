"""What the pages about people need of the rest, and how they load what a path names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from server.access import Action, Adult, Subject, authorise, viewer_of
from server.clock import Clock
from server.errors import ErrorCode, NotFound, Unauthorized
from server.ids import AccountId, ClassGroupId, SchoolId
from server.outbox import OutboxRepository
from server.pages.wall import day_text, time_text, weekday_text
from server.pair import Side
from server.people import Account, ClassGroup, People, School


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePages:
    """`client`: the address of who asks. `public_url`: "" means the request's own origin. `outbox`: for /mail."""

    people: People
    clock: Clock
    client: Callable[[web.Request], str]
    is_demo: bool
    is_tls: bool
    public_url: str
    outbox: OutboxRepository | None = None


PEOPLE = web.AppKey("people_pages", PeoplePages)


def people_of(request: web.Request) -> People:
    return request.app[PEOPLE].people


def signed_in(request: web.Request) -> Adult:
    """The adult of a route that only adults reach. Raises Unauthorized."""
    viewer = viewer_of(request)
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED)
    return viewer


def origin_of(request: web.Request) -> str:
    return request.app[PEOPLE].public_url or f"{request.scheme}://{request.host}"


async def school_for(request: web.Request, action: Action) -> School:
    """The school that the path names, for this action. Raises what `authorise` raises, and NotFound."""
    school_id = SchoolId(request.match_info["school"])
    authorise(viewer_of(request), action, Subject(school_id=school_id))
    school = await people_of(request).schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    return school


async def group_for(request: web.Request, action: Action) -> tuple[ClassGroup, School]:
    """The class group that the path names with its school, for this action."""
    people = people_of(request)
    group = await people.class_groups.find(ClassGroupId(request.match_info["group"]))
    authorise(viewer_of(request), action, Subject(school_id=group.school_id if group else SchoolId("")))
    school = await people.schools.find(group.school_id) if group else None
    if group is None or school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "class group")
    return group, school


async def account_for(request: web.Request, action: Action) -> Account:
    """The account that the path names, for this action."""
    account = await people_of(request).accounts.find(AccountId(request.match_info["account"]))
    authorise(viewer_of(request), action, subject_of(account))
    if account is None:
        raise NotFound(ErrorCode.NOT_FOUND, "account")
    return account


def subject_of(account: Account | None) -> Subject:
    if account is None:
        return Subject(school_id=SchoolId(""))
    return Subject(school_id=account.school_id, account=account.id)


def day_of(school: School) -> Callable[[date], str]:
    """How this school writes a day."""
    return lambda on: day_text(school.side, on, year=True)


def wall_now(side: Side, zone: str, now: datetime) -> str:
    """The time of day and the weekday, as the clock element writes them."""
    local = now.astimezone(ZoneInfo(zone))
    return f"{time_text(side, local.time())} {weekday_text(side, local.date())}"


def moment_text(at: datetime, school: School | None) -> str:
    """A moment on the wall of one's own school; in UTC for those of no school."""
    if school is None:
        return f"{at:%Y-%m-%d %H:%M} UTC"
    local = at.astimezone(ZoneInfo(school.zone))
    return f"{day_text(school.side, local.date(), year=True)} {time_text(school.side, local.time())}"
