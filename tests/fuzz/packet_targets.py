"""What a stranger's packets reach once they are decrypted: RTP, extensions, payloads, RTCP, and a whole hub."""

from __future__ import annotations

from collections.abc import Callable

from server.sfu import h264, red, rtcp, rtcp_writer, rtp, vp8
from server.sfu.description import MediaKind
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache
from tests.unit.sfu.media_lab import (
    H264,
    OPUS,
    RED,
    THREE_LAYERS,
    UP_IDS,
    VP8,
    Client,
    Encoder,
    Lab,
    make_rtp,
    receive_section,
    vp8_payload,
)

_SOURCE = Source(ssrc=1, quality=0, clock_rate=90_000, is_video=True, cache=PacketCache(8))


def fuzz_rtp(data: bytes) -> None:
    bounds = rtp.payload_bounds(data)
    if bounds is not None:
        assert 12 <= bounds[0] <= bounds[1] <= len(data)
        rtp.ExtensionReader(UP_IDS).read(data)


def fuzz_rtcp(data: bytes) -> None:
    compound = rtcp.parse(data)
    assert len(compound.blocks) <= len(data)


def fuzz_vp8(data: bytes) -> None:
    packet = Packet(_SOURCE, 1, 1, 0, data, 0)
    if vp8.describe(packet, vp8.PictureIds()):
        vp8.frame_size(packet)
    assert max(packet.picture_at + 1, packet.tl0_at, packet.key_at) < max(packet.size, 2)


def fuzz_h264(data: bytes) -> None:
    h264.PictureStarts().is_keyframe_start(data, 1)


def fuzz_red(data: bytes) -> None:
    primary = red.primary(data)
    assert primary is None or data.endswith(primary)


class _Room:
    """A publisher who sends anything and a viewer who answers anything, kept over many inputs."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.publisher: Client = self.lab.client()
        self.viewer: Client = self.lab.client()
        camera = self.lab.track(layers=THREE_LAYERS)
        screen = self.lab.track(mime="video/h264")
        mic = self.lab.track(MediaKind.AUDIO, "audio/red")
        publisher, viewer = self.publisher.peer, self.viewer
        publisher.receive(receive_section(codecs=(VP8,), rids=("q", "h", "f")), camera)
        publisher.receive(receive_section(mid="8", codecs=(H264,), ssrcs=(2, 3), rtx_pairs=((2, 3),)), screen)
        publisher.receive(receive_section(mid="9", kind=MediaKind.AUDIO, codecs=(RED, OPUS), ssrcs=(4,)), mic)
        viewer.watch(camera)
        viewer.watch(screen, mid="1", ssrc=0xD2, codecs=(H264,), rtx_ssrc=0xD3)
        viewer.watch(mic, mid="2", ssrc=0xD4, codecs=(OPUS,), rtx_ssrc=None)

    def take(self, data: bytes) -> None:
        """The first byte says whose packet of which kind; then one step of time."""
        kind, packet = data[0] & 3, data[1:]
        if kind == 0:
            self.publisher.rtp(packet)
        elif kind == 1:
            self.publisher.rtcp(packet)
        else:
            self.viewer.rtcp(packet)
        self.lab.step()
        self.viewer.transport.writer.packets.clear()
        self.viewer.transport.rtcp.clear()
        self.publisher.transport.rtcp.clear()
        self.publisher.ear.unbound.clear()


_room = _Room()


def fuzz_hub(data: bytes) -> None:
    if data:
        _room.take(data)


_camera = Encoder(ssrc=1, rid="f", mid="7")
_RTP_SEEDS = [
    *_camera.frame(key=True),
    *_camera.frame(),
    make_rtp(payload_type=102, sequence=1, timestamp=1, ssrc=2, payload=b"\x78\x00\x02\x67s\x00\x02\x68p"),
    make_rtp(payload_type=103, sequence=1, timestamp=1, ssrc=3, payload=b"\x00\x00\x65idr"),
    make_rtp(payload_type=63, sequence=1, timestamp=1, ssrc=4, payload=b"\xef\x0f\x00\x02\x6fabnew"),
    make_rtp(payload_type=111, sequence=2, timestamp=961, ssrc=4, payload=b"opus", padding=7),
]
_RTCP_SEEDS = [
    rtcp_writer.sender_report(1, 1 << 60, 3, 4, 5) + rtcp_writer.cname(1, "someone"),
    rtcp_writer.receiver_report(9, [rtcp.ReportBlock(0xD0, 10, 5, 1000, 1, 2, 3)]),
    rtcp_writer.receiver_report(9) + rtcp_writer.pli(9, 0xD0) + rtcp_writer.fir(9, 0xD2, 1),
    rtcp_writer.receiver_report(9) + rtcp_writer.nack(9, 0xD0, [1, 2, 17]),
    rtcp_writer.receiver_report(9) + rtcp_writer.remb(9, 300_000, [0xD0]),
    rtcp_writer.receiver_report(9) + rtcp_writer.receiver_time(9, 5) + rtcp_writer.time_echo(9, 1, 2, 3),
]

TARGETS: dict[str, Callable[[bytes], None]] = {
    "rtp": fuzz_rtp,
    "rtcp": fuzz_rtcp,
    "vp8": fuzz_vp8,
    "h264": fuzz_h264,
    "red": fuzz_red,
    "hub": fuzz_hub,
}
SEEDS: dict[str, list[bytes]] = {
    "rtp": _RTP_SEEDS,
    "rtcp": _RTCP_SEEDS,
    "vp8": [
        vp8_payload(key=True, picture_id=5, tl0=1, tid=2, keyidx=3, sync=True),
        vp8_payload(picture_id=5, tl0=1, short_id=True),
        vp8_payload(key=True),
    ],
    "h264": [b"\x78\x00\x02\x67s\x00\x02\x68p", b"\x7c\x85idr", b"\x67sps"],
    "red": [b"\xef\x0f\x00\x02\x6fabnew", b"\x6fplain"],
    "hub": [
        *(b"\x00" + seed for seed in _RTP_SEEDS),
        *(b"\x01" + seed for seed in _RTCP_SEEDS),
        *(b"\x02" + seed for seed in _RTCP_SEEDS),
    ],
}
