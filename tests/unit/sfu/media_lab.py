"""A hub with fake transports and virtual time: publishers write packets, subscribers' writers keep what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

from server.ids import TrackSid
from server.sfu import rtcp, rtp
from server.sfu.description import (
    Codec,
    DtlsRole,
    ExtensionIds,
    Fingerprint,
    HostCandidate,
    IceParameters,
    LayerSpec,
    LayerWish,
    MediaKind,
    ReceiveSection,
    SendSection,
    TransportState,
    VideoQuality,
)
from server.sfu.downtrack import DownTrack
from server.sfu.hub import MediaHub
from server.sfu.layout import MAX_SEGMENTS, BurstLayout
from server.sfu.peer import MediaPeer
from server.sfu.ports import MAX_PACKET_BYTES, BurstWriter, TransportListener
from server.sfu.uptrack import UpTrack
from tests.fakes.clock import FakeClock

UP_IDS = ExtensionIds(
    mid=4, rid=10, repaired_rid=11, abs_send_time=2, audio_level=1, video_orientation=13, playout_delay=12
)
DOWN_IDS = ExtensionIds(mid=9, abs_send_time=3, audio_level=6, video_orientation=5, playout_delay=8)
VP8 = Codec(mime="video/vp8", payload_type=96, clock_rate=90_000, rtx_payload_type=97)
H264 = Codec(mime="video/h264", payload_type=102, clock_rate=90_000, rtx_payload_type=103)
OPUS = Codec(mime="audio/opus", payload_type=111, clock_rate=48_000, channels=2)
RED = Codec(mime="audio/red", payload_type=63, clock_rate=48_000, channels=2)
THREE_LAYERS = (
    LayerSpec(quality=VideoQuality.LOW, rid="q", width=320, height=180, bitrate_bps=150_000),
    LayerSpec(quality=VideoQuality.MEDIUM, rid="h", width=640, height=360, bitrate_bps=500_000),
    LayerSpec(quality=VideoQuality.HIGH, rid="f", width=1280, height=720, bitrate_bps=2_000_000),
)


class FakeWriter:
    """Keeps what was committed or sent; `flushed` counts flushes, `bursts` what went out whole.

    Refuses when `is_open` is False.
    """

    trailer_bytes = 3

    def __init__(self) -> None:
        self.scratch = bytearray(MAX_SEGMENTS * (MAX_PACKET_BYTES + self.trailer_bytes))
        self.bursts: list[int] = []
        self.buffer = bytearray(MAX_PACKET_BYTES * 4)
        self.offset = 0
        self.packets: list[bytes] = []
        self.flushed = 0
        self.is_open = True
        self.meeting_point: object | None = None
        self.groups: list[FakeGroup] = []

    def group(self, writers: Sequence[BurstWriter]) -> FakeGroup:
        members = [writer for writer in writers if isinstance(writer, FakeWriter)]
        assert {writer.meeting_point for writer in members} == {self.meeting_point} != {None}
        group = FakeGroup(members)
        for writer in members:
            writer.groups.append(group)
        return group

    def commit(self, length: int) -> bool:
        if not self.is_open:
            return False
        assert 12 <= length <= MAX_PACKET_BYTES
        self.packets.append(bytes(self.buffer[self.offset : self.offset + length]))
        # Like the real one: the next packet stands somewhere else.
        self.offset = (self.offset + length) % (MAX_PACKET_BYTES * 3)
        return True

    def flush(self) -> None:
        self.flushed += 1

    def send_burst(self, layout: BurstLayout) -> int:
        if not self.is_open:
            return 0
        sizes = layout.sizes
        at = 0
        for size in sizes:
            assert 12 <= size <= MAX_PACKET_BYTES
            self.packets.append(bytes(self.scratch[at : at + size]))
            at += size + self.trailer_bytes
        # Like the real one: what is protected there is no clear packet any more.
        self.scratch[:at] = bytes(at)
        self.bursts.append(len(sizes))
        return len(sizes)


class FakeGroup:
    """Gives each writer what stands in its place. Refuses when `is_open` of one is False."""

    STRIDE = 256
    ROWS = 3

    def __init__(self, writers: Sequence[FakeWriter]) -> None:
        self.writers = writers
        self.buffer = bytearray(self.STRIDE * len(writers))
        self.sent = 0

    def place(self, size: int) -> tuple[bytearray, int] | None:
        if size + FakeWriter.trailer_bytes > self.STRIDE or not all(writer.is_open for writer in self.writers):
            return None
        return self.buffer, self.STRIDE

    def send(self, stride: int, size: int) -> bool:
        for index, writer in enumerate(self.writers):
            writer.packets.append(bytes(self.buffer[index * stride : index * stride + size]))
        # Like the real one: what is protected there is no clear packet any more.
        self.buffer[:] = bytes(len(self.buffer))
        self.sent += 1
        return True

    def rows(self, layout: BurstLayout) -> int:
        return self.ROWS if all(writer.is_open for writer in self.writers) else 0

    def send_rows(self, layout: BurstLayout, first: int) -> bool:
        scratch = self.writers[0].scratch
        at = 0
        for writer in self.writers[first : first + self.ROWS]:
            for size in layout.sizes:
                writer.packets.append(bytes(scratch[at : at + size]))
                at += size + FakeWriter.trailer_bytes
        scratch[:at] = bytes(at)
        self.sent += first == 0
        return True


class FakeTransport:
    """Implements `server.sfu.ports.Transport` as far as packets need it."""

    def __init__(self) -> None:
        self.writer = FakeWriter()
        self.rtcp: list[bytes] = []
        self.state = TransportState.CONNECTED
        self.ice = IceParameters(ufrag="u", pwd="p")
        self.fingerprints: Sequence[Fingerprint] = ()
        self.candidates: Sequence[HostCandidate] = ()
        self.selected = "udp"

    def send_rtcp(self, packet: bytes) -> bool:
        self.rtcp.append(packet)
        return True

    def set_listener(self, listener: TransportListener) -> None: ...

    def set_remote(self, ice: IceParameters, fingerprints: Sequence[Fingerprint], role: DtlsRole) -> None: ...

    def restart_ice(self) -> IceParameters:
        return self.ice

    def open_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None: ...

    def send_message(self, label: str, payload: bytes) -> bool:
        return True

    def buffered_bytes(self, label: str) -> int:
        return 0

    async def close(self) -> None: ...


@dataclass
class Out:
    """One outgoing packet, taken apart."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict[int, bytes]
    payload: bytes


