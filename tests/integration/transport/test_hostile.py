"""Datagrams and connections from people who are not our clients, and clients who misbehave."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.clock import SystemClock
from server.errors import ErrorCode, Unavailable
from server.sfu.description import DtlsRole, Fingerprint, TransportState
from server.sfu.transport import EndpointConfig, MediaEndpoint, tcp
from server.sfu.transport.stats import DropReason
from tests.fakes.packet_peer import rtp_packet, until
from tests.integration.transport.conftest import Stage


class Stranger:
    """A bare socket towards the endpoint."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(("127.0.0.1", stage.endpoint.udp_port))

    async def send(self, *datagrams: bytes) -> None:
        """Send, and wait until all of it was looked at."""
        stats = self._stage.endpoint.stats
        for datagram in datagrams:
            before = stats.datagrams_in + stats.drops[DropReason.SIZE]
            self.socket.send(datagram)
            await until(partial(self._has_grown, before))

    def _has_grown(self, before: int) -> bool:
        stats = self._stage.endpoint.stats
        return stats.datagrams_in + stats.drops[DropReason.SIZE] > before

    def answers(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(2000))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self.socket.close()


async def test_nothing_that_is_not_proved_is_ever_answered(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    good = bytes(peer.make_check())
    forged = bytes(peer.make_check(password="x" * 24))
    peer.remote_ice = type(peer.remote_ice)(ufrag="nobody", pwd=peer.remote_ice.pwd)
    unknown = bytes(peer.make_check())
    peer.remote_ice = transport.ice
    stranger = Stranger(stage)
    await stranger.send(
        b"",
        b"\x00",
        b"\xff" * 50,
        forged,
        unknown,
        good[:-1],
        good[:40] + b"\xff" + good[41:],
        b"\x01\x01" + good[2:],
        rtp_packet(1),
        b"\x16\xfe\xfd" + bytes(10),
        b"\x80\xc9\x00\x01" + bytes(40),
        os.urandom(1601),
    )
    drops = stage.endpoint.stats.drops
    assert stranger.answers() == []
    assert drops[DropReason.STUN_INTEGRITY] >= 1
    assert drops[DropReason.STUN_UNKNOWN_UFRAG] == 1
    assert drops[DropReason.STRANGER] >= 3
    assert drops[DropReason.SIZE] >= 2
    assert drops[DropReason.STUN_MALFORMED] >= 2
    assert ears.rtp == []
    assert transport.selected == "udp"
    stranger.close()


@given(cut=st.integers(0, 120), flip=st.integers(0, 119), value=st.integers(1, 255), noise=st.binary(max_size=80))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_truncated_and_changed_checks_never_bind(cut: int, flip: int, value: int, noise: bytes) -> None:
    async def run() -> None:
        config = EndpointConfig(bind_hosts=("127.0.0.1",))
        stage = Stage(await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None))
        transport, _ = stage.transport()
        peer = stage.peer(transport)
        good = bytes(peer.make_check())
        changed = bytearray(good)
        changed[flip % (len(good) - 8)] ^= value  # FINGERPRINT, the last eight bytes, is signed by nobody
        stranger = Stranger(stage)
        await stranger.send(bytes(changed), good[:cut] if cut < len(good) else b"x", noise or b"y")
        assert stranger.answers() == []
        assert transport.selected == ""
        stranger.close()
        await stage.close()

    asyncio.run(run())


