"""Entry points before a WebSocket is there: validation, CORS, the probe, what a refused upgrade answers."""

from __future__ import annotations

import datetime

import aiohttp
import pytest

from tests.conformance.meeting import Meeting
from tests.conformance.raw_client import RawClient, join_request, wrap_join

ORIGIN = "https://school.example"
PATHS = ("/rtc/validate", "/rtc/v1/validate")


def query(meeting: Meeting, token: str | None = None) -> dict[str, str]:
    return {"access_token": token or meeting.token("lin"), "join_request": wrap_join(join_request())}


@pytest.mark.parametrize("path", PATHS)
async def test_validate_admits_and_may_be_fetched_by_any_page(plain_meeting: Meeting, path: str) -> None:
    url = plain_meeting.target.http_url + path
    token = plain_meeting.token("lin")
    async with aiohttp.ClientSession(headers={"Origin": ORIGIN}) as http:
        async with http.get(url, params=query(plain_meeting, token)) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
            assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
        by_header = {"join_request": wrap_join(join_request())}
        async with http.get(url, params=by_header, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
        asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        async with http.options(url, headers=asks) as answer:
            assert answer.status in (200, 204)
            assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)


@pytest.mark.parametrize("path", PATHS)
async def test_validate_refuses_with_a_reason(plain_meeting: Meeting, path: str) -> None:
    url = plain_meeting.target.http_url + path
    meeting = plain_meeting
    expired = meeting.target.token("lin", meeting.room, ttl=datetime.timedelta(hours=-1))
    refused = [
        ({"join_request": wrap_join(join_request())}, 401),
        (query(meeting, "nonsense"), 401),
        (query(meeting, expired), 401),
        (query(meeting, meeting.token("x" * 300)), 400),
        (query(meeting, meeting.target.token("lin", "r" * 300)), 400),
        (query(meeting) | {"join_request": "§§§"}, 400),
    ]
    if path == "/rtc/v1/validate":
        refused.append(({"access_token": meeting.token("lin")}, 400))
    async with aiohttp.ClientSession(headers={"Origin": ORIGIN}) as http:
        for params, status in refused:
            async with http.get(url, params=params) as answer:
                body = await answer.text()
                assert answer.status == status, (params, body)
                assert body.strip()
                assert body != "success"
                # JS falls back to the older protocol on a 404 of the newer path: it must never come by accident.
                assert answer.status != 404
                assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)


async def test_probe_answers(plain_meeting: Meeting) -> None:
    async with aiohttp.ClientSession(headers={"Origin": ORIGIN}) as http:
        async with http.head(plain_meeting.target.http_url + "/") as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
        async with http.get(plain_meeting.target.http_url + "/rtc") as answer:
            assert 400 <= answer.status < 500


@pytest.mark.parametrize("version", [0, 1])
async def test_refused_upgrade_answers_http(plain_meeting: Meeting, version: int) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with RawClient(plain_meeting.target, "nonsense", version=version):
            pass
    assert refused.value.status == 401


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("token_in_header", [False, True])
async def test_token_in_query_or_header(plain_meeting: Meeting, version: int, token_in_header: bool) -> None:
    token = plain_meeting.token("lin")
    async with RawClient(plain_meeting.target, token, version=version, token_in_header=token_in_header) as client:
        assert (await client.joined()).participant.identity == "lin"


@pytest.mark.parametrize("is_gzip", [False, True])
async def test_join_request_plain_or_compressed(plain_meeting: Meeting, is_gzip: bool) -> None:
    request = join_request(metadata="own", participant_attributes={"a": "1"})
    parameters = {"join_request": wrap_join(request, is_gzip=is_gzip)}
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), query=parameters) as client:
        joined = await client.joined()
    assert joined.participant.metadata == "own"
    assert dict(joined.participant.attributes) == {"a": "1"}


async def test_doubled_slash_is_borne(plain_meeting: Meeting) -> None:
    async with RawClient(plain_meeting.target, plain_meeting.token("lin"), path="//rtc/v1") as client:
        await client.joined()


async def test_decompression_bomb_is_refused(plain_meeting: Meeting) -> None:
    bomb = {"join_request": wrap_join(b"\0" * 8_000_000, is_gzip=True)}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with RawClient(plain_meeting.target, plain_meeting.token("lin"), query=bomb):
            pass
    assert refused.value.status == 400
    async with RawClient(plain_meeting.target, plain_meeting.token("lin")) as client:
        await client.joined()