def take_apart(packet: bytes) -> Out:
    _, second, sequence, timestamp, ssrc = rtp.HEADER.unpack_from(packet)
    bounds = rtp.payload_bounds(packet)
    assert bounds is not None, packet.hex()
    extensions: dict[int, bytes] = {}
    if packet[0] & 0x10:
        assert packet[12:14] == b"\xbe\xde"
        at = 16
        while at < bounds[0]:
            if packet[at] == 0:
                at += 1
                continue
            length = (packet[at] & 15) + 1
            extensions[packet[at] >> 4] = packet[at + 1 : at + 1 + length]
            at += 1 + length
    return Out(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, extensions, packet[bounds[0] : bounds[1]])


def make_rtp(
    *,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    marker: bool = False,
    elements: bytes = b"",
    padding: int = 0,
) -> bytes:
    block = rtp.block(elements)
    first = 0x80 | (0x10 if block else 0) | (0x20 if padding else 0)
    head = rtp.HEADER.pack(
        first, payload_type | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc
    )
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return head + block + payload + tail


def vp8_payload(
    *,
    start: bool = True,
    key: bool = False,
    picture_id: int | None = None,
    tl0: int | None = None,
    tid: int | None = None,
    sync: bool = False,
    keyidx: int | None = None,
    size: tuple[int, int] = (640, 360),
    body: bytes = b"\x55" * 40,
    short_id: bool = False,
) -> bytes:
    flags = (
        (0x80 if picture_id is not None else 0)
        | (0x40 if tl0 is not None else 0)
        | (0x20 if tid is not None else 0)
        | (0x10 if keyidx is not None else 0)
    )
    head = bytes(((0x80 if flags else 0) | (0x10 if start else 0),))
    if flags:
        head += bytes((flags,))
    if picture_id is not None:
        head += bytes((picture_id & 0x7F,)) if short_id else (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
    if tl0 is not None:
        head += bytes((tl0 & 0xFF,))
    if tid is not None or keyidx is not None:
        head += bytes(((tid or 0) << 6 | (0x20 if sync else 0) | (keyidx or 0) & 0x1F,))
    if start:
        head += bytes((0x10 if key else 0x11, 0, 0))
        if key:
            head += b"\x9d\x01\x2a" + size[0].to_bytes(2, "little") + size[1].to_bytes(2, "little")
    return head + body


@dataclass
class UpListener:
    demands: list[VideoQuality | None] = field(default_factory=list)
    firsts: int = 0

    def on_demand(self, up: UpTrack, quality: VideoQuality | None) -> None:
        self.demands.append(quality)

    def on_first_packet(self, up: UpTrack) -> None:
        self.firsts += 1


@dataclass
class DownListener:
    states: list[bool] = field(default_factory=list)
    firsts: int = 0

    def on_stream_state(self, down: DownTrack, is_active: bool) -> None:
        self.states.append(is_active)

    def on_first_packet_sent(self, down: DownTrack) -> None:
        self.firsts += 1


@dataclass
class PeerEar:
    unbound: list[tuple[int, int, str | None, str | None]] = field(default_factory=list)

    def on_unbound_ssrc(self, ssrc: int, payload_type: int, mid: str | None, rid: str | None) -> None:
        self.unbound.append((ssrc, payload_type, mid, rid))


class Client:
    """One participant's transport and peer."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.transport = FakeTransport()
        self.ear = PeerEar()
        self.peer: MediaPeer = lab.hub.create_peer(self.transport, self.ear)
        self.down_listener = DownListener()

    def turns(self, state: TransportState) -> None:
        """The transport's state changes."""
        self.transport.state = state
        self.peer.on_transport_state()

    @property
    def out(self) -> list[Out]:
        return [take_apart(packet) for packet in self.transport.writer.packets]

    def heard(self) -> list[rtcp.Block]:
        """The RTCP that this client was sent so far."""
        return [block for packet in self.transport.rtcp for block in rtcp.parse(packet).blocks]

    def rtp(self, packet: bytes) -> None:
        self.peer.on_rtp(packet, self.lab.clock.monotonic_us())

    def rtcp(self, packet: bytes) -> None:
        self.peer.on_rtcp(packet, self.lab.clock.monotonic_us())

    def watch(
        self,
        up: UpTrack,
        *,
        mid: str = "0",
        ssrc: int = 0xD0,
        codecs: tuple[Codec, ...] = (
            Codec(mime="video/vp8", payload_type=120, clock_rate=90_000, rtx_payload_type=124),
        ),
        ids: ExtensionIds = DOWN_IDS,
        wish: LayerWish | None = None,
        rtx_ssrc: int | None = 0xD1,
    ) -> DownTrack:
        section = SendSection(mid=mid, kind=up.kind, codecs=codecs, extensions=ids, ssrc=ssrc, rtx_ssrc=rtx_ssrc)
        return self.peer.send(section, up, wish or LayerWish(), self.down_listener)


class Lab:
    """The hub under test. `step` moves time in steps of 20 ms, with a drain in each and the ticks of a worker."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clock.advance(seconds=100)
        numbers = count(0x1000_1234, 0x10_001)
        self.random_u32: Callable[[], int] = lambda: next(numbers)
        self.hub = MediaHub(self.clock, self.random_u32)
        self.up_listener = UpListener()
        self._sids = count(1)
        self._steps = count(1)
        self._is_tick_wanted = False
        self.hub.watch(self._want_tick)

    def client(self) -> Client:
        return Client(self)

    def track(
        self, kind: MediaKind = MediaKind.VIDEO, mime: str = "video/vp8", layers: tuple[LayerSpec, ...] = ()
    ) -> UpTrack:
        sid = TrackSid(f"TR_{next(self._sids)}")
        return self.hub.create_up_track(sid=sid, kind=kind, mime=mime, layers=layers, listener=self.up_listener)

    def step(self, seconds: float = 0.02) -> None:
        steps = max(1, round(seconds / 0.02))
        for _ in range(steps):
            self.clock.advance(seconds=0.02)
            self.hub.flush()
            if self._is_tick_wanted:
                self._is_tick_wanted = False
                self.hub.tick_soon()
            if next(self._steps) % 10 == 0:
                self.hub.tick()

    def _want_tick(self) -> None:
        self._is_tick_wanted = True


def receive_section(
    *,
    mid: str = "7",
    kind: MediaKind = MediaKind.VIDEO,
    codecs: tuple[Codec, ...] = (VP8,),
    rids: tuple[str, ...] = (),
    ssrcs: tuple[int, ...] = (),
    rtx_pairs: tuple[tuple[int, int], ...] = (),
    sim_ssrcs: tuple[int, ...] = (),
) -> ReceiveSection:
    return ReceiveSection(
        mid=mid,
        kind=kind,
        codecs=codecs,
        extensions=UP_IDS,
        rids=rids,
        ssrcs=ssrcs,
        rtx_pairs=rtx_pairs,
        sim_ssrcs=sim_ssrcs,
    )


class Encoder:
    """A VP8 encoder of one layer: consecutive numbers, picture ids and temporal layers in LiveKit's usual pattern."""

    PATTERN = (0, 2, 1, 2)

    def __init__(
        self,
        *,
        ssrc: int = 0xA0,
        first_sequence: int = 65_530,
        first_timestamp: int = 0xFFFF_0000,
        first_picture: int = 0x7FF0,
        rid: str = "",
        mid: str = "",
        temporal: bool = True,
        packets_per_frame: int = 2,
        payload_type: int = 96,
    ) -> None:
        self.ssrc = ssrc
        self.sequence = first_sequence
        self.timestamp = first_timestamp
        self.picture = first_picture
        self.tl0 = 250
        self.keyidx = 30
        self.rid = rid
        self.mid = mid
        self.temporal = temporal
        self.packets_per_frame = packets_per_frame
        self.payload_type = payload_type
        self._in_pattern = 0

    def frame(self, *, key: bool = False, body: bytes = b"\x55" * 40) -> list[bytes]:
        if key:
            self._in_pattern = 0
        tid = self.PATTERN[self._in_pattern % 4] if self.temporal else 0
        # In this pattern the first picture of an upper layer after a base picture depends on the base only.
        sync = tid > 0 and self._in_pattern % 4 in (1, 2)
        self._in_pattern += 1
        if tid == 0:
            self.tl0 += 1
            self.keyidx += 1
        packets = []
        for index in range(self.packets_per_frame):
            elements = b""
            if self.mid:
                elements += rtp.element(4, self.mid.encode())
            if self.rid:
                elements += rtp.element(10, self.rid.encode())
            payload = vp8_payload(
                start=index == 0,
                key=key,
                picture_id=self.picture,
                tl0=self.tl0 if self.temporal else None,
                tid=tid if self.temporal else None,
                sync=sync,
                keyidx=self.keyidx if self.temporal else None,
                body=bytes((self.sequence & 0xFF,)) + body,
            )
            packets.append(
                make_rtp(
                    payload_type=self.payload_type,
                    sequence=self.sequence,
                    timestamp=self.timestamp,
                    ssrc=self.ssrc,
                    payload=payload,
                    marker=index == self.packets_per_frame - 1,
                    elements=elements,
                )
            )
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 3000) & 0xFFFFFFFF
        self.picture = (self.picture + 1) & 0x7FFF
        return packets


def pairs(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    yield from pairwise(values)


def video_lab() -> tuple[Lab, Client, Client, Encoder]:
    """A publisher of one VP8 stream (SSRC 1, RTX 2), a viewer who watches it, and the encoder."""
    lab = Lab()
    publisher, viewer = lab.client(), lab.client()
    up = lab.track()
    publisher.peer.receive(receive_section(ssrcs=(1, 2), rtx_pairs=((1, 2),)), up)
    viewer.watch(up)
    return lab, publisher, viewer, Encoder(ssrc=1, temporal=False)