async def test_a_validated_client_sends_garbage(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    for kind in (0x14, 0x16, 0x17, 0x80, 0x90, 0xBF, 0x40, 0x00):
        for size in (1, 2, 11, 12, 13, 27, 28, 60, 1200):
            peer.send_raw(bytes([kind]) + os.urandom(size - 1))
    peer.send_raw(b"\x16\xfe\xfd" + bytes(8) + b"\x00\x20" + os.urandom(32))
    peer.send_rtp(rtp_packet(1))
    await until(lambda: ears.rtp)
    assert transport.state is TransportState.CONNECTED
    drops = stage.endpoint.stats.drops
    assert drops[DropReason.SRTP_AUTH] > 0
    assert drops[DropReason.DTLS_MALFORMED] > 0


async def test_a_replayed_packet_is_delivered_once(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    await peer.connect()
    data = peer.dtls._tx_srtp.protect(rtp_packet(1))
    for _ in range(3):
        peer.send_raw(data)
    peer.send_rtp(rtp_packet(2))
    await until(lambda: len(ears.rtp) == 2)
    assert stage.endpoint.stats.drops[DropReason.SRTP_REPLAY] == 2


async def test_a_foreign_certificate_fails_for_good(stage: Stage) -> None:
    transport, ears = stage.transport()
    peer = stage.peer(transport)
    foreign = (Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),)
    transport.set_remote(peer.ice, foreign, DtlsRole.SERVER)
    await peer.open()
    await peer.check()
    await peer.shake()
    await until(lambda: transport.state is TransportState.FAILED)
    peer.send_rtp(rtp_packet(1))
    await until(lambda: stage.endpoint.stats.drops[DropReason.SRTP_NOT_READY] == 1)
    assert ears.rtp == []


async def test_a_flood_of_checks_is_bounded(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport)
    await peer.open()
    check = bytes(peer.make_check())
    for _ in range(1000):
        peer.send_raw(check)
    await until(lambda: stage.endpoint.stats.datagrams_in >= 1000)
    assert stage.endpoint.stats.drops[DropReason.STUN_RATE] > 500


async def test_tcp_that_is_no_ice(stage: Stage) -> None:
    for first in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00", b"\xff\xff", b"\x00\x14" + b"\x80" * 20):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.endpoint.tcp_port)
        writer.write(first)
        assert await reader.read() == b""
        writer.close()
    await until(lambda: stage.endpoint.stats.tcp_connections == 0)


async def test_tcp_connections_that_prove_nothing_are_bounded_and_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_UNPROVEN", 5)
    monkeypatch.setattr(tcp, "PROOF_DEADLINE_US", 300_000)
    opened = [await asyncio.open_connection("127.0.0.1", stage.endpoint.tcp_port) for _ in range(9)]
    await until(lambda: stage.endpoint.stats.drops[DropReason.TCP_LIMIT] == 4)
    await until(lambda: stage.endpoint.stats.drops[DropReason.TCP_DEADLINE] == 5)
    await until(lambda: stage.endpoint.stats.tcp_connections == 0)
    for _, writer in opened:
        writer.close()


async def test_a_tcp_client_that_does_not_read_loses_packets_not_memory(stage: Stage) -> None:
    transport, _ = stage.transport()
    peer = stage.peer(transport, kind="tcp")
    await peer.connect()
    peer._transport.pause_reading()
    writer = transport.writer
    for number in range(20_000):
        packet = rtp_packet(number, payload=bytes(1100))
        writer.buffer[writer.offset : writer.offset + len(packet)] = packet
        writer.commit(len(packet))
        writer.flush()
    assert stage.endpoint.stats.drops[DropReason.OUT_BACKLOG] > 0
    peer._transport.resume_reading()
    await until(lambda: peer.dtls.rtp)


async def test_a_taken_port_is_named(stage: Stage) -> None:
    config = EndpointConfig(bind_hosts=("127.0.0.1",), udp_port=stage.endpoint.udp_port)
    with pytest.raises(Unavailable) as caught:
        await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None)
    assert caught.value.code is ErrorCode.PORT_TAKEN
    assert str(stage.endpoint.udp_port) in caught.value.detail
    config = EndpointConfig(bind_hosts=("127.0.0.1",), tcp_port=stage.endpoint.tcp_port)
    with pytest.raises(Unavailable) as caught:
        await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None)
    assert str(stage.endpoint.tcp_port) in caught.value.detail
