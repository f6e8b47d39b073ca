"""Every route and event of the real application under the table of rights: marked, refused without a word, no leaks."""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from server.access import PUBLIC, Action, Adult, Subject, action_of, is_public, may
from server.app import AppParts, create_internal_app
from server.classroom import HANDLERS
from server.http.shown_path import SECRET_PARAMETERS
from server.people import Role
from tests.integration.access.conftest import NEEDLES, World

# What a person reads there instead of what they asked for.
REFUSALS = (303, 401, 403, 404, 409)
MADE_UP = {
    "lesson": "le_madeup23456",
    "school": "sc_madeup",
    "group": "cg_madeup",
    "account": "ac_madeup",
    "student": "st_madeup",
    "series": "se_madeup",
}
# Sent, each; a longer walk by setting it.
REQUESTS = int(os.environ.get("ACCESS_REQUESTS", "10000"))


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    action: Action

    @property
    def kind(self) -> str:
        """What its first parameter is an id of; "" for places."""
        first = self.path.removeprefix("/api/v1").split("/{")[0].strip("/").split("/")[-1]
        kinds = {
            "lessons": "lesson",
            "schools": "school",
            "class-groups": "group",
            "accounts": "account",
            "students": "student",
        }
        if "{" not in self.path:
            return ""
        return kinds.get(first, first)

    def about(self, one: str) -> str:
        return re.sub(r"\{[^}]+\}", one, self.path, count=1)


def routes(app: web.Application) -> Iterator[Route]:
    for route in app.router.routes():
        action = action_of(route.handler)
        resource = route.resource
        if action is not None and resource is not None and route.method != "HEAD":
            yield Route(route.method, resource.canonical, action)


def ids(world: World, kind: str) -> dict[str, str]:
    """Of school a's side, of school c, and of nothing."""
    real = {
        "lesson": (world.lesson["ab"].id, world.lesson["cb"].id),
        "school": (world.schools["a"].id, world.schools["c"].id),
        "group": (world.groups["a"].id, world.groups["c"].id),
        "account": (world.accounts["teacher_a"].id, world.accounts["lead_c"].id),
        "student": (world.students["a1"].id, world.students["c1"].id),
        "series": (world.series["ab"].id, world.series["cb"].id),
    }[kind]
    return {"a": real[0], "c": real[1], "": MADE_UP[kind]}


async def may_at_all(world: World, who: str, route: Route, where: str) -> bool:
    """By the table of rights, judged apart (tests/unit/access): whichever side or school the form may name."""
    viewer = await world.refreshed(who)
    subjects = [Subject()]
    if route.kind in ("lesson", "series"):
        facts = await world.facts("ab" if where == "a" else "cb")
        subjects = [
            Subject(lesson=facts, side=side, is_admitted=is_admitted) for side in "ab" for is_admitted in (True, False)
        ]
    elif route.kind:
        account = world.accounts["teacher_a" if where == "a" else "lead_c"].id if route.kind == "account" else None
        subjects = [Subject(school_id=world.schools[where].id, account=account)]
    elif isinstance(viewer, Adult) and viewer.account.school_id is not None:
        subjects.append(Subject(school_id=viewer.account.school_id))
    return any(may(viewer, route.action, subject) for subject in subjects)


def test_every_route_has_an_action_or_a_reason(app: web.Application, parts: AppParts) -> None:
    unmarked = [
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and action_of(route.handler) is None and not is_public(route.resource.canonical)
    ]
    assert unmarked == []
    both = [route for route in routes(app) if is_public(route.path)]
    assert both == []
    # On the address that only this machine reaches there is nothing that has to do with people.
    internal = {route.resource.canonical for route in create_internal_app(parts).router.routes() if route.resource}
    assert {path for path in internal if not path.startswith(("/webhooks/", "/twirp/"))} == set()


def test_no_reason_is_left_of_a_route_that_is_gone(app: web.Application) -> None:
    paths = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    assert set(PUBLIC) - paths - {"/static"} == set()
    assert all(PUBLIC.values())


def test_every_event_has_an_action() -> None:
    assert {name: action_of(handler) for name, handler in HANDLERS.items() if action_of(handler) is None} == {}


def test_every_route_is_about_something_known(app: web.Application) -> None:
    """A new kind of id needs its row in `ids`."""
    assert {route.kind for route in routes(app)} - {""} <= set(MADE_UP)


