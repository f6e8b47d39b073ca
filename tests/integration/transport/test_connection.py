"""Real handshakes over loopback: UDP and TCP, both DTLS roles, media and messages both ways."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCDataChannel, RTCDataChannelParameters

from server.sfu.description import DtlsRole, TransportState
from tests.fakes.packet_peer import PacketPeer, rtp_packet, until
from tests.integration.transport.conftest import Stage


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
@pytest.mark.parametrize("kind", ["udp", "tcp"])
async def test_media_both_ways(stage: Stage, kind: str, role: DtlsRole) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport, kind=kind, role=role)
    await peer.connect()
    await until(lambda: transport.state is TransportState.CONNECTED)
    assert transport.selected == kind
    assert ears.states[0] is TransportState.CONNECTING

    packets = [rtp_packet(number, payload=bytes([number]) * (50 + number)) for number in range(1, 41)]
    for packet in packets:
        peer.send_rtp(packet)
    await until(lambda: len(ears.rtp) == 40)
    assert ears.rtp == packets

    writer = transport.writer
    for packet in packets:
        writer.buffer[writer.offset : writer.offset + len(packet)] = packet
        assert writer.commit(len(packet))
    writer.flush()
    await until(lambda: len(peer.dtls.rtp) == 40)
    assert peer.dtls.rtp == packets

    report = bytes.fromhex("80c90001 00001234")
    assert transport.send_rtcp(report)
    peer.send_rtcp(report)
    await until(lambda: peer.dtls.rtcp and ears.rtcp)
    assert peer.dtls.rtcp == ears.rtcp == [report]


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
async def test_channels_opened_by_the_client(stage: Stage, role: DtlsRole) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport, role=role)
    await peer.connect()
    reliable = peer.adopt(_channel(peer, "_reliable", ordered=True, max_retransmits=None))
    lossy = peer.adopt(_channel(peer, "_lossy", ordered=False, max_retransmits=0))
    await until(lambda: reliable.readyState == lossy.readyState == "open" and len(ears.opened) == 2)

    large = bytes(range(256)) * 256
    assert len(large) == 65536
    reliable.send(large)
    reliable.send("text")
    lossy.send(b"position")
    await until(lambda: len(ears.messages) == 3)
    assert ("_reliable", large) in ears.messages
    assert ("_reliable", b"text") in ears.messages
    assert ("_lossy", b"position") in ears.messages

    assert transport.send_message("_reliable", large)
    assert transport.send_message("_lossy", b"back")
    await until(lambda: len(peer.messages) == 2)
    assert sorted(peer.messages) == [("_lossy", b"back"), ("_reliable", large)]
    assert not transport.send_message("unknown", b"")


async def test_channels_opened_by_the_server_before_there_is_a_connection(stage: Stage) -> None:
    transport, ears = stage.transport()
    transport.open_channel("_reliable", ordered=True, max_retransmits=None)
    transport.open_channel("_lossy", ordered=False, max_retransmits=0)
    peer = stage.peer(transport)
    await peer.connect()
    await until(lambda: sorted(ears.opened) == ["_lossy", "_reliable"] and len(peer.channels) == 2)
    assert peer.channels["_lossy"].maxRetransmits == 0
    assert not peer.channels["_lossy"].ordered
    assert peer.channels["_reliable"].ordered
    assert transport.send_message("_reliable", b"hello")
    peer.channels["_reliable"].send(b"hello back")
    await until(lambda: ears.messages and peer.messages)
    assert ears.messages == [("_reliable", b"hello back")]
    assert peer.messages == [("_reliable", b"hello")]


async def test_a_handshake_that_begins_before_our_remote_description(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.open()
    await peer.check()
    shaking = asyncio.ensure_future(peer.shake())
    await until(lambda: stage.endpoint.stats.datagrams_in >= 2)
    peer.introduce()
    await shaking
    await until(lambda: transport.state is TransportState.CONNECTED)


def _channel(peer: PacketPeer, label: str, *, ordered: bool, max_retransmits: int | None) -> RTCDataChannel:
    parameters = RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
    return RTCDataChannel(peer.sctp, parameters)
