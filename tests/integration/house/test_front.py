"""The front hands each room to its worker and keeps what both sides say, refusals and ends included."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from server.errors import ErrorCode, Unauthorized
from server.front import MAX_CALL_BYTES, Front
from server.room_routing import slot_of
from tests.integration.house.conftest import StartSupervisor, Supervised

Client = TestClient[web.Request, web.Application]
StartFront = Callable[..., Awaitable[tuple[Client, Supervised]]]
GUARD_S = 30.0


def room_on(slot: int, slots: int) -> str:
    return next(f"room-{number}" for number in range(1000) if slot_of(f"room-{number}", slots) == slot)


def refuse_bad(token: str, address: str) -> None:
    if token == "bad":
        assert address == "127.0.0.1"
        raise Unauthorized(ErrorCode.TOKEN_FORGED)


@pytest.fixture
async def start_front(start_supervisor: StartSupervisor) -> AsyncIterator[StartFront]:
    clients: list[Client] = []

    async def start(count: int = 2, **order: Any) -> tuple[Client, Supervised]:
        supervisor = await start_supervisor(count, **order)
        app = web.Application(handler_args={"max_line_size": 32768})
        # Tokens of these tests are `room:NAME`, and a bad one is `bad`.
        Front(supervisor.directory, lambda token: token.partition(":")[2] or None, refuse_bad).add_to(app)
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return client, supervisor

    yield start
    for client in clients:
        await client.close()


@pytest.mark.parametrize("slot", [0, 1])
@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1", "//rtc/v1"])
async def test_a_room_is_joined_on_its_worker(start_front: StartFront, slot: int, path: str) -> None:
    client, _ = await start_front()
    token = f"room:{room_on(slot, 2)}"
    url = URL(f"{client.make_url('')}{path}?access_token={token}&join_request=a%2Bb%3D%3D", encoded=True)
    async with client.session.ws_connect(url) as socket:
        hello = json.loads(await socket.receive_str())
        assert hello["index"] == slot
        # As it was encoded: a join request is base64 and must arrive bit for bit.
        assert hello["path"].endswith("join_request=a%2Bb%3D%3D")
        await socket.send_bytes(b"\x00\xff" * 1000)
        assert await socket.receive_bytes() == b"\x00\xff" * 1000
        await socket.ping(b"beat")
        await socket.send_bytes(b"after")
        assert await socket.receive_bytes() == b"after"


async def test_the_header_names_the_room_as_well(start_front: StartFront) -> None:
    client, _ = await start_front()
    headers = {"Authorization": f"Bearer room:{room_on(1, 2)}"}
    async with client.ws_connect("/rtc/v1?join_request=x", headers=headers) as socket:
        hello = json.loads(await socket.receive_str())
    assert (hello["index"], hello["auth"]) == (1, headers["Authorization"])


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_keeps_its_status_and_text(start_front: StartFront, status: int) -> None:
    client, _ = await start_front(1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await client.ws_connect(f"/rtc?refuse={status}")
    assert caught.value.status == status
    plain = await client.get(f"/rtc/v1/validate?refuse={status}")
    assert (plain.status, await plain.text()) == (status, "why it was refused")
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    refused = await client.get(
        f"/rtc?refuse={status}", headers={**upgrade, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    )
    assert (refused.status, await refused.text()) == (status, "why it was refused")


async def test_a_flood_of_bad_tokens_ends_at_the_front_and_a_good_one_passes(start_front: StartFront) -> None:
    client, supervisor = await start_front(1)
    worker = supervisor._slots[0].child
    assert worker is not None
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)  # whoever needs it would wait now
    bad = [client.get(path, params={"access_token": "bad"}) for path in ("/rtc", "/rtc/v1", "/rtc/v1/validate")] * 100
    answers = await asyncio.gather(*bad)
    os.kill(worker.pid, signal.SIGCONT)
    assert {answer.status for answer in answers} == {401}
    words = Unauthorized(ErrorCode.TOKEN_FORGED).text
    assert {await answer.text() for answer in answers} == {f"token_forged: {words.en} / {words.zh}"}
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
    async with client.ws_connect("/rtc?access_token=room:a") as socket:
        assert json.loads(await socket.receive_str())["index"] == 0


async def test_without_an_upgrade_nothing_hangs(start_front: StartFront) -> None:
    client, _ = await start_front(1)
    assert (await client.get("/rtc?access_token=room:a")).status == 426


async def test_the_workers_close_code_arrives(start_front: StartFront) -> None:
    client, _ = await start_front(1)
    async with client.ws_connect("/rtc") as socket:
        await socket.receive_str()
        await socket.send_str("close")
        message = await socket.receive()
        assert message.type is WSMsgType.CLOSE
        assert socket.close_code == 4321


async def test_a_worker_that_vanishes_ends_its_sockets_and_the_next_join_finds_the_new_one(
    start_front: StartFront,
) -> None:
    client, supervisor = await start_front(1)
    async with client.ws_connect("/rtc") as socket:
        pid = json.loads(await socket.receive_str())["pid"]
        await socket.send_str("vanish")
        async with asyncio.timeout(GUARD_S):
            assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert socket.close_code == 1012
    # At once: the front waits for the replacement instead of refusing.
    async with client.ws_connect("/rtc") as socket:
        assert json.loads(await socket.receive_str())["pid"] != pid
    assert supervisor.states[0].restarts == 1


async def test_without_a_worker_the_answer_is_not_now(start_front: StartFront, monkeypatch: pytest.MonkeyPatch) -> None:
    client, supervisor = await start_front(1)
    monkeypatch.setattr("server.front.WAIT_FOR_WORKER_S", 0.05)
    await supervisor.close()
    for path in ("/rtc?access_token=room:a", "/rtc/validate"):
        answer = await client.get(path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    call = await client.post("/twirp/livekit.RoomService/SendData", json={"room": "a"})
    assert (call.status, (await call.json())["code"]) == (503, "unavailable")


async def test_a_call_goes_to_the_rooms_worker(start_front: StartFront) -> None:
    client, _ = await start_front()
    for slot in (0, 1):
        room = room_on(slot, 2)
        answer = await client.post("/twirp/livekit.RoomService/DeleteRoom", json={"room": room})
        body = await answer.json()
        assert (body["index"], body["type"], json.loads(body["body"])) == (slot, "application/json", {"room": room})


async def test_all_workers_list_their_rooms(start_front: StartFront) -> None:
    client, _ = await start_front()
    answer = await client.post("/twirp/livekit.RoomService/ListRooms", json={})
    assert sorted(room["name"] for room in (await answer.json())["rooms"]) == ["room-of-0", "room-of-1"]


async def test_a_call_that_is_too_large_is_refused(start_front: StartFront) -> None:
    client, _ = await start_front(1)
    answer = await client.post("/twirp/livekit.RoomService/SendData", data=b"x" * (MAX_CALL_BYTES + 1))
    assert answer.status == 413


async def test_a_client_that_vanishes_leaves_nothing(start_front: StartFront) -> None:
    client, _ = await start_front(1)
    before = len(asyncio.all_tasks())
    sockets = [await client.ws_connect("/rtc") for _ in range(5)]
    for socket in sockets:
        await socket.receive_str()
        assert socket._conn is not None
        socket._conn.close()
    async with asyncio.timeout(GUARD_S):
        while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110  # the end of others' tasks is the condition
            await asyncio.sleep(0.02)
