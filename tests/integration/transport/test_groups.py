"""One packet to each of several peers by one system call: each gets its own, and in its order."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from server.clock import SystemClock
from server.sfu.packet import Packet
from server.sfu.rtp import HEADER, payload_bounds
from server.sfu.transport import EndpointConfig, MediaEndpoint
from server.sfu.transport.group import UdpGroup
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.sendmmsg import Messages
from server.sfu.transport.sockets import UdpPath
from server.sfu.transport.stats import DropReason
from tests.fakes.bursts import SOURCE, layout_of
from tests.fakes.packet_peer import PacketPeer, rtp_packet, until
from tests.integration.transport.conftest import Stage
from tests.integration.transport.test_sending import ReluctantSocket

Pair = tuple[PeerTransport, PacketPeer]


async def pairs_of(stage: Stage, count: int, **options: object) -> list[Pair]:
    pairs: list[Pair] = []
    for _ in range(count):
        transport, _ = stage.transport()
        pairs.append((transport, stage.peer(transport, **options)))
        await pairs[-1][1].connect()
        pairs[-1][1].stop_checking()
    return pairs


def group_of(pairs: Sequence[Pair]) -> UdpGroup:
    writers = [transport.writer for transport, _ in pairs]
    assert len({writer.meeting_point for writer in writers}) == 1
    assert writers[0].meeting_point is not None
    return writers[0].group(writers)


def send(group: UdpGroup, packets: Sequence[bytes]) -> bool:
    """Packets of one size, one for each."""
    place = group.place(len(packets[0]))
    if place is None:
        return False
    buffer, stride = place
    for index, packet in enumerate(packets):
        buffer[index * stride : index * stride + len(packet)] = packet
    return group.send(stride, len(packets[0]))


async def each_gets_its_own(stage: Stage) -> None:
    pairs = await pairs_of(stage, 5)
    group = group_of(pairs)
    stats = stage.endpoint.stats
    calls, packets_out, bytes_out = stats.send_calls, stats.packets_out, stats.bytes_out
    sent: list[list[bytes]] = []
    # Sizes that come and go, and longer rows in between.
    for number, size in enumerate((20, 60, 20, 230, 300, 20, 900)):
        sent.append([rtp_packet(number, ssrc=100 + index, payload=bytes((index,)) * size) for index in range(5)])
        assert send(group, sent[-1])
    assert stats.send_calls - calls == 7
    assert stats.packets_out - packets_out == 35
    assert stats.bytes_out - bytes_out == sum(len(row[0]) + pairs[0][0].writer.trailer_bytes for row in sent) * 5
    for index, (_, peer) in enumerate(pairs):
        await until(lambda peer=peer: len(peer.dtls.rtp) == 7)  # type: ignore[misc]  # bound at once
        assert peer.dtls.rtp == [row[index] for row in sent]


async def test_each_gets_its_own_packet_and_all_by_one_call(stage: Stage) -> None:
    await each_gets_its_own(stage)


async def test_ipv6() -> None:
    config = EndpointConfig(bind_hosts=("::1",), tcp_port=0)
    stage = Stage(await MediaEndpoint.open(config, clock=SystemClock(), on_drained=lambda: None))
    await each_gets_its_own(stage)
    await stage.close()


async def test_what_is_too_long_for_a_row_is_not_taken(stage: Stage) -> None:
    group = group_of(await pairs_of(stage, 2))
    assert group.place(1024) is None
    assert group.place(20) is not None


@pytest.mark.parametrize("change", ["close", "path", "lost"])
async def test_a_group_ends_when_one_of_its_paths_or_keys_changes(stage: Stage, change: str) -> None:
    pairs = await pairs_of(stage, 3)
    group = group_of(pairs)
    transport, peer = pairs[1]
    match change:
        case "close":
            await transport.close()
        case "path":
            await peer.open()
            await peer.check()
        case _:
            transport.on_path_lost(transport._paths[0])
    await until(lambda: group.place(20) is None)
    # The others can meet anew.
    others = [pairs[0], pairs[2]]
    assert send(group_of(others), [rtp_packet(1, payload=b"again")] * 2)
    for _, other in others:
        await until(lambda other=other: len(other.dtls.rtp) == 1)  # type: ignore[misc]  # bound at once


async def test_tcp_and_nobody_have_no_meeting_point(stage: Stage) -> None:
    (over_tcp,) = await pairs_of(stage, 1, kind="tcp")
    assert over_tcp[0].writer.meeting_point is None
    nobody, _ = stage.transport()
    assert nobody.writer.meeting_point is None


async def test_behind_a_backlog_nothing_overtakes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = await pairs_of(stage, 4)
    group = group_of(pairs)
    udp = stage.endpoint._sockets[0]
    real = udp._socket
    packets = [rtp_packet(1, payload=bytes((index,)) * 30) for index in range(4)]
    with monkeypatch.context() as full:
        full.setattr(udp, "_socket", ReluctantSocket(real, sendto=errno.EAGAIN))
        full.setattr(Messages, "send", lambda *_: -errno.EAGAIN)
        assert send(group, packets)
        assert udp.has_backlog
        assert group.place(30) is None
    for index, (_, peer) in enumerate(pairs):
        await until(lambda peer=peer: len(peer.dtls.rtp) == 1)  # type: ignore[misc]  # bound at once
        assert peer.dtls.rtp == [packets[index]]
    await until(lambda: group.place(30) is not None)


async def test_one_who_cannot_be_reached_is_counted_and_keeps_nobody_else(stage: Stage) -> None:
    pairs = await pairs_of(stage, 4)
    path = pairs[1][0].writer.path
    assert isinstance(path, UdpPath)
    # Linux refuses to broadcast for who has not asked to, and stops a row of messages there.
    path.address = ("255.255.255.255", 9)
    packets = [rtp_packet(1, payload=bytes((index,)) * 30) for index in range(4)]
    assert send(group_of(pairs), packets)
    assert stage.endpoint.stats.drops[DropReason.OUT_ERROR] == 1
    for index in (0, 2, 3):
        _, peer = pairs[index]
        await until(lambda peer=peer: len(peer.dtls.rtp) == 1)  # type: ignore[misc]  # bound at once
        assert peer.dtls.rtp == [packets[index]]


async def test_nothing_is_protected_twice_under_one_index(stage: Stage) -> None:
    pairs = await pairs_of(stage, 2)
    group = group_of(pairs)
    packets = [rtp_packet(5, payload=bytes(30))] * 2
    assert send(group, packets)
    assert not send(group, packets), "libsrtp refuses, and so nothing went out"
    assert group.place(30) is None
    for _, peer in pairs:
        await until(lambda peer=peer: len(peer.dtls.rtp) == 1)  # type: ignore[misc]  # bound at once


# A burst each


def numbered(payloads: Sequence[bytes]) -> list[Packet]:
    return [Packet(SOURCE, number, 3000, 0, payload, 0) for number, payload in enumerate(payloads)]


def send_bursts(group: UdpGroup, pairs: Sequence[Pair], payloads: Sequence[bytes], number: int = 0) -> int:
    """The same packets to each, under SSRCs of their own from 100 on. How many bursts a row had; 0 = refused."""
    writer = pairs[0][0].writer
    layout = layout_of(numbered(payloads), writer.trailer_bytes)
    rows = group.rows(layout)
    if not rows:
        return 0
    for first in range(0, len(pairs), rows):
        for place, index in enumerate(range(first, min(first + rows, len(pairs)))):
            layout.write(writer.scratch, place * layout.total_bytes, number, 0, 100 + index, b"")
        if not group.send_rows(layout, first):
            return 0
    return rows


async def each_got(pairs: Sequence[Pair], payloads: Sequence[bytes], number: int = 0) -> None:
    for index, (_, peer) in enumerate(pairs):
        await until(lambda peer=peer: len(peer.dtls.rtp) >= len(payloads))  # type: ignore[misc]  # bound at once
        found, peer.dtls.rtp[:] = list(peer.dtls.rtp), []
        bounds = [payload_bounds(packet) for packet in found]
        assert [packet[slice(*at)] for packet, at in zip(found, bounds, strict=True) if at] == list(payloads)
        heads = [HEADER.unpack_from(packet) for packet in found]
        assert [head[2] for head in heads] == [number + place for place in range(len(payloads))]
        assert {head[4] for head in heads} == {100 + index}


async def test_each_gets_its_own_burst_and_a_row_goes_out_by_one_call(stage: Stage) -> None:
    pairs = await pairs_of(stage, 5)
    group = group_of(pairs)
    stats = stage.endpoint.stats
    number = 0
    for sizes, rows in (((900, 901, 901, 90), 5), ((40,), 5), ((1200,) * 30, 3), ((30,) * 64, 4)):
        payloads = [bytes((place,)) * size for place, size in enumerate(sizes)]
        calls, packets_out, bytes_out = stats.send_calls, stats.packets_out, stats.bytes_out
        assert send_bursts(group, pairs, payloads, number) == rows
        assert stats.send_calls - calls == -(-5 // rows)
        assert stats.packets_out - packets_out == 5 * len(sizes)
        assert (
            stats.bytes_out - bytes_out
            == 5 * layout_of(numbered(payloads), pairs[0][0].writer.trailer_bytes).total_bytes
        )
        await each_got(pairs, payloads, number)
        number += len(sizes)


async def test_a_burst_that_no_single_message_holds_goes_run_by_run(stage: Stage) -> None:
    pairs = await pairs_of(stage, 3)
    payloads = [bytes((place,)) * size for place, size in enumerate((500, 900, 700))]
    assert send_bursts(group_of(pairs), pairs, payloads) == 3
    await each_got(pairs, payloads)


async def test_without_segments_each_packet_goes_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = await pairs_of(stage, 3)
    udp = stage.endpoint._sockets[0]
    with monkeypatch.context() as old:
        old.setattr(Messages, "send", lambda *_: -errno.EINVAL)
        old.setattr(udp, "_socket", ReluctantSocket(udp._socket, sendmsg=errno.EINVAL))
        assert send_bursts(group_of(pairs), pairs, [b"a" * 50] * 4) == 3
    assert not udp.has_gso
    await each_got(pairs, [b"a" * 50] * 4)
    assert send_bursts(group_of(pairs), pairs, [b"b" * 50] * 4, 4) == 3
    await each_got(pairs, [b"b" * 50] * 4, 4)


async def test_behind_a_backlog_no_burst_overtakes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = await pairs_of(stage, 4)
    group = group_of(pairs)
    udp = stage.endpoint._sockets[0]
    with monkeypatch.context() as full:
        full.setattr(udp, "_socket", ReluctantSocket(udp._socket, sendto=errno.EAGAIN, sendmsg=errno.EAGAIN))
        full.setattr(Messages, "send", lambda *_: -errno.EAGAIN)
        assert send_bursts(group, pairs, [b"a" * 50] * 3)
        assert udp.has_backlog
        assert not send_bursts(group, pairs, [b"b" * 50] * 3, 3)
    await each_got(pairs, [b"a" * 50] * 3)


async def test_who_cannot_be_reached_keeps_nobody_else_from_a_burst(stage: Stage) -> None:
    pairs = await pairs_of(stage, 4)
    path = pairs[1][0].writer.path
    assert isinstance(path, UdpPath)
    path.address = ("255.255.255.255", 9)
    assert send_bursts(group_of(pairs), pairs, [b"a" * 50] * 3)
    assert stage.endpoint.stats.drops[DropReason.OUT_ERROR] == 3
    for index in (0, 2, 3):
        _, peer = pairs[index]
        await until(lambda peer=peer: len(peer.dtls.rtp) == 3)  # type: ignore[misc]  # bound at once


async def test_no_burst_is_protected_twice_under_one_index(stage: Stage) -> None:
    pairs = await pairs_of(stage, 2)
    group = group_of(pairs)
    assert send_bursts(group, pairs, [b"a" * 50] * 3)
    assert not send_bursts(group, pairs, [b"b" * 50] * 3)
    assert not group.rows(layout_of(numbered([b"c"]), pairs[0][0].writer.trailer_bytes))
    await each_got(pairs, [b"a" * 50] * 3)