@pytest.mark.timeout(900)
async def test_nobody_gets_where_the_table_does_not_let_them(world: World) -> None:
    """Every route × person × own, foreign and made-up thing. Whoever may do it is left out for unsafe methods."""
    wrong: list[str] = []
    for route in routes(world.app):
        for who in world.viewers:
            statuses: dict[str, int] = {}
            for where, one in ids(world, route.kind).items() if route.kind else [("", "")]:
                is_allowed = (where != "" or not route.kind) and await may_at_all(world, who, route, where)
                if is_allowed and route.method != "GET":
                    continue
                answer, text = await world.ask(who, route.method, route.about(one))
                statuses[where] = answer.status
                if not is_allowed and answer.status not in REFUSALS:
                    wrong.append(f"{who} {route.method} {route.about(one)}: {answer.status}")
                if not is_allowed and NEEDLES.search(text):
                    wrong.append(f"{who} {route.method} {route.about(one)} reads {NEEDLES.search(text)}")
                # A place may ask which school is meant: 404 without one.
                if is_allowed and answer.status in (401, 500, *((404,) if route.kind else ())):
                    wrong.append(f"{who} may, but {route.method} {route.about(one)}: {answer.status}")
            is_stranger = who in ("visitor", "lead_c", "coordinator_c", "pupil_c")
            if is_stranger and "a" in statuses and statuses["a"] != statuses[""]:
                wrong.append(f"{who} can tell {route.method} {route.path} of a from nothing: {statuses}")
    assert wrong == []


@pytest.mark.timeout(900)
async def test_random_requests_leak_nothing(world: World) -> None:
    """People come and go, are verified, lose and get roles; the lesson goes on; and nothing leaks to school c."""
    dice = random.Random(20261018)
    known = list(routes(world.app))
    refused = allowed = 0
    for number in itertools.count():
        if refused + allowed == REQUESTS:
            break
        if number % 25 == 0:
            await _turn(world, dice)
            world.turned()
        route, who = dice.choice(known), dice.choice(list(world.viewers))
        where = dice.choice(["a", "c"])
        one = ids(world, route.kind)[where] if route.kind else ""
        is_allowed = await may_at_all(world, who, route, where)
        if is_allowed and route.method != "GET":
            continue
        answer, text = await world.ask(who, route.method, route.about(one))
        described = f"{number}: {who} {route.method} {route.about(one)} {answer.status}"
        assert answer.status < 500, described
        if not is_allowed:
            assert answer.status in REFUSALS, described
            assert not NEEDLES.search(text), described
            refused += 1
        else:
            allowed += 1
        if who in ("lead_c", "coordinator_c", "pupil_c", "visitor"):
            # Whatever they may see: nothing of school a, nor of what it has with school b.
            assert "eedle-pupil a" not in text, described
            assert "eedle-title ab" not in text, described
    assert refused > REQUESTS // 4
    assert allowed > REQUESTS // 20


async def _turn(world: World, dice: random.Random) -> None:
    """Something happens to somebody, by the services."""
    people, lessons = world.people.accounts, world.lessons.lessons
    world.clock.advance(seconds=dice.choice([1, 300]))
    match dice.randrange(5):
        case 0:
            await people.verify(world.accounts["unverified_a"].id, None)
        case 1:
            roles = dice.choice([{Role.TEACHER}, {Role.COORDINATOR}, {Role.TEACHER, Role.COORDINATOR}])
            await people.set_roles(world.accounts[dice.choice(["teacher_a", "lead_a"])].id, frozenset(roles), None)
        case 2:
            lesson = world.lesson["ab"]
            lead = world.accounts["lead_a"].id
            state = (await lessons.get(lesson.id)).state
            if state == "consent_checked" and lesson.lobby_opens_at <= world.clock.now():
                await lessons.open_lobby(lesson.id, by=lead)
            elif state == "lobby":
                await lessons.start(lesson.id, by=lead)
        case _:
            return


SECRET_PATHS = ("/set-up/", "/invitation/", "/reset/", "/join/", "/answer/", "/calendar/")


@pytest.mark.parametrize("path", SECRET_PATHS)
async def test_no_log_line_holds_a_link_that_is_a_right(world: World, path: str) -> None:
    suffix = ".ics" if path == "/calendar/" else ""
    with capture_logs() as lines:
        await world.ask("visitor", "GET", f"{path}s3cr3t-needle{suffix}?x=s3cr3t-needle")
    assert [line for line in lines if line["event"] == "request"]
    assert "s3cr3t-needle" not in str(lines)


def test_every_parameter_that_is_a_right_is_known(app: web.Application) -> None:
    paths = [route.resource.canonical for route in app.router.routes() if route.resource is not None]
    secret = {path for path in paths if path.startswith(SECRET_PATHS)}
    assert {f"/{path.split('/')[1]}/" for path in secret} == set(SECRET_PATHS)
    names = {name for path in secret for name in re.findall(r"\{(\w+)\}", path)}
    assert names <= SECRET_PARAMETERS
