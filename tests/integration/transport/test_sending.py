"""Bursts on real sockets: segmentation, its fall-back, the backlog; and that closing leaves nothing behind."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from functools import partial

from server.clock import SystemClock
from server.sfu.description import TransportState
from server.sfu.transport import EndpointConfig, MediaEndpoint
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.stats import DropReason
from tests.fakes.packet_peer import rtp_packet, until
from tests.integration.transport.conftest import Stage, open_fds, open_stage, other_tasks


def burst(transport: PeerTransport, packets: list[bytes]) -> None:
    writer = transport.writer
    for packet in packets:
        writer.buffer[writer.offset : writer.offset + len(packet)] = packet
        assert writer.commit(len(packet))
    writer.flush()


class ReluctantSocket:
    """A real socket whose sending fails with a given number."""

    def __init__(self, real: socket.socket, **failures: int) -> None:
        self.real = real
        self.failures = failures

    def __getattr__(self, name: str) -> object:
        if name in self.failures:
            return self._fail(self.failures[name])
        return getattr(self.real, name)

    def _fail(self, number: int) -> object:
        def fail(*_: object) -> None:
            raise OSError(number, "as the test wants it")

        return fail


async def test_a_burst_is_one_system_call(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    calls = stage.endpoint.stats.send_calls
    packets = [rtp_packet(number, payload=bytes(1100)) for number in range(30)]
    burst(transport, packets)
    udp = stage.endpoint._sockets[0]
    assert stage.endpoint.stats.send_calls - calls == (1 if udp.has_gso else 30)
    await until(lambda: len(peer.dtls.rtp) == 30)
    assert peer.dtls.rtp == packets


async def test_a_kernel_that_cannot_segment_is_remembered(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    udp = stage.endpoint._sockets[0]
    real = udp._socket
    udp._socket = ReluctantSocket(real, sendmsg=errno.EIO)  # type: ignore[assignment]  # stands in for a socket
    packets = [rtp_packet(number, payload=bytes(900)) for number in range(20)]
    burst(transport, packets[:10])
    burst(transport, packets[10:])
    udp._socket = real
    assert not udp.has_gso
    assert stage.endpoint.stats.gso_fallbacks == 1
    await until(lambda: peer.dtls.rtp == packets)


async def test_packets_longer_than_the_path_go_one_by_one(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    packets = [rtp_packet(number, payload=bytes(1500)) for number in range(5)]
    burst(transport, packets)
    await until(lambda: len(peer.dtls.rtp) == 5 or len(peer.dtls.rtp) == 0)
    assert stage.endpoint._sockets[0].has_gso


async def test_a_full_kernel_buffer_delays_and_then_drops(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    peer.stop_checking()
    udp = stage.endpoint._sockets[0]
    real = udp._socket
    full = ReluctantSocket(real, sendmsg=errno.EAGAIN, sendto=errno.EAGAIN)
    udp._socket = full  # type: ignore[assignment]  # stands in for a socket
    packets = [rtp_packet(number, payload=bytes(1000)) for number in range(2000)]
    for start in range(0, 2000, 50):
        burst(transport, packets[start : start + 50])
    dropped = stage.endpoint.stats.drops[DropReason.OUT_BACKLOG]
    assert 800 < dropped < 1200, "about a megabyte waits, the rest is counted"
    udp._socket = real
    await until(lambda: len(peer.dtls.rtp) == 2000 - dropped)
    assert peer.dtls.rtp == packets[: 2000 - dropped]
    burst(transport, packets[-1:] if dropped == 0 else [rtp_packet(3000)])
    await until(lambda: len(peer.dtls.rtp) == 2001 - dropped)


async def test_an_unreachable_address_is_counted(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    udp = stage.endpoint._sockets[0]
    real = udp._socket
    udp._socket = ReluctantSocket(real, sendmsg=errno.ENETUNREACH, sendto=errno.ENETUNREACH)  # type: ignore[assignment]
    burst(transport, [rtp_packet(number) for number in range(3)])
    assert not transport.send_rtcp(bytes.fromhex("80c90001 00000005"))
    udp._socket = real
    assert stage.endpoint.stats.drops[DropReason.OUT_ERROR] == 4


async def test_segmented_batches_are_taken_apart(stage: Stage) -> None:
    """What the kernel merges on receipt (UDP_GRO) arrives as the packets it was."""
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    packets = [rtp_packet(number, payload=bytes(500)) for number in range(20)] + [rtp_packet(20, payload=b"end")]
    protected = [peer.dtls._tx_srtp.protect(packet) for packet in packets]
    raw = peer._transport.get_extra_info("socket")
    run = b"".join(protected)
    note = [(17, 103, len(protected[0]).to_bytes(2, "little"))]
    plain = socket.socket(fileno=raw.fileno())
    try:
        plain.sendmsg([run], note)
    finally:
        plain.detach()
    await until(lambda: len(ears.rtp) == 21)
    assert ears.rtp == packets


async def test_closing_leaves_no_task_and_no_descriptor() -> None:
    fds = tasks = 0
    for turn in range(3):
        if turn == 1:  # the first turn opens what a process keeps: uvloop holds one descriptor in reserve
            await asyncio.sleep(0)
            gc.collect()
            fds, tasks = open_fds(), other_tasks()
        stage = await open_stage()
        for kind in ("udp", "tcp"):
            transport, ears = stage.transport()
            peer = stage.peer(transport, kind=kind)
            await peer.connect()
            transport.open_channel("_reliable", ordered=True, max_retransmits=None)
            await until(partial(len, ears.opened))
            assert transport.send_message("_reliable", b"x" * 60_000)
            await transport.close()
            await transport.close()
            assert ears.states[-1] is TransportState.CLOSED
            assert not transport.send_rtcp(bytes.fromhex("80c90001 00000005"))
        half_open, _ = stage.transport()
        await stage.peer(half_open).open()
        assert stage.endpoint.transport_count == 1
        await stage.close()
        await stage.endpoint.close()
        assert stage.endpoint.transport_count == 0
        assert stage.endpoint._by_ufrag == {}
    await until(lambda: other_tasks() == tasks)
    gc.collect()
    await until(lambda: open_fds() == fds)


async def test_no_tcp_when_not_asked_for() -> None:
    config = EndpointConfig(bind_hosts=("127.0.0.1",), announced={"127.0.0.1": "192.0.2.9"})
    endpoint = await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None)
    assert endpoint.tcp_port is None
    assert [(each.transport, each.host) for each in endpoint.candidates] == [("udp", "192.0.2.9")]
    await endpoint.close()


async def test_every_bind_host_has_a_socket_of_its_own() -> None:
    config = EndpointConfig(bind_hosts=("127.0.0.1", "127.0.0.2"), tcp_port=0)
    stage = Stage(await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None))
    transport, ears = stage.transport()
    peer = stage.peer(transport, host="127.0.0.2")
    await peer.connect()  # a connected socket: an answer from another address would not arrive
    peer.send_rtp(rtp_packet(1))
    await until(lambda: ears.rtp)
    assert len(transport.candidates) == 4
    await stage.close()


async def test_ipv6() -> None:
    config = EndpointConfig(bind_hosts=("::1",), tcp_port=0)
    stage = Stage(await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None))
    for kind in ("udp", "tcp"):
        transport, ears = stage.transport()
        peer = stage.peer(transport, kind=kind)
        await peer.connect()
        packets = [rtp_packet(number) for number in range(5)]
        burst(transport, packets)
        peer.send_rtp(packets[0])
        await until(partial(len, ears.rtp))
        assert peer.responses[0].attributes["XOR-MAPPED-ADDRESS"] == peer.local_address
        await until(lambda peer=peer, packets=packets: peer.dtls.rtp == packets)  # type: ignore[misc]  # mypy cannot infer defaults
    await stage.close()
