"""The page of "find an hour", drawn by the server alone: what a coordinator types, sees and follows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from scheduler import demo_parties
from server.access import Action, Adult, Viewer, Visitor, add_route
from server.access.middleware import VIEWER
from server.http import ErrorPages, error_middleware
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import ClassHours
from server.pages import PagesContext, choose_language, render_error, setup_pages
from server.pages.scheduling.context import SCHEDULING
from server.pages.scheduling.hours import show_hours
from server.pages.staff import FIND_SCHOOL
from server.pair import LocalizedText, Side
from server.people import Account, Role, School
from tests.fakes.clock import FakeClock

HOSTILE = '"><script>alert(1)</script>'
DEMO = tuple(
    ClassHours(
        class_group_id=ClassGroupId(party.id),
        school_id=SchoolId(party.school.id),
        class_name=LocalizedText(party.group.name.en, party.group.name.zh),
        school_name=LocalizedText(party.school.name.en, party.school.name.zh),
        side=Side.TAIWAN if party.school.country == "TW" else Side.UNITED_STATES,
        zone=party.school.zone,
        grade="",
        size=20,
    )
    for party in demo_parties()
)
CLASSES = (
    *DEMO,
    ClassHours(
        class_group_id=ClassGroupId("cg_new"),
        school_id=SchoolId("sc_new"),
        class_name=LocalizedText(HOSTILE, HOSTILE),
        school_name=LocalizedText(HOSTILE, HOSTILE),
        side=Side.UNITED_STATES,
        zone="America/Los_Angeles",
        grade="5",
        size=0,
    ),
)


def adult(school: str = "tw-taipei-chenguang", *, is_verified: bool = True) -> Adult:
    account = Account(
        id=AccountId("ac_1"),
        school_id=SchoolId(school),
        email="lin@example.org",
        name=LocalizedText("Ms. Lin", "林老師"),
        language="en",
        roles=frozenset({Role.TEACHER}),
        has_password=True,
        verified_at=datetime(2026, 9, 1, tzinfo=UTC) if is_verified else None,
    )
    return Adult(account=account, csrf="word")


@pytest.fixture
def viewer() -> Viewer:
    return adult()


@pytest.fixture
def application(viewer: Viewer, tmp_path: Path) -> web.Application:
    """Synchronous, as at start: templates are read before the event loop runs."""

    @web.middleware
    async def know(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[VIEWER] = viewer
        return await handler(request)

    async def find_school(_: str) -> School | None:
        return None

    async def names() -> tuple[ClassHours, ...]:
        return CLASSES

    async def hours(ids: Collection[ClassGroupId]) -> dict[ClassGroupId, ClassHours]:
        return {one.class_group_id: one for one in CLASSES if one.class_group_id in ids}

    pages = ErrorPages(render=render_error, choose_language=choose_language)
    app = web.Application(middlewares=[error_middleware(pages), know])
    app[FIND_SCHOOL] = find_school
    setup_pages(app, PagesContext(dist=tmp_path, is_demo=True, public_url="", version="9", demo_lesson=None))
    clock = FakeClock(datetime(2026, 10, 18, 16, 0, tzinfo=UTC))
    app[SCHEDULING] = SimpleNamespace(classes=SimpleNamespace(names=names, hours=hours), clock=clock)  # type: ignore[misc]  # all that it reads
    add_route(app, "GET", "/hours", show_hours, Action.HOURS_FIND)
    return app


@pytest.fixture
async def client(application: web.Application) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(TestServer(application)) as client:
        yield client


async def page(client: TestClient[web.Request, web.Application], address: str) -> str:
    response = await client.get(address)
    assert response.status == 200, await response.text()
    return unescape(await response.text())


async def test_ones_own_class_is_chosen_already(client: TestClient[web.Request, web.Application]) -> None:
    text = await page(client, "/hours")
    assert re.search(r'<option value="tw-taipei-chenguang-5a" selected>', text)
    partners = text[text.index('id="hours-b"') :]
    assert "tw-taipei-chenguang-5a" not in partners[: partners.index("</select>")]
    assert "Hours that work" not in text


async def test_three_inputs_lead_to_hours_with_both_weekdays(client: TestClient[web.Request, web.Application]) -> None:
    """Their class, the weeks, the minutes: everything else is filled in."""
    text = await page(client, "/hours?a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b&weeks=4&minutes=40")
    assert re.search(r"Hours that work: [1-9]", text)
    assert "10/20 週二" in text
    assert "Mon Oct 19" in text
    assert "4:40–5:20 PM" in text
    first = re.search(r'href="(/lessons/new\?[^"]+)"', text)
    assert first
    assert "group_a=tw-taipei-chenguang-5a" in first[1]
    assert "group_b=us-az-saguaro-5b" in first[1]
    assert "zone=Asia%2FTaipei" in first[1]
    # Tomorrow in Taipei, where it is Monday already.
    assert 'name="from" type="date" value="2026-10-20"' in text


async def test_the_clock_change_is_a_seam_in_the_grid(client: TestClient[web.Request, web.Application]) -> None:
    text = await page(client, "/hours?a=tw-taipei-chenguang-5a&b=us-ca-bayview-5r&from=2026-10-26&weeks=2")
    assert text.count('<span class="seam-text">') == 1
    assert "clock −60 min" in text
    quiet = await page(client, "/hours?a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b&from=2026-10-26&weeks=2")
    assert "seam-text" not in quiet


async def test_nothing_found_says_why_and_offers_links_that_find(
    client: TestClient[web.Request, web.Application],
) -> None:
    text = await page(client, "/hours?a=tw-taipei-chenguang-5a&b=us-ca-bayview-5r&from=2026-10-19&tier=self_study")
    assert "No hour works as it stands" in text
    assert "Friday" in text
    link = re.search(r'<li><a href="(/hours\?[^"]+tier=after_school[^"]*)">', text)
    assert link
    assert re.search(r"Hours that work: [1-9]", await page(client, link[1]))


async def test_it_speaks_chinese(client: TestClient[web.Request, web.Application]) -> None:
    text = await page(client, "/hours?a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b&lang=zh-Hant-TW")
    assert '<html lang="zh-Hant-TW">' in text
    assert "晨光" in text


async def test_a_school_without_bell_times_is_said_to_be_guessed_and_its_name_stays_text(
    client: TestClient[web.Request, web.Application],
) -> None:
    response = await client.get("/hours?a=tw-taipei-chenguang-5a&b=cg_new")
    raw = await response.text()
    assert "bell times are not entered yet" in raw
    assert "<script>alert" not in raw
    assert re.search(r"Hours that work: [1-9]", raw)


@pytest.mark.parametrize(
    "query",
    [
        "weeks=9999&minutes=x&from=yesterday&tier=never&all=maybe",
        "a=nobody&b=us-az-saguaro-5b",
        "a=us-az-saguaro-5b&b=us-az-saguaro-5b",
        "minutes=1&a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b",
        "from=0001-01-01&a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b",
        "from=9999-12-31&a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b",
    ],
)
async def test_a_broken_question_still_leads_to_the_form(
    client: TestClient[web.Request, web.Application], query: str
) -> None:
    assert 'id="hours-b"' in await page(client, f"/hours?{query}")


@pytest.mark.parametrize(("viewer", "status"), [(Visitor(), 401), (adult(is_verified=False), 403)])
async def test_only_verified_adults_ask(client: TestClient[web.Request, web.Application], status: int) -> None:
    assert (await client.get("/hours?a=tw-taipei-chenguang-5a&b=us-az-saguaro-5b")).status == status
