"""The application over HTTP: errors in both forms, headers, limits, health, metrics, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.app import AppParts, create_app
from server.demo_api import TOKEN_TTL, MediaAccess
from server.errors import ErrorCode, Forbidden
from server.lessons import DEMO_LESSON
from server.metrics import Metrics
from tests.fakes.clock import FakeClock

SECRET = "0123456789abcdef0123456789abcdef"
Client = TestClient[web.Request, web.Application]


class House:
    """An application on fakes, and what a test changes of it before it starts."""

    def __init__(self, dist: Path) -> None:
        self.clock = FakeClock()
        self.failing: set[str] = set()
        metrics = Metrics()
        workers = {
            0: "# HELP w_packets Packets.\n# TYPE w_packets counter\nw_packets_total 3\n",
            1: "# HELP w_packets Packets.\n# TYPE w_packets counter\nw_packets_total 4\n",
        }

        async def render_metrics() -> bytes:
            return await asyncio.to_thread(metrics.render, workers)

        def answers(name: str) -> Callable[[], Any]:
            async def check() -> bool:
                return name not in self.failing

            return check

        access = MediaAccess(
            api_key="APItest", api_secret=SECRET, url=None, ports=lambda: {"udp": [7882], "tcp": [7881]}
        )
        self.parts = AppParts(
            access=access,
            clock=self.clock,
            metrics=metrics,
            render_metrics=render_metrics,
            health={"database": answers("database"), "media": answers("media")},
            add_media=self.add_media,
            trusted_proxies=("127.0.0.1",),
            dist=dist,
        )

    def add_media(self, app: web.Application) -> None:
        """In place of the media server: routes that fail in every way."""

        async def crash(_: web.Request) -> web.Response:
            raise RuntimeError("a secret detail")

        async def refuse(_: web.Request) -> web.Response:
            raise Forbidden(ErrorCode.FORBIDDEN, "a secret detail")

        async def read(request: web.Request) -> web.Response:
            return web.Response(text=str(len(await request.read())))

        app.router.add_get("/api/v1/crash", crash)
        app.router.add_get("/crash", crash)
        app.router.add_get("/refuse", refuse)
        app.router.add_post("/api/v1/read", read)
        app.router.add_post("/read", read)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def app(house: House) -> web.Application:
    """Outside of the event loop, as at start: templates and catalogues are read from files."""
    return create_app(house.parts)


@pytest.fixture
async def client(house: House, app: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("PUT", "/api/v1/check/token", 405, "method_not_allowed"),
        ("GET", "/api/v1/crash", 500, "internal"),
        ("GET", "/api/v1/demo/lesson/token?seat=<script>", 400, "seat_unknown"),
        ("GET", "/api/v1/demo/lesson/token", 400, "seat_unknown"),
    ],
)
async def test_programs_get_problem_json(client: Client, method: str, path: str, status: int, code: str) -> None:
    answer = await client.request(method, path, headers={"Accept-Language": "zh-TW"})
    body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["status"], body["code"]) == (status, status, code)
    assert set(body["titles"]) == {"en", "zh-Hant-TW"}
    assert body["title"] == body["titles"]["zh-Hant-TW"]
    assert "secret" not in await answer.text()


async def test_a_body_that_is_too_large(client: Client) -> None:
    answer = await client.post("/api/v1/read", data=b"x" * 300_000)
    assert answer.status == 413
    assert (await answer.json(content_type=None))["code"] == "body_too_large"
    page = await client.post("/read", data=b"x" * 300_000, headers={"Accept": "text/html"})
    assert page.status == 413
    assert "up to 200 kB" in await page.text()


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/crash", 500), ("/refuse", 403)])
async def test_people_get_a_page(client: Client, path: str, status: int) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert (answer.status, answer.content_type) == (status, "text/html")
    text = await answer.text()
    assert "secret" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("path", ["/", "/check", "/nothing", "/api/v1/demo/lesson", "/healthz", "/static/x.js"])
async def test_every_answer_has_the_headers(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert f"ws://127.0.0.1:{client.port}" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    assert "aiohttp" not in headers["Server"]


@pytest.mark.parametrize("host", ["x; script-src *", "a b", "x'y", "evil.example/path", "*"])
async def test_a_host_cannot_write_into_the_policy(client: Client, host: str) -> None:
    policy = (await client.get("/healthz", headers={"Host": host})).headers["Content-Security-Policy"]
    assert "connect-src 'self';" in policy


async def test_a_demo_token(client: Client) -> None:
    body = await (await client.get("/api/v1/demo/lesson/token", params={"seat": "ortega"})).json()
    claims = jwt.decode(body["token"], SECRET, algorithms=["HS256"], issuer="APItest")
    assert (claims["sub"], claims["name"]) == (body["identity"], "Mr. Ortega 歐特加老師") != ("", "")
    assert claims["exp"] - claims["nbf"] == TOKEN_TTL.total_seconds() <= 600
    assert claims["video"]["room"] == body["room"] == DEMO_LESSON.room
    assert not claims["video"].get("roomAdmin")
    assert claims["attributes"]["zone"] == "America/Phoenix"
    assert (body["url"], body["ice_servers"]) == (None, [])
    guest = await (await client.get("/api/v1/demo/lesson/token", params={"seat": "ortega", "guest": "1"})).json()
    assert guest["identity"].startswith("demo-ortega-")


async def test_every_check_has_a_room_of_its_own(client: Client) -> None:
    bodies = [await (await client.post("/api/v1/check/token")).json() for _ in range(2)]
    assert bodies[0]["room"] != bodies[1]["room"]
    assert bodies[0]["ports"] == {"udp": [7882], "tcp": [7881]}
    for seat, publishes in (("a", True), ("b", False)):
        video = jwt.decode(bodies[0]["tokens"][seat], SECRET, algorithms=["HS256"])["video"]
        assert (video["room"], video["canPublish"], video["canSubscribe"]) == (
            bodies[0]["room"],
            publishes,
            not publishes,
        )


async def test_tokens_are_limited_per_address(client: Client, house: House) -> None:
    async def ask(address: str) -> int:
        answer = await client.post("/api/v1/check/token", headers={"X-Forwarded-For": f"1.1.1.1, {address}"})
        return answer.status

    statuses = [await ask("203.0.113.1") for _ in range(130)]
    assert statuses == [200] * 120 + [429] * 10
    assert await ask("203.0.113.2") == 200
    house.clock.advance(seconds=1)
    assert await ask("203.0.113.1") == 200


async def test_readyz_names_what_does_not_answer(client: Client, house: House) -> None:
    assert (await client.get("/readyz")).status == 200
    house.failing = {"media"}
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["failing"]) == (503, ["media"])
    assert (await client.get("/healthz")).status == 200


async def test_metrics_of_all_processes_are_one_text(client: Client) -> None:
    await client.get("/api/v1/demo/lesson/token", params={"seat": "lin", "access_token": "x"})
    answer = await client.get("/metrics")
    text = await answer.text()
    assert answer.content_type == "text/plain"
    assert text.count("# TYPE w_packets_total counter") == 1
    assert 'w_packets_total{worker="0"} 3.0' in text
    assert 'w_packets_total{worker="1"} 4.0' in text
    line = 'tongchuang_http_requests_total{method="GET",route="/api/v1/demo/lesson/token",status="200"} 1.0'
    assert line in text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_not_for_those_behind_a_proxy(client: Client, header: str) -> None:
    assert (await client.get("/metrics", headers={header: "127.0.0.1"})).status == 403


class TestVariants:
    """Other ways to start it."""

    @pytest.fixture
    def app(self, house: House, variant: dict[str, Any]) -> web.Application:
        return create_app(replace(house.parts, **variant))

    @pytest.mark.parametrize("variant", [{"metrics_token": "sesame"}])
    @pytest.mark.parametrize(
        ("authorization", "status"), [("", 403), ("Bearer nonsense", 403), ("Bearer sesame", 200), ("Bearer é", 403)]
    )
    async def test_metrics_with_a_token(
        self, client: Client, variant: dict[str, Any], authorization: str, status: int
    ) -> None:
        headers = {"X-Forwarded-For": "203.0.113.1", "Authorization": authorization}
        assert (await client.get("/metrics", headers=headers)).status == status

    @pytest.mark.parametrize("variant", [{"is_demo": False}])
    async def test_without_demo(self, client: Client, variant: dict[str, Any]) -> None:
        for path in ("/api/v1/demo/lesson", "/api/v1/demo/lesson/token?seat=lin"):
            assert (await client.get(path)).status == 404
        assert (await client.post("/api/v1/check/token")).status == 200

    @pytest.mark.parametrize("variant", [{"is_tls": True}])
    async def test_tls_is_for_good(self, client: Client, variant: dict[str, Any]) -> None:
        assert "max-age=" in (await client.get("/")).headers["Strict-Transport-Security"]

    @pytest.mark.parametrize(
        "variant",
        [
            {
                "access": MediaAccess(
                    api_key="k", api_secret=SECRET, url="wss://lk.example.edu", ports=lambda: {"udp": [], "tcp": []}
                )
            }
        ],
    )
    async def test_an_outside_media_server(self, client: Client, variant: dict[str, Any]) -> None:
        body = await (await client.get("/api/v1/demo/lesson/token", params={"seat": "lin"})).json()
        assert body["url"] == "wss://lk.example.edu"
        policy = (await client.get("/")).headers["Content-Security-Policy"]
        assert "wss://lk.example.edu https://lk.example.edu" in policy
