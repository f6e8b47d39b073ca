"""/api/v1: lessons for signed-in adults, and a document that names every route and is valid OpenAPI 3.1."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api import LessonApi, document
from server.ids import LessonId
from server.lessons import LessonState
from tests.integration.lesson_pages.conftest import (  # noqa: F401  # fixtures of the same house
    House,
    Staff,
    client,
    demo_database,
    house,
    staff,
)

ALL = "/api/v1/lessons"


class Program:
    """Calls the API as a page of ours would: cookie, own origin, and the word against forgery."""

    def __init__(self, staff: Staff) -> None:  # noqa: F811
        self.client = staff.client
        self.origin = str(self.client.make_url("")).rstrip("/")
        self.csrf = ""

    async def ask(self, path: str, status: int = 200) -> Any:
        answer = await self.client.get(path)
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)

    async def send(self, path: str, body: Any, status: int = 200, **headers: str) -> Any:
        return await self._change("POST", path, body, status, headers)

    async def put(self, path: str, body: Any, status: int = 200) -> Any:
        return await self._change("PUT", path, body, status, {})

    async def _change(self, method: str, path: str, body: Any, status: int, headers: dict[str, str]) -> Any:
        if not self.csrf:
            self.csrf = (await self.ask("/api/v1/me"))["csrf"]
        given = {"Origin": self.origin, "X-CSRF-Token": self.csrf, **headers}
        answer = await self.client.request(method, path, json=body, headers=given)
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def test_mine_with_both_walls(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    lessons = (await program.ask(ALL))["lessons"]
    assert [one["starts_at"] for one in lessons] == sorted(one["starts_at"] for one in lessons)
    breakfast = await program.ask(f"{ALL}/{(await house.demo('breakfast')).id}")
    a, b = breakfast["sides"]
    assert (a["date"], a["weekday"], a["starts_at_local"]) == ("2026-12-01", "tue", "2026-12-01T07:40+08:00")
    assert (b["date"], b["weekday"], b["starts_at_local"]) == ("2026-11-30", "mon", "2026-11-30T15:40-08:00")
    assert b["lead"]["name"] == {"en": "Ms. Rivera", "zh-Hant-TW": "里維拉老師"}
    assert breakfast["starts_at"] == "2026-11-30T23:40:00Z"
    assert "le_demo_river" not in str(lessons)


async def test_a_lesson_by_program_alone(staff: Staff, house: House) -> None:  # noqa: F811
    await staff.become("lin")
    program = Program(staff)
    body = {
        "title": {"en": "Songs", "zh-Hant-TW": "歌謠"}, "class_group_id": "tw-taipei-chenguang-5a",
        "partner_class_group_id": "us-az-saguaro-5b", "partner_lead": "ac_demo_ortega", "date": "2026-11-25",
        "start": "08:40", "minutes": 40,
    }  # fmt: skip
    made = await program.send(ALL, body, 201)
    path = f"{ALL}/{made['id']}"
    assert (made["state"], made["version"], made["anchor"]) == ("proposed", 1, "a")
    problem = await program.send(f"{path}/confirm", {}, 409)
    assert set(problem["titles"]) == {"en", "zh-Hant-TW"}
    await staff.become("ortega")
    other = Program(staff)
    assert (await other.send(f"{path}/confirm", {"version": 7}, 409))["code"] == "lesson_changed"
    assert (await other.send(f"{path}/confirm", {"version": 1}))["state"] == "confirmed"
    moved = await other.send(f"{path}/move", {"date": "2026-11-26", "start": "07:50"})
    assert (moved["state"], moved["sides"][0]["confirmed_at"]) == ("proposed", None)
    assert moved["sides"][0]["starts_at_local"] == "2026-11-26T07:50+08:00"
    assert (await other.send(f"{path}/cancel", {"reason": "Snow"}))["closing_note"] == "Snow"
    stored = await house.lessons.lessons.get(LessonId(made["id"]))
    assert stored.state is LessonState.CANCELLED


@pytest.mark.parametrize(
    "change",
    [
        {"minutes": 5}, {"minutes": "forty"}, {"date": "soon"}, {"title": {"en": "", "zh-Hant-TW": "x"}}, {"more": 1},
        {"anchor": "c"}, {"adults_needed": 3}, {"partner_lead": None}, {"title": "both"},
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong(staff: Staff, house: House, change: dict[str, Any]) -> None:  # noqa: F811
    await staff.become("lin")
    body = {
        "title": {"en": "Songs", "zh-Hant-TW": "歌謠"}, "class_group_id": "tw-taipei-chenguang-5a",
        "partner_class_group_id": "us-az-saguaro-5b", "partner_lead": "ac_demo_ortega", "date": "2026-11-25",
        "start": "08:40", "minutes": 40,
    }  # fmt: skip
    assert (await Program(staff).send(ALL, body | change, 400))["code"] == "invalid_request"
    assert len(await house.lessons.lessons.in_states([LessonState.PROPOSED])) == 2


async def test_who_may_not(staff: Staff, house: House) -> None:  # noqa: F811
    lesson = await house.demo("typhoon")
    path = f"{ALL}/{lesson.id}"
    stranger = Program(staff)
    for asked in ("/api/v1/me", ALL, path, f"{path}/attendance"):
        assert (await stranger.ask(asked, 401))["code"] == "sign_in_needed"
    await staff.become("rivera")
    program = Program(staff)
    for asked in (path, f"{path}/attendance", f"{ALL}/le_nothing"):
        assert "typhoon" not in str(await program.ask(asked, 404)).lower()
    await program.send(f"{path}/cancel", {"reason": "x"}, 404)
    await staff.become("lin")
    program = Program(staff)
    await program.send(f"{path}/cancel", {"reason": "x"}, 403, **{"X-CSRF-Token": "guessed"})
    await program.send(f"{path}/cancel", {"reason": "x"}, 403, Origin="https://elsewhere.example")
    await program.ask(f"{path}/attendance", 409)
    assert (await house.demo("typhoon")).state is LessonState.CONSENT_CHECKED


async def test_attendance_for_programs(staff: Staff, house: House) -> None:  # noqa: F811
    lesson = await house.demo("schoolday")
    await staff.become("lin")
    sheet = await Program(staff).ask(f"{ALL}/{lesson.id}/attendance")
    assert len(sheet["rows"]) == 28 + 21 + 2
    assert all(row["seconds"] == 0 or row["intervals"][0]["start"].endswith("Z") for row in sheet["rows"])


async def test_the_document_is_valid_and_names_every_route(staff: Staff, house: House) -> None:  # noqa: F811
    told = await Program(staff).ask("/api/v1/openapi.json")
    OpenAPIV31SpecValidator(told).validate()
    assert told["openapi"].startswith("3.1")
    served = {
        (route.method, re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical))
        for route in house.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }
    documented = {(method.upper(), path) for path, item in told["paths"].items() for method in item}
    # The classroom's two are served where there is a media server (tests/integration/classroom).
    apart = {("GET", f"{ALL}/{{id}}/token"), ("GET", f"{ALL}/{{id}}/screen-token")}
    assert documented - apart == served - apart
    assert apart <= documented


def test_every_operation_has_its_own_name_and_says_what_can_go_wrong() -> None:
    operations = LessonApi.operations()
    assert len({one.name for one in operations}) == len(operations)
    told = document(operations, "9.9")
    for one in operations:
        answers = told["paths"][one.path][one.method.lower()]["responses"]
        assert "default" in answers
        assert (401 in one.problems) is one.needs_sign_in
        if one.method == "POST" and one.needs_sign_in:
            assert {400, 403, 404, 409} <= set(one.problems)
