"""A client that sends nonsense, floods or vanishes harms nobody and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from livekit.protocol.models import TrackSource, TrackType
from livekit.protocol.rtc import AddTrackRequest, JoinRequest, SessionDescription, SignalRequest, TrickleRequest

from tests.fakes.packet_peer import until
from tests.fakes.signal_client import SignalClient, token
from tests.integration.signaling.conftest import Worker


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def joined(worker: Worker, identity: str) -> SignalClient:
    client = await SignalClient.join(worker.http, worker.base, token(identity))
    await client.next_of("join")
    return client


async def is_alive(client: SignalClient) -> bool:
    request = SignalRequest()
    request.ping_req.timestamp = 7
    await client.send(request)
    return (await client.next_of("pong_resp")).pong_resp.last_ping_timestamp == 7


async def test_malformed_messages_are_counted_and_the_line_stays_up(worker: Worker) -> None:
    client = await joined(worker, "eve")
    for junk in (b"\xff\xff\xff\xff", b"\x0a\xff", os.urandom(64)):
        await client.socket.send_bytes(junk)
    assert await is_alive(client)
    assert await worker.metric("signal_malformed_total") >= 2


async def test_a_stream_of_malformed_messages_ends_the_line(worker: Worker) -> None:
    client = await joined(worker, "eve")
    for _ in range(60):
        await client.socket.send_bytes(b"\xff\xff\xff\xff")
    assert await client.until_closed() == 1007


async def test_an_oversized_message_ends_only_its_own_line(worker: Worker) -> None:
    ana, eve = await joined(worker, "ana"), await joined(worker, "eve")
    await eve.socket.send_bytes(bytes(1_100_000))
    assert await eve.until_closed() is not None
    assert await is_alive(ana)


async def test_bad_descriptions_and_candidates_are_answered_with_a_code(worker: Worker) -> None:
    client = await joined(worker, "eve")
    for sdp in ("", "v=0", "v=0\r\n" + "m=audio 9 X 0\r\n" * 1000, "\ud800".encode("utf-8", "replace").decode()):
        await client.send(SignalRequest(offer=SessionDescription(type="offer", sdp=sdp, id=1)))
        response = (await client.next_of("request_response")).request_response
        assert response.message.startswith("sdp_invalid: ")
    await client.send(SignalRequest(trickle=TrickleRequest(candidateInit="[" * 5000)))
    assert (await client.next_of("request_response")).request_response.message.startswith("candidate_invalid: ")
    assert await is_alive(client)


async def test_a_voice_under_the_name_of_a_camera_is_refused(worker: Worker) -> None:
    """A pupil whose microphone a teacher closed, and who may still show a picture."""
    only_camera = token("eve", can_publish_sources=frozenset({TrackSource.CAMERA}))
    client = await SignalClient.join(worker.http, worker.base, only_camera)
    await client.next_of("join")
    voice = AddTrackRequest(cid="v", type=TrackType.AUDIO, source=TrackSource.CAMERA)
    await client.send(SignalRequest(add_track=voice))
    assert (await client.next_of("request_response")).request_response.message.startswith("publish_refused: ")
    await client.send(
        SignalRequest(add_track=AddTrackRequest(cid="p", type=TrackType.VIDEO, source=TrackSource.CAMERA))
    )
    assert (await client.next_of("track_published")).track_published.cid == "p"


async def test_a_flood_is_dropped_and_counted_and_others_do_not_notice(worker: Worker) -> None:
    ana, eve = await joined(worker, "ana"), await joined(worker, "eve")
    request = SignalRequest(ping=1).SerializeToString()
    for _ in range(4000):
        await eve.socket.send_bytes(request)
    assert await is_alive(ana)
    assert await worker.metric("signal_rate_limited_total") > 0


async def test_vanished_clients_leave_no_task_no_file_and_no_place(worker: Worker) -> None:
    async with asyncio.timeout(60):
        warm = await joined(worker, "warm-up")
        tasks, files = len(asyncio.all_tasks()), open_files()
        for round_number in range(3):
            peers = [await _join_with_media(worker, f"p{round_number}-{index}") for index in range(4)]
            for client, peer in peers:
                assert client.socket._writer.transport is not None
                client.socket._writer.transport.abort()
                await peer.close()
        await _until_metric(worker, "participants", 1)
        await _until_metric(worker, "sessions", 1)
        # Keep-alive sockets of this test's own HTTP client come and go, hence the few spare.
        await until(lambda: len(asyncio.all_tasks()) <= tasks + 2, "tasks end", 20)
        await until(lambda: open_files() <= files + 4, "files close", 20)
        assert await is_alive(warm)


async def _until_metric(worker: Worker, name: str, value: float) -> None:
    while await worker.metric(name) != value:  # noqa: ASYNC110  # the value is on the other side of HTTP
        await asyncio.sleep(0.05)


async def _join_with_media(worker: Worker, identity: str) -> tuple[SignalClient, RTCPeerConnection]:
    """Joins with a real peer connection (data channel and a section to receive on) and waits until it is up."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("_reliable")
    peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    offer = SessionDescription(type="offer", sdp=peer.localDescription.sdp, id=1)
    client = await SignalClient.join(worker.http, worker.base, token(identity), JoinRequest(publisher_offer=offer))
    answer = (await client.next_of("answer")).answer
    await peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    await until(lambda: peer.connectionState == "connected", "media connects", 20)
    return client, peer
