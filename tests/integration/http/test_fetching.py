"""Addresses that people type are read without reaching into our own network."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.errors import ErrorCode, InvalidInput, TongchuangError, Unavailable
from server.http.fetching import Fetcher, is_public

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def asked() -> list[str]:
    """Paths under which the calendar was asked for."""
    return []


@pytest.fixture
async def server(asked: list[str]) -> AsyncIterator[TestServer]:

    async def calendar(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.headers.get("If-None-Match") == '"one"':
            return web.Response(status=304)
        return web.Response(body=CALENDAR, headers={"ETag": '"one"'})

    async def go(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def endless(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/endless"})

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x" * 1024)
        return response

    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"x" * 1_000_000), headers={"Content-Encoding": "gzip"})

    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500)

    app = web.Application()
    for path, handler in (
        ("/c.ics", calendar),
        ("/go", go),
        ("/endless", endless),
        ("/large", large),
        ("/bomb", bomb),
        ("/broken", broken),
    ):
        app.router.add_get(path, handler)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


def open_fetcher() -> Fetcher:
    """Takes loopback for public, to reach the test's own server."""
    return Fetcher(is_allowed=lambda address: address == "127.0.0.1" or is_public(address), ports=None)


async def test_a_calendar_is_read_and_an_unchanged_one_is_not_read_again(server: TestServer) -> None:
    first = await open_fetcher().fetch(str(server.make_url("/c.ics")))
    assert (first.body, first.etag) == (CALENDAR, '"one"')
    again = await open_fetcher().fetch(str(server.make_url("/c.ics")), etag=first.etag)
    assert again.body is None


async def test_redirects_are_followed_one_by_one(server: TestServer) -> None:
    fetched = await open_fetcher().fetch(str(server.make_url("/go").with_query(to="/c.ics")))
    assert fetched.body == CALENDAR
    with pytest.raises(Unavailable):
        await open_fetcher().fetch(str(server.make_url("/endless")))


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/x"]
)
async def test_a_redirect_into_our_network_is_refused(server: TestServer, target: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await open_fetcher().fetch(str(server.make_url("/go").with_query(to=target)))
    assert refused.value.code is ErrorCode.ADDRESS_REFUSED


async def test_too_much_is_refused_before_it_is_kept(server: TestServer) -> None:
    with pytest.raises(InvalidInput):
        await open_fetcher().fetch(str(server.make_url("/large")), max_bytes=10_000)


@pytest.mark.parametrize("path", ["/bomb", "/broken", "/nothing"])
async def test_what_is_no_plain_answer_is_said_so(server: TestServer, path: str) -> None:
    with pytest.raises(Unavailable):
        await open_fetcher().fetch(str(server.make_url(path)))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "c.ics",
        "ftp://example.org/c.ics",
        "http://user:word@example.org/c.ics",
        "http://example.org:22/",
        "http://127.0.0.1/c.ics",
        "http://[::ffff:127.0.0.1]/c.ics",
        "http://0.0.0.0/",
        "http://192.168.1.1:8080/",
    ],
)
async def test_what_is_never_asked(address: str) -> None:
    with pytest.raises(InvalidInput):
        await Fetcher().fetch(address)


async def test_a_name_that_leads_inside_is_refused_where_the_connection_is_made(
    server: TestServer, asked: list[str]
) -> None:
    """`localhost` is a name, so only the resolver can know; nothing may reach the server."""
    fetcher = Fetcher(ports=None)
    with pytest.raises(TongchuangError):
        await fetcher.fetch(f"http://localhost:{server.port}/c.ics")
    assert asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.114.9", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::0808:0808", True),
        ("::7f00:1", False),
        ("nonsense", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(address) is expected
