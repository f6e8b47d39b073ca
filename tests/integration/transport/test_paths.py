"""Restart, change of address, nominations, silence: what happens to a path while media flows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.sfu.description import TransportState
from server.sfu.transport.peer_transport import MAX_PATHS, PeerTransport
from server.sfu.transport.stats import DropReason
from tests.fakes.packet_peer import PacketPeer, rtp_packet, until
from tests.integration.transport.conftest import Ears, Stage


def send(transport: PeerTransport, packet: bytes) -> bool:
    writer = transport.writer
    writer.buffer[writer.offset : writer.offset + len(packet)] = packet
    committed = writer.commit(len(packet))
    writer.flush()
    return committed


async def media_flows(transport: PeerTransport, ears: Ears, peer: PacketPeer, sequence: int) -> None:
    up, down = rtp_packet(sequence, ssrc=1), rtp_packet(sequence, ssrc=2)
    peer.send_rtp(up)
    assert send(transport, down)
    await until(lambda: up in ears.rtp and down in peer.dtls.rtp, f"packet {sequence}")


async def test_an_ice_restart_keeps_media_running(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    await media_flows(transport, ears, peer, 1)
    old = peer.remote_ice

    new = transport.restart_ice()
    assert new.ufrag != old.ufrag
    assert transport.ice == new
    await peer.check()  # the old generation still counts
    await media_flows(transport, ears, peer, 2)

    peer.remote_ice = new
    peer.introduce()
    await peer.open()
    await peer.check()
    await media_flows(transport, ears, peer, 3)

    refused = stage.endpoint.stats.drops[DropReason.STUN_UNKNOWN_UFRAG]
    peer.stop_checking()
    peer.remote_ice = old
    peer.send_raw(bytes(peer.make_check()))
    await until(lambda: stage.endpoint.stats.drops[DropReason.STUN_UNKNOWN_UFRAG] > refused)
    assert ears.states == [TransportState.CONNECTING, TransportState.CONNECTED]


@pytest.mark.parametrize("kind", ["udp", "tcp"])
async def test_a_new_address_takes_the_pair_with_it(stage: Stage, kind: str) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport, kind=kind)
    await peer.connect()
    await media_flows(transport, ears, peer, 1)
    before = peer.local_address
    await peer.open()
    assert peer.local_address != before
    await peer.check()
    await media_flows(transport, ears, peer, 2)
    assert transport.state is TransportState.CONNECTED


async def test_from_udp_to_tcp_and_back(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    for number, kind in enumerate(("tcp", "udp", "tcp"), start=1):
        peer.kind = kind
        await peer.open()
        await peer.check()
        assert transport.selected == kind
        await media_flows(transport, ears, peer, number)


async def test_media_from_an_address_without_a_check_is_not_believed(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    await peer.open()
    peer.send_rtp(rtp_packet(1))
    await until(lambda: stage.endpoint.stats.drops[DropReason.STRANGER] == 1)
    assert ears.rtp == []
    await peer.check(use_candidate=False)
    peer.send_rtp(rtp_packet(2))
    await until(lambda: ears.rtp)


async def test_the_last_nomination_is_followed(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    other = stage.peer(transport)
    other.ice = peer.ice
    await other.open()
    seen: list[bytes] = []

    def take_media(data: bytes) -> bool:
        if data[0] > 127:
            seen.append(data)
        return data[0] > 127

    other.drop_incoming = take_media

    await other.check(use_candidate=False)
    send(transport, rtp_packet(1))
    await until(lambda: len(peer.dtls.rtp) == 1)
    await other.check()
    send(transport, rtp_packet(2))
    await until(lambda: len(seen) == 1)
    await peer.check()
    send(transport, rtp_packet(3))
    await until(lambda: len(peer.dtls.rtp) == 2)


async def test_paths_of_one_transport_are_bounded(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    for _ in range(MAX_PATHS + 5):
        await peer.open()
        await peer.check()
    assert len(transport._paths) == MAX_PATHS
    await media_flows(transport, ears, peer, 1)


async def test_an_address_that_another_client_proves_is_taken_from_the_first(stage: Stage) -> None:
    first, _ = stage.transport()
    second, _ = stage.transport()
    peer = stage.peer(first)
    await peer.connect()
    peer.stop_checking()
    peer.remote_ice = second.ice
    await peer.check()
    assert first.selected == ""
    assert second.selected == "udp"
    assert not send(first, rtp_packet(1))


async def test_silence_is_noticed_and_ends_with_traffic(new_stage: Callable[..., Awaitable[Stage]]) -> None:
    stage = await new_stage(silence_us=300_000)
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    await until(lambda: transport.state is TransportState.SILENT)
    peer.send_rtp(rtp_packet(1))
    await until(lambda: transport.state is TransportState.CONNECTED)
    await until(lambda: transport.state is TransportState.SILENT)
    await peer.check()
    assert transport.state is TransportState.CONNECTED
    assert ears.states[2:] == [TransportState.SILENT, TransportState.CONNECTED] * 2


async def test_a_lost_tcp_connection_falls_back_to_the_path_heard_last(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    over_tcp = stage.peer(transport, kind="tcp")
    await over_tcp.open()
    await over_tcp.check()
    assert transport.selected == "tcp"
    await over_tcp.close()
    await until(lambda: transport.selected == "udp")
    assert send(transport, rtp_packet(1))
    await until(lambda: peer.dtls.rtp)


async def test_the_peer_says_goodbye(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    await peer.dtls.stop()
    await until(lambda: transport.state is TransportState.CLOSED)
    assert ears.states[-1] is TransportState.CLOSED
    assert stage.endpoint.transport_count == 0
    await asyncio.sleep(0)
