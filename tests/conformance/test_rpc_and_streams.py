"""Remote calls, text and byte streams: they ride in data packets, so the server must pass all of them, whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from livekit import rtc

from tests.conformance.client import Client
from tests.conformance.meeting import Meeting
from tests.conformance.wait import GUARD_S

LONG_CALL = "0123456789abcde" * 1024  # 15 kB: the most that every version of remote calls carries
LONG_TEXT = "同窗 classroom " * 6_000  # above 100 kB in UTF-8
BYTES = bytes(number % 253 for number in range(100_000))


def answer_echo(client: Client) -> None:
    async def echo(call: rtc.RpcInvocationData) -> str:
        return f"{call.caller_identity}:{call.payload}"

    client.me.register_rpc_method("echo", echo)


async def call(caller: Client, to: str, payload: str, method: str = "echo") -> str:
    return await caller.me.perform_rpc(destination_identity=to, method=method, payload=payload, response_timeout=10)


async def test_call_with_a_small_and_a_long_payload(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    answer_echo(ortega)
    answer_echo(lin)
    assert await call(lin, "ortega", "hello") == "lin:hello"
    assert await call(ortega, "lin", LONG_CALL) == f"ortega:{LONG_CALL}"


async def test_calls_at_the_same_time_do_not_mix(meeting: Meeting) -> None:
    lin, ortega, chen = await meeting.join_all("lin", "ortega", "chen")
    answer_echo(ortega)
    callers = [(lin, str(i)) for i in range(8)] + [(chen, str(i)) for i in range(8)]
    answers = await asyncio.gather(*(call(caller, "ortega", payload) for caller, payload in callers))
    assert answers == [f"{caller.identity}:{payload}" for caller, payload in callers]


async def test_a_failed_call_tells_why(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")

    async def refuse(_: rtc.RpcInvocationData) -> str:
        raise rtc.RpcError(code=101, message="not now", data="later")

    ortega.me.register_rpc_method("refuse", refuse)
    with pytest.raises(rtc.RpcError) as refused:
        await call(lin, "ortega", "x", "refuse")
    assert (refused.value.code, refused.value.message, refused.value.data) == (101, "not now", "later")
    with pytest.raises(rtc.RpcError) as unknown:
        await call(lin, "ortega", "x", "nothing")
    assert unknown.value.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD


def keep_text(client: Client, topic: str) -> asyncio.Future[tuple[str, str, Any]]:
    """Will hold (text, sender, stream info) of the next text stream."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[str, str, Any]] = loop.create_future()
    tasks = []

    async def read(reader: rtc.TextStreamReader, sender: str) -> None:
        done.set_result((await reader.read_all(), sender, reader.info))

    client.room.register_text_stream_handler(
        topic, lambda reader, sender: tasks.append(loop.create_task(read(reader, sender)))
    )
    return done


def keep_bytes(client: Client, topic: str) -> asyncio.Future[tuple[bytes, str, Any]]:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[bytes, str, Any]] = loop.create_future()
    tasks = []

    async def read(reader: rtc.ByteStreamReader, sender: str) -> None:
        parts = [part async for part in reader]
        done.set_result((b"".join(parts), sender, reader.info))

    client.room.register_byte_stream_handler(
        topic, lambda reader, sender: tasks.append(loop.create_task(read(reader, sender)))
    )
    return done


async def test_long_text_stream_arrives_whole(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    received = keep_text(ortega, "essay")
    await lin.me.send_text(LONG_TEXT, topic="essay", attributes={"lesson": "7"})
    text, sender, info = await asyncio.wait_for(received, GUARD_S)
    assert text == LONG_TEXT
    assert sender == "lin"
    assert info.attributes == {"lesson": "7"}


async def test_text_stream_to_one_does_not_reach_another(meeting: Meeting) -> None:
    lin, ortega, chen = await meeting.join_all("lin", "ortega", "chen")
    for_ortega, for_chen = keep_text(ortega, "whisper"), keep_text(chen, "whisper")
    await lin.me.send_text("only you", topic="whisper", destination_identities=["ortega"])
    assert (await asyncio.wait_for(for_ortega, GUARD_S))[0] == "only you"
    await lin.me.send_text("everybody", topic="whisper", destination_identities=["chen"])
    assert (await asyncio.wait_for(for_chen, GUARD_S))[0] == "everybody"


async def test_byte_stream_arrives_whole(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    received = keep_bytes(ortega, "picture")
    await lin.me.send_bytes(BYTES, name="map.png", topic="picture", mime_type="image/png")
    data, sender, info = await asyncio.wait_for(received, GUARD_S)
    assert data == BYTES
    assert sender == "lin"
    assert (info.name, info.mime_type) == ("map.png", "image/png")
