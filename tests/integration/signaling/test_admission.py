"""Who is let in, and what those read who are not."""

from __future__ import annotations

import time

import pytest
from aiohttp import WSServerHandshakeError
from livekit.protocol.models import DisconnectReason
from livekit.protocol.rtc import JoinRequest, LeaveRequest

from tests.fakes.signal_client import SignalClient, token
from tests.integration.signaling.conftest import Worker


# Made when the tests are collected, so those of the whole run come before: a day is long enough.
@pytest.mark.parametrize(
    ("access_token", "status", "code"),
    [
        ("", 401, "token_missing"),
        ("not.a.token", 401, "token_malformed"),
        (token("ana", ttl_s=-60), 401, "token_expired"),
        (token("ana", secret="x" * 40, ttl_s=86_400), 401, "token_forged"),
        (token("ana", room_join=False, ttl_s=86_400), 401, "token_no_room_join"),
    ],
)
@pytest.mark.parametrize(
    "path", ["/rtc", "/rtc/v1", "/rtc/validate", "/rtc/v1/validate", "//rtc/v1", "//rtc/v1/validate"]
)
async def test_a_bad_token_is_refused_in_both_languages(
    worker: Worker, path: str, access_token: str, status: int, code: str
) -> None:
    async with worker.http.get(worker.base + path, params={"access_token": access_token}) as response:
        text = await response.text()
    assert response.status == status
    assert text.startswith(f"{code}: ")
    assert any("\u4e00" <= character <= "\u9fff" for character in text)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert await worker.metric("participants") == 0


async def test_a_good_token_is_valid_from_query_and_header(worker: Worker) -> None:
    url = worker.base + "/rtc/validate"
    async with worker.http.get(url, params={"access_token": token("ana")}) as response:
        assert (response.status, await response.text()) == (200, "success")
    async with worker.http.get(url, headers={"Authorization": f"Bearer {token('ana')}"}) as response:
        assert response.status == 200


async def test_the_probe_answers_and_a_join_without_websocket_is_told_so(worker: Worker) -> None:
    async with worker.http.head(worker.base + "/") as response:
        assert response.status == 200
    async with worker.http.get(worker.base + "/rtc", params={"access_token": token("ana")}) as response:
        assert response.status == 426


async def test_a_malformed_join_request_is_refused_before_the_upgrade(worker: Worker) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await worker.http.ws_connect(
            worker.base + "/rtc/v1", params={"access_token": token("ana"), "join_request": "%%%"}
        )
    assert refused.value.status == 400


async def test_the_first_message_is_the_join_with_what_clients_need(worker: Worker) -> None:
    client = await SignalClient.join(worker.http, worker.base, token("ana"))
    first = await client.receive()
    assert first is not None
    assert first.WhichOneof("message") == "join"
    join = first.join
    assert join.server_info.version
    assert (join.ping_interval, join.ping_timeout) == (5, 15)
    assert join.participant.permission.can_publish
    assert next(c.mime for c in join.enabled_publish_codecs if c.mime.startswith("video/")) == "video/VP8"
    assert not join.ice_servers


async def test_an_unknown_resume_is_told_to_start_over(worker: Worker) -> None:
    request = JoinRequest(reconnect=True, participant_sid="PA_unknown")
    client = await SignalClient.join(worker.http, worker.base, token("ana"), request)
    leave = (await client.next_of("leave")).leave
    assert (leave.action, leave.reason) == (LeaveRequest.Action.RECONNECT, DisconnectReason.STATE_MISMATCH)
    await client.until_closed()


async def test_the_newer_of_two_namesakes_stays(worker: Worker) -> None:
    old = await SignalClient.join(worker.http, worker.base, token("ana"))
    await old.next_of("join")
    new = await SignalClient.join(worker.http, worker.base, token("ana"))
    assert not (await new.next_of("join")).join.other_participants
    leave = (await old.next_of("leave")).leave
    assert (leave.action, leave.reason) == (LeaveRequest.Action.DISCONNECT, DisconnectReason.DUPLICATE_IDENTITY)
    await old.until_closed()
    assert await worker.metric("participants") == 1


async def test_a_fresh_token_comes_with_the_join_and_admits(worker: Worker) -> None:
    client = await SignalClient.join(worker.http, worker.base, token("ana", ttl_s=60))
    fresh = (await client.next_of("refresh_token")).refresh_token
    async with worker.http.get(worker.base + "/rtc/validate", params={"access_token": fresh}) as response:
        assert response.status == 200


async def remove(worker: Worker, identity: str, revoke_token_ts: int) -> int:
    """The status of RemoveParticipant."""
    async with worker.http.post(
        worker.base + "/twirp/livekit.RoomService/RemoveParticipant",
        json={"room": "class", "identity": identity, "revoke_token_ts": revoke_token_ts},
        headers={"Authorization": f"Bearer {token('app', room_admin=True)}"},
    ) as response:
        return response.status


async def is_valid(worker: Worker, access_token: str) -> bool:
    async with worker.http.get(worker.base + "/rtc/validate", params={"access_token": access_token}) as response:
        return response.status == 200


async def test_tokens_from_before_a_removal_can_be_taken_back(worker: Worker) -> None:
    """`revoke_token_ts`: of this identity in this room only, also if nobody of that name is there."""
    now = int(time.time())
    client = await SignalClient.join(worker.http, worker.base, token("ana"))
    await client.receive()
    assert await remove(worker, "ana", now - 60) == 200
    assert await is_valid(worker, token("ana")), "it was issued after that instant"
    await client.socket.close()
    assert await remove(worker, "ana", now + 60) == 404, "she is not there any more"
    assert not await is_valid(worker, token("ana"))
    assert await is_valid(worker, token("bo"))
    assert await is_valid(worker, token("ana", room="another"))
    with pytest.raises(WSServerHandshakeError) as refused:
        await worker.http.ws_connect(worker.base + "/rtc", params={"access_token": token("ana")})
    assert refused.value.status == 401
    await remove(worker, "ana", now - 60)
    assert not await is_valid(worker, token("ana")), "an earlier instant gives nothing back"
