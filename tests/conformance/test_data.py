"""Data packets: reliable and lossy, to all or to some, in order, with the sender's true identity and rights."""

from __future__ import annotations

import asyncio
import contextlib

from livekit import api, rtc
from livekit.rtc.participant import PublishDataError

from tests.conformance.client import Client
from tests.conformance.meeting import Meeting
from tests.conformance.wait import until, until_async

# Above one SCTP packet and the libraries' old 16 kB border, below the client's own cap of 64,000 bytes.
LARGE = 60_000


def packets(client: Client, topic: str) -> list[rtc.DataPacket]:
    return [event.args[0] for event in client.events if event.name == "data_received" and event.args[0].topic == topic]


def payloads(client: Client, topic: str) -> list[bytes]:
    return [packet.data for packet in packets(client, topic)]


async def count_is(client: Client, topic: str, count: int) -> None:
    await until(
        lambda: len(payloads(client, topic)) >= count,
        lambda: f"{client.identity} got {count} on {topic}: {len(payloads(client, topic))} came",
    )


async def test_reliable_packet_reaches_everyone_else_with_sender_and_topic(meeting: Meeting) -> None:
    lin, ortega, chen = await meeting.join_all("lin", "ortega", "chen")
    await lin.me.publish_data(b"good morning", topic="greeting")
    for other in (ortega, chen):
        await other.event("data_received")
        (packet,) = packets(other, "greeting")
        assert packet.data == b"good morning"
        assert packet.participant is not None
        assert packet.participant.identity == "lin"
        assert packet.kind == rtc.DataPacketKind.KIND_RELIABLE
    assert packets(lin, "greeting") == []


async def test_packet_with_destinations_reaches_only_them(meeting: Meeting) -> None:
    lin, ortega, chen = await meeting.join_all("lin", "ortega", "chen")
    await lin.me.publish_data(b"for ortega", topic="note", destination_identities=["ortega"])
    # Reliable packets keep their order, so this one proves that the first would have come.
    await lin.me.publish_data(b"for all", topic="note")
    await until(lambda: b"for all" in payloads(chen, "note"), "chen got the open note")
    await until(lambda: len(payloads(ortega, "note")) == 2, "ortega got both notes")
    assert payloads(ortega, "note") == [b"for ortega", b"for all"]
    assert payloads(chen, "note") == [b"for all"]


async def test_lossy_packet_arrives_as_lossy(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")

    async def send_until_one_came() -> list[rtc.DataPacket]:
        await lin.me.publish_data(b"pointer", reliable=False, topic="pointer")
        return packets(ortega, "pointer")

    arrived = await until_async(send_until_one_came, "a lossy packet came")
    assert arrived[0].kind == rtc.DataPacketKind.KIND_LOSSY
    assert arrived[0].participant is not None
    assert arrived[0].participant.identity == "lin"


async def test_many_reliable_packets_keep_their_order(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    sent = [f"{number}:{'x' * (number % 7 * 300)}".encode() for number in range(200)]
    for payload in sent:
        await lin.me.publish_data(payload, topic="row")
    await until(lambda: len(payloads(ortega, "row")) >= len(sent), lambda: f"{len(payloads(ortega, 'row'))} came")
    assert payloads(ortega, "row") == sent


async def test_large_packet_arrives_whole(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    payload = bytes(number % 251 for number in range(LARGE))
    await lin.me.publish_data(payload, topic="large")
    await until(lambda: payloads(ortega, "large"), "the large packet came")
    assert payloads(ortega, "large") == [payload]


async def test_both_ways_at_once(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await asyncio.gather(
        *(sender.me.publish_data(f"{sender.identity} {i}", topic="both") for i in range(20) for sender in (lin, ortega))
    )
    for receiver, sender in ((lin, ortega), (ortega, lin)):
        await count_is(receiver, "both", 20)
        assert set(payloads(receiver, "both")) == {f"{sender.identity} {i}".encode() for i in range(20)}


async def test_without_the_right_nothing_is_delivered(meeting: Meeting) -> None:
    lin = await meeting.join("lin", grants=meeting.full_grants(can_publish_data=False))
    ortega, chen = await meeting.join_all("ortega", "chen")
    await lin.sees("chen")
    # A client may refuse by itself; the server is judged by what the others get.
    with contextlib.suppress(PublishDataError, TimeoutError):
        await asyncio.wait_for(lin.me.publish_data(b"forbidden", topic="right"), 3)
    # Long enough for the forbidden one to have come too: both others speak after it and are heard by all.
    await ortega.me.publish_data(b"allowed", topic="right")
    await until(lambda: payloads(lin, "right") and payloads(chen, "right"), "the allowed packet came")
    await chen.me.publish_data(b"allowed too", topic="right")
    await until(lambda: b"allowed too" in payloads(ortega, "right"), "the second allowed packet came")
    assert b"forbidden" not in payloads(ortega, "right") + payloads(chen, "right")


async def test_server_sends_data(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await meeting.api.room.send_data(
        api.SendDataRequest(
            room=meeting.room,
            data=b"to ortega",
            kind=api.DataPacket.Kind.RELIABLE,
            destination_identities=["ortega"],
            topic="bell",
        )
    )
    await meeting.api.room.send_data(
        api.SendDataRequest(room=meeting.room, data=b"to all", kind=api.DataPacket.Kind.RELIABLE, topic="bell")
    )
    await until(lambda: b"to all" in payloads(lin, "bell"), "lin got the bell for all")
    await until(lambda: len(payloads(ortega, "bell")) == 2, "ortega got both bells")
    assert payloads(lin, "bell") == [b"to all"]
    assert all(packet.participant is None for packet in packets(ortega, "bell"))
