"""The middleware and the marks of routes over HTTP: cookies, forms, origins, and handlers that never asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.access import (
    SEAT_COOKIE,
    SIGN_IN_COOKIE,
    Action,
    CookiePolicy,
    NeverAsked,
    Pupil,
    Subject,
    Visitor,
    access_viewer_middleware,
    action_of,
    add_route,
    authorise,
    must_ask,
    protect,
    viewer_of,
)
from server.access.forgery import csrf_of
from server.errors import Forbidden
from server.http import ErrorPages, error_middleware
from server.people import SignedIn
from tests.fakes.world import ACCOUNTS, VIEWERS

Client = TestClient[web.Request, web.Application]
TOKEN = "token-of-a-teacher"
SEAT = "seat-of-a-pupil"


class FakeSignIns:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find_by_token(self, token: str) -> SignedIn | None:
        self.asked.append(token)
        return SignedIn(token=token, account=ACCOUNTS["teacher_a"]) if token == TOKEN else None


async def find_pupil(seat: str) -> Pupil | None:
    pupil = VIEWERS["admitted_pupil"]
    assert isinstance(pupil, Pupil)
    return pupil if seat == SEAT else None


@pytest.fixture
def sign_ins() -> FakeSignIns:
    return FakeSignIns()


@pytest.fixture
async def client(sign_ins: FakeSignIns) -> AsyncIterator[Client]:
    def render(_: web.Request, error: Exception) -> web.Response:
        return web.Response(status=getattr(error, "status", 500), text="a page")

    app = web.Application(
        middlewares=[
            error_middleware(ErrorPages(render=render, choose_language=lambda _: "en")),
            access_viewer_middleware(sign_ins, find_pupil=find_pupil, public_url="https://front.example/"),
        ]
    )
    changes: list[str] = []

    async def who(request: web.Request) -> web.Response:
        return web.Response(text=type(viewer_of(request)).__name__)

    async def ask(request: web.Request) -> web.Response:
        authorise(viewer_of(request), Action.DASHBOARD_SEE)
        return web.Response(text="needle")

    async def change(request: web.Request) -> web.Response:
        authorise(viewer_of(request), Action.ACCOUNT_CHANGE_OWN)
        changes.append(str((await request.post()).get("name", "nothing")))
        return web.Response(text=str(changes))

    async def forget(_: web.Request) -> web.Response:
        return web.Response(text="needle")

    async def forget_and_go(_: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/needle")

    async def ask_for_another(request: web.Request) -> web.Response:
        authorise(viewer_of(request), Action.ACCOUNT_SEE_OWN)
        return web.Response(text="needle")

    async def cookie(request: web.Request) -> web.Response:
        response = web.Response()
        CookiePolicy(is_tls=request.query.get("tls") == "1").set(request, response, SIGN_IN_COOKIE, "v", 60)
        return response

    for path in ("/who", "/static/who", "/healthz", "/cookie"):
        app.router.add_route("*", path, cookie if path == "/cookie" else who)
    app.router.add_post("/webhooks/livekit", who)
    add_route(app, "GET", "/ask", ask, Action.DASHBOARD_SEE)
    add_route(app, "GET", "/api/v1/ask", ask, Action.DASHBOARD_SEE)
    add_route(app, "POST", "/change", change, Action.ACCOUNT_CHANGE_OWN)
    add_route(app, "GET", "/forget", forget, Action.DASHBOARD_SEE)
    add_route(app, "GET", "/forget-and-go", forget_and_go, Action.DASHBOARD_SEE)
    add_route(app, "GET", "/another", ask_for_another, Action.DASHBOARD_SEE)
    async with TestClient(TestServer(app)) as client:
        yield client


def cookies(token: str = TOKEN, seat: str = "") -> dict[str, str]:
    return {
        "Cookie": "; ".join(
            f"{name}={value}" for name, value in ((SIGN_IN_COOKIE, token), (SEAT_COOKIE, seat)) if value
        )
    }


def own(client: Client) -> dict[str, str]:
    return {"Origin": f"http://127.0.0.1:{client.port}"}


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({}, "Visitor"),
        (cookies(), "Adult"),
        (cookies("", SEAT), "Pupil"),
        # A teacher who tries a pupil's card stays a teacher.
        (cookies(TOKEN, SEAT), "Adult"),
        (cookies("wrong", SEAT), "Pupil"),
        (cookies("wrong", "wrong"), "Visitor"),
        ({"Cookie": f'{SIGN_IN_COOKIE}=""'}, "Visitor"),
    ],
)
async def test_who_is_asking(client: Client, headers: dict[str, str], who: str) -> None:
    assert await (await client.get("/who", headers=headers)).text() == who


async def test_what_cannot_be_a_token_is_not_looked_up(client: Client, sign_ins: FakeSignIns) -> None:
    for token in ("x" * 129, "x" * 6000):
        assert await (await client.get("/who", headers=cookies(token))).text() == "Visitor"
    for path in ("/static/who", "/healthz"):
        assert await (await client.get(path, headers=cookies())).text() == "Visitor"
    assert sign_ins.asked == []


async def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    page = await client.get("/ask?a=1&b=//x", allow_redirects=False)
    to = urlsplit(page.headers["Location"])
    assert (page.status, to.path, parse_qs(to.query)) == (303, "/sign-in", {"next": ["/ask?a=1&b=//x"]})
    program = await client.get("/api/v1/ask", allow_redirects=False)
    assert (program.status, (await program.json(content_type=None))["code"]) == (401, "sign_in_needed")
    form = await client.post("/change", headers=own(client), allow_redirects=False)
    assert form.status == 401


async def test_a_pupil_is_nobody_among_adults(client: Client) -> None:
    page = await client.get("/ask", headers=cookies("", SEAT), allow_redirects=False)
    assert page.status == 303


async def test_who_asked_gets_the_answer(client: Client) -> None:
    assert await (await client.get("/ask", headers=cookies())).text() == "needle"


@pytest.mark.parametrize("path", ["/forget", "/forget-and-go", "/another"])
async def test_a_handler_that_never_asked_fails_closed(client: Client, path: str) -> None:
    answer = await client.get(path, headers=cookies(), allow_redirects=False)
    assert answer.status == 500
    assert "needle" not in await answer.text()
    assert "Location" not in answer.headers


async def test_a_form_needs_its_word(client: Client) -> None:
    headers = {**cookies(), **own(client)}
    word = csrf_of(TOKEN)
    form: dict[str, Any] = {"name": "changed", "csrf": word}
    assert (await client.post("/change", headers=headers, data=form)).status == 200
    assert (await client.post("/change", headers={**headers, "X-CSRF-Token": word}, json={"name": "x"})).status == 200
    for wrong in ({}, {"csrf": ""}, {"csrf": csrf_of("another")}, {"csrf": TOKEN}):
        assert (await client.post("/change", headers=headers, data={"name": "forged", **wrong})).status == 403
    refused = {**headers, "X-CSRF-Token": csrf_of("another")}
    assert (await client.post("/change", headers=refused, data=form)).status == 403
    # A word in the address is none: addresses are logged and sent on.
    assert (await client.post(f"/change?csrf={word}", headers=headers, data={"name": "forged"})).status == 403
    assert (await client.post("/change", headers=headers, json={"csrf": word})).status == 403
    answer = await client.post("/change", headers=headers, data=form)
    assert "forged" not in await answer.text()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "https://front.example.evil.example"])
async def test_another_site_s_form_is_refused(client: Client, origin: str) -> None:
    headers = {**cookies(), "Origin": origin}
    form = {"name": "forged", "csrf": csrf_of(TOKEN)}
    assert (await client.post("/change", headers=headers, data=form)).status == 403
    # Signing in as somebody else behind the reader's back, without any cookie yet.
    assert (await client.post("/who", headers={"Origin": origin})).status == 403


async def test_the_address_people_type_is_ours(client: Client) -> None:
    headers = {**cookies(), "Origin": "https://front.example"}
    form = {"name": "changed", "csrf": csrf_of(TOKEN)}
    assert (await client.post("/change", headers=headers, data=form)).status == 200


async def test_programs_have_no_origin(client: Client) -> None:
    assert (await client.post("/webhooks/livekit")).status == 200
    assert (await client.post("/who")).status == 200
    assert (await client.post("/who", headers=cookies())).status == 403


@pytest.mark.parametrize(
    ("query", "host", "is_secure"),
    [
        ("", "127.0.0.1:1", False),
        ("", "localhost:1", False),
        ("", "[::1]:1", False),
        ("?tls=1", "127.0.0.1:1", True),
        ("", "class.example", True),
    ],
)
async def test_cookies(client: Client, query: str, host: str, is_secure: bool) -> None:
    answer = await client.get(f"/cookie{query}", headers={"Host": host})
    given = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(given.split("; "))
    assert ("Secure" in given.split("; ")) is is_secure
    assert "Domain" not in given


async def test_marks() -> None:
    async def event(name: str) -> str:
        authorise(VIEWERS["teacher_a"], Action.DASHBOARD_SEE)
        return name

    async def forgetful(name: str) -> str:
        return name

    async def page(_: web.Request) -> web.Response:
        return web.Response()

    assert await must_ask(event, Action.DASHBOARD_SEE)("x") == "x"
    with pytest.raises(NeverAsked):
        await must_ask(event, Action.CHAT_SEND)("x")
    with pytest.raises(NeverAsked):
        await must_ask(forgetful, Action.DASHBOARD_SEE)("x")
    # What another event asked for is not this one's.
    await event("x")
    with pytest.raises(NeverAsked):
        await must_ask(forgetful, Action.DASHBOARD_SEE)("x")
    assert action_of(must_ask(event, Action.CHAT_SEND)) is Action.CHAT_SEND
    assert action_of(protect(page, Action.LESSON_SEE)) is Action.LESSON_SEE
    assert action_of(page) is None


async def test_a_refusal_counts_as_asked() -> None:
    async def event() -> None:
        authorise(VIEWERS["liaison"], Action.SCHOOL_CREATE, Subject())

    with pytest.raises(Forbidden):
        await must_ask(event, Action.SCHOOL_CREATE)()
    assert isinstance(VIEWERS["visitor"], Visitor)
