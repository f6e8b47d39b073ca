"""POST /webhooks/livekit: only what our key signed, each once, answered when it is stored."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from google.protobuf.json_format import MessageToJson
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room, TrackInfo, TrackSource
from livekit.protocol.webhook import WebhookEvent

from server.http import ErrorPages, error_middleware
from server.ids import LessonId
from server.lessons import (
    WEBHOOK_PATH,
    LessonState,
    WebhookSeen,
    add_webhooks,
)
from server.pages import choose_language, render_error
from tests.fakes.attendance import MemoryAttendanceRepository
from tests.fakes.lesson_house import LessonHouse
from tests.fakes.lessons import make_lesson

Client = TestClient[web.Request, web.Application]
ONE = LessonId("le_one")
START = datetime(2026, 10, 20, 0, 40, tzinfo=UTC)
KEYS = {"APIfirst": "first-secret-of-thirty-two-characters", "APIsecond": "second-secret-of-thirty-two-characters"}


class House(LessonHouse):
    """A live lesson and the route, on fakes."""

    def __init__(self) -> None:
        super().__init__(START + timedelta(hours=1))
        self.seen: list[WebhookSeen] = []

    def app(self) -> web.Application:
        def fail(_: WebhookSeen) -> None:
            raise RuntimeError("a fault in another part")

        pages = ErrorPages(render=render_error, choose_language=choose_language)
        app = web.Application(middlewares=[error_middleware(pages)])
        add_webhooks(app, keys=KEYS, attendance=self.attendance, listeners=[fail, self.seen.append])
        return app

    async def seconds(self) -> dict[str, int]:
        sheet = await self.attendance.sheet(ONE)
        return {row.person: row.seconds for row in sheet.rows if row.seconds}


@pytest.fixture
async def house() -> House:
    house = House()
    await house.store.add(make_lesson(state=LessonState.LIVE, started_at=START))
    return house


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as client:
        yield client


def event(name: str, minutes: float, *, id: str = "", room: str = "lesson-le_one", **rest: Any) -> WebhookEvent:  # noqa: A002  (the field's name)
    at = START + timedelta(minutes=minutes)
    return WebhookEvent(
        event=name,
        id=id or f"EV_{name}_{minutes}",
        created_at=int(at.timestamp()),
        room=Room(sid="RM_1", name=room),
        **rest,
    )


def ana(joined: float = 0, sid: str = "PA_1", **rest: Any) -> ParticipantInfo:
    at = START + timedelta(minutes=joined)
    return ParticipantInfo(identity="pupil-st_3", sid=sid, joined_at=int(at.timestamp()), **rest)


def signed(
    body: str, *, key: str = "APIfirst", secret: str | None = None, over: str | None = None, **claims: Any
) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256((over if over is not None else body).encode()).digest()).decode()
    payload = {"iss": key, "exp": datetime.now(UTC) + timedelta(minutes=5), "sha256": digest, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    token = jwt.encode(payload, secret if secret is not None else KEYS[key], algorithm="HS256")
    return {"Authorization": token, "Content-Type": "application/webhook+json"}


async def post(client: Client, what: WebhookEvent, **how: Any) -> int:
    body = MessageToJson(what)
    response = await client.post(WEBHOOK_PATH, data=body.encode(), headers=signed(body, **how))
    return response.status


async def test_attendance_to_the_second(house: House, client: Client) -> None:
    assert await post(client, event("room_started", 0)) == 200
    assert await post(client, event("participant_joined", 2.5, participant=ana(2.5))) == 200
    assert await house.attendance.present(ONE) == {"pupil-st_3"}
    assert await post(client, event("participant_left", 39.75, participant=ana(2.5))) == 200
    assert await house.seconds() == {"pupil-st_3": 37 * 60 + 15}
    assert await house.attendance.present(ONE) == frozenset()


async def test_what_comes_twice_late_and_turned_round_is_the_same(house: House, client: Client) -> None:
    left = event("participant_left", 40, participant=ana())
    joined = event("participant_joined", 0, participant=ana())
    for one in (left, joined, left, joined, event("participant_left", 55, id="EV_other", participant=ana())):
        assert await post(client, one) == 200
    assert await house.seconds() == {"pupil-st_3": 2400}
    assert [seen.id for seen in house.seen] == [left.id, joined.id, "EV_other"]


async def test_a_failed_connection_that_came_back_is_one_time(house: House, client: Client) -> None:
    failed = ana(sid="PA_1", disconnect_reason=DisconnectReason.SIGNAL_CLOSE)
    await post(client, event("participant_left", 10, participant=failed))
    await post(client, event("participant_joined", 10.4, participant=ana(10.4, sid="PA_2")))
    await post(client, event("participant_left", 40, participant=ana(10.4, sid="PA_2")))
    assert await house.seconds() == {"pupil-st_3": 2400}


async def test_leaving_and_coming_again_are_two_times(house: House, client: Client) -> None:
    gone = ana(sid="PA_1", disconnect_reason=DisconnectReason.CLIENT_INITIATED)
    await post(client, event("participant_left", 10, participant=gone))
    await post(client, event("participant_left", 40, participant=ana(10.4, sid="PA_2")))
    assert await house.seconds() == {"pupil-st_3": 2400 - 24}


async def test_listeners_are_told_who_and_what(house: House, client: Client) -> None:
    track = TrackInfo(sid="TR_1", source=TrackSource.SCREEN_SHARE)
    await post(client, event("track_published", 5, participant=ana(), track=track))
    [seen] = house.seen
    assert (seen.event, seen.lesson_id, seen.person, seen.sid) == ("track_published", ONE, "pupil-st_3", "PA_1")
    assert (seen.track_sid, seen.track_source, seen.room_sid) == ("TR_1", "screen_share", "RM_1")
    assert seen.at == START + timedelta(minutes=5)
    assert await house.seconds() == {}


async def test_recorders_and_agents_are_no_pupils(house: House, client: Client) -> None:
    recorder = ana(sid="PA_egress", kind=ParticipantInfo.Kind.EGRESS)
    await post(client, event("participant_joined", 0, participant=recorder))
    assert await house.attendance.present(ONE) == frozenset()


@pytest.mark.parametrize("room", ["check-1234", "lesson-demo", "lesson-", "", "lesson-le_unknown"])
async def test_rooms_that_are_no_lessons_are_none_of_ours(house: House, client: Client, room: str) -> None:
    assert await post(client, event("participant_joined", 0, room=room, participant=ana())) == 200
    assert house.seen == []


async def test_any_of_our_keys_may_sign(house: House, client: Client) -> None:
    assert await post(client, event("room_started", 0), key="APIsecond") == 200


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "another-secret-of-thirty-two-characters"},
        {"key": "APIfirst", "secret": KEYS["APIsecond"]},
        {"over": "another body"},
        {"sha256": None},
        {"sha256": "not base64 at all"},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": None},
        {"iss": "APIunknown"},
    ],
)
async def test_what_our_key_did_not_sign_is_refused(house: House, client: Client, how: dict[str, Any]) -> None:
    assert await post(client, event("participant_joined", 0, participant=ana()), **how) == 401
    assert house.seen == []
    assert await house.attendance.present(ONE) == frozenset()


@pytest.mark.parametrize("token", ["", "Bearer ", "x.y.z", "eyJhbGciOiJub25lIn0.e30."])
async def test_no_token_or_none_that_is_one(house: House, client: Client, token: str) -> None:
    response = await client.post(WEBHOOK_PATH, data=b"{}", headers={"Authorization": token})
    assert response.status == 401
    problem = await response.json()
    assert problem["code"] in ("token_missing", "token_forged")


async def test_a_join_token_is_no_signature(house: House, client: Client) -> None:
    body = MessageToJson(event("participant_joined", 0, participant=ana()))
    claims = {"iss": "APIfirst", "sub": "pupil-st_3", "exp": datetime.now(UTC) + timedelta(minutes=5)}
    token = jwt.encode({**claims, "video": {"roomJoin": True}}, KEYS["APIfirst"], algorithm="HS256")
    assert (await client.post(WEBHOOK_PATH, data=body, headers={"Authorization": token})).status == 401


@pytest.mark.parametrize("body", ["", "[]", "null", "no json", '{"event": {}}'])
async def test_a_signed_body_that_is_no_webhook_is_refused(house: House, client: Client, body: str) -> None:
    response = await client.post(WEBHOOK_PATH, data=body.encode(), headers=signed(body))
    assert response.status in (200, 401)
    assert house.seen == []


async def test_bytes_that_are_no_text(client: Client) -> None:
    response = await client.post(WEBHOOK_PATH, data=b"\xff\xfe", headers=signed("x"))
    assert response.status == 400


async def test_what_cannot_be_stored_is_asked_for_again(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure of ours is a 5xx, so that the media server repeats it; then it counts."""
    joined = event("participant_joined", 0, participant=ana())

    async def fail(*_: Any, **__: Any) -> bool:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(MemoryAttendanceRepository, "take", fail)
        assert await post(client, joined) == 500
    assert house.seen == []
    assert await post(client, joined) == 200
    assert await house.attendance.present(ONE) == {"pupil-st_3"}
