"""One received encoding (SSRC) of a track: parses each packet once, counts losses, caches, queues for the fan-out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from server.sfu import h264, red, vp8
from server.sfu.description import Codec, ExtensionIds, MediaKind, ReceiveSection, VideoQuality
from server.sfu.drop_reason import DropReason
from server.sfu.estimator import BandwidthEstimator
from server.sfu.keyframes import KeyframeRequester
from server.sfu.nack import LossTracker
from server.sfu.packet import Packet, Source
from server.sfu.packet_cache import PacketCache
from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.rate_meter import RateMeter
from server.sfu.reception import Reception
from server.sfu.rtcp import SenderReport
from server.sfu.rtp import HEADER, ExtensionReader, payload_bounds
from server.sfu.sequence import extend, first_extended

if TYPE_CHECKING:
    from server.sfu.uptrack import UpTrack

# Why 512: 1.9 s of 720p at 2.5 Mbit/s, more than two retries over the longest usable path. Audio: 2.5 s.
_CACHE_PACKETS = {MediaKind.VIDEO: 512, MediaKind.AUDIO: 128}
# A packet whose number is older than this is of no use to anyone.
_WINDOW = {MediaKind.VIDEO: 512, MediaKind.AUDIO: 128}
_NACK_TRIES = {MediaKind.VIDEO: 8, MediaKind.AUDIO: 3}
# Room for the subscriber's extension block and an RTX header; over UDP nothing larger than 1 500 arrives anyway.
_MAX_RTP_BYTES = MAX_PACKET_BYTES - 64
# LiveKit's clients repeat the last one or two packets.
_RED_DISTANCE = 2
# Between two drains a burst is a few hundred packets at most; what is above that is dropped from the old end.
_MAX_PENDING = 2048
# So many packets in a row below the window: the sender began a new numbering on the same SSRC.
_RESTART_AFTER = 20


class PayloadFormat(IntEnum):
    """What of a payload the forwarder reads."""

    OPAQUE = 0
    RED = 1
    VP8 = 2
    H264 = 3


_FORMATS = {"audio/red": PayloadFormat.RED, "video/vp8": PayloadFormat.VP8, "video/h264": PayloadFormat.H264}


def payload_format(codec: Codec) -> PayloadFormat:
    return _FORMATS.get(codec.mime, PayloadFormat.OPAQUE)


class Uplink(Protocol):
    """What a layer needs of the peer that sends it."""

    rtt_us: int
    estimator: BandwidthEstimator

    @property
    def is_connected(self) -> bool: ...

    def send_pli(self, ssrc: int) -> None: ...

    def send_nack(self, ssrc: int, sequences: list[int]) -> None: ...


class UpLayer:
    """Ingest of one SSRC and its RTX twin. `pending` is what this drain brought."""

    __slots__ = (
        "_formats",
        "_h264",
        "_highest",
        "_kind",
        "_link",
        "_old_in_row",
        "_picture_ids",
        "_reader",
        "_rtx_formats",
        "_window",
        "frame_size",
        "keyframes",
        "last_packet_us",
        "losses",
        "media_packets",
        "pending",
        "quality",
        "rate",
        "reception",
        "rid",
        "source",
        "ssrc",
        "track",
    )

    def __init__(
        self, *, track: UpTrack, link: Uplink, ssrc: int, rid: str, quality: VideoQuality, section: ReceiveSection
    ) -> None:
        self.track = track
        self.ssrc = ssrc
        self.rid = rid
        self.quality = quality
        self._link = link
        self._kind = section.kind
        self._window = _WINDOW[section.kind]
        clock_rate = section.codecs[0].clock_rate if section.codecs else 90_000
        self.source = Source(
            ssrc=ssrc,
            quality=quality,
            clock_rate=clock_rate,
            is_video=section.kind is MediaKind.VIDEO,
            cache=PacketCache(_CACHE_PACKETS[section.kind]),
        )
        self.reception = Reception()
        self.losses = LossTracker(_NACK_TRIES[section.kind])
        self.keyframes = KeyframeRequester()
        self.rate = RateMeter()
        self.pending: list[Packet] = []
        self.media_packets = 0
        """Those with a payload that were queued for the fan-out since the start."""
        self.last_packet_us = 0
        self.frame_size: tuple[int, int] | None = None
        self._highest = -1
        self._old_in_row = 0
        self._picture_ids = vp8.PictureIds()
        self._h264 = h264.PictureStarts()
        self._formats: Mapping[int, PayloadFormat] = {}
        self._rtx_formats: Mapping[int, PayloadFormat] = {}
        self._reader = ExtensionReader(ExtensionIds())
        self.update(section)

    def update(self, section: ReceiveSection) -> None:
        """Take the payload types and extension ids of a renegotiation."""
        self._formats = {codec.payload_type: payload_format(codec) for codec in section.codecs}
        self._rtx_formats = {
            codec.rtx_payload_type: payload_format(codec)
            for codec in section.codecs
            if codec.rtx_payload_type is not None
        }
        self._reader = ExtensionReader(section.extensions)

    @property
    def has_packets(self) -> bool:
        return self._highest >= 0

    @property
    def has_pending_keyframe(self) -> bool:
        """A key frame has come that is not forwarded yet: nobody needs to ask for one."""
        return any(packet.is_keyframe for packet in self.pending)

    # -- packets in ------------------------------------------------------------------------------------------------

    def on_packet(self, data: bytes, arrived_us: int) -> None:
        """A packet on the primary SSRC."""
        bounds = payload_bounds(data)
        if bounds is None or len(data) > _MAX_RTP_BYTES:
            self.track.drop(DropReason.MALFORMED if bounds is None else DropReason.TOO_LARGE)
            return
        _, second, number, timestamp, _ = HEADER.unpack_from(data)
        payload_format = self._formats.get(second & 0x7F)
        if payload_format is None:
            self.track.drop(DropReason.UNKNOWN_PAYLOAD_TYPE)
            return
        reader = self._reader
        reader.read(data)
        self._link.estimator.on_packet(reader.abs_send_time, arrived_us, len(data))
        highest = self._highest
        if highest < 0:
            sequence = self._highest = first_extended(number)
            self.last_packet_us = arrived_us
            self.track.on_first_packet()
        else:
            sequence = extend(number, highest)
            if sequence > highest:
                if sequence > highest + 1:
                    self.losses.gap(highest + 1, sequence - 1, arrived_us)
                    self.track.press()
                self._highest = sequence
            elif not self._accept_late(sequence):
                return
        self._old_in_row = 0
        self.last_packet_us = arrived_us
        self.reception.on_packet(sequence, timestamp, arrived_us, self.source.clock.clock_rate)
        payload = data[bounds[0] : bounds[1]]
        self._queue(sequence, timestamp, second & 0x80, payload, payload_format, arrived_us)

    def on_rtx(self, data: bytes, arrived_us: int) -> None:
        """A packet on the RTX SSRC (RFC 4588 §4): used only for a number that is really missing.

        Why: browsers send old packets again, and padding, to probe for bandwidth.
        """
        bounds = payload_bounds(data)
        if bounds is None or len(data) > _MAX_RTP_BYTES:
            self.track.drop(DropReason.MALFORMED if bounds is None else DropReason.TOO_LARGE)
            return
        _, second, _, timestamp, _ = HEADER.unpack_from(data)
        payload_format = self._rtx_formats.get(second & 0x7F)
        if payload_format is None:
            self.track.drop(DropReason.UNKNOWN_PAYLOAD_TYPE)
            return
        reader = self._reader
        reader.read(data)
        self._link.estimator.on_packet(reader.abs_send_time, arrived_us, len(data))
        start, end = bounds
        if end - start < 2 or self._highest < 0:
            self.track.drop(DropReason.PROBE)
            return
        sequence = extend(data[start] << 8 | data[start + 1], self._highest)
        if not self.losses.arrived(sequence):
            self.track.drop(DropReason.PROBE)
            return
        self.track.stats.recovered += 1
        self.reception.on_packet(sequence, timestamp, arrived_us, self.source.clock.clock_rate)
        self._queue(sequence, timestamp, second & 0x80, data[start + 2 : end], payload_format, arrived_us)

    def _accept_late(self, sequence: int) -> bool:
        if self.losses.arrived(sequence):
            self.track.stats.recovered += 1
            return True
        if sequence <= self._highest - self._window:
            self._old_in_row += 1
            if self._old_in_row >= _RESTART_AFTER:
                self._restart(sequence)
                return True
            self.track.drop(DropReason.TOO_OLD)
            return False
        self.track.drop(DropReason.DUPLICATE)
        return False

    def _restart(self, sequence: int) -> None:
        """The sender jumped back on the same SSRC: go on as with a new source."""
        self._highest = sequence
        self.losses.clear()
        self.reception = Reception()
        old = self.source
        self.source = Source(
            ssrc=old.ssrc,
            quality=old.quality,
            clock_rate=old.clock.clock_rate,
            is_video=old.is_video,
            cache=PacketCache(_CACHE_PACKETS[self._kind]),
        )
        self.pending.clear()
        self.track.on_layers_changed()

    def _queue(
        self, sequence: int, timestamp: int, marker: int, payload: bytes, payload_format: PayloadFormat, arrived_us: int
    ) -> None:
        track = self.track
        packet = Packet(self.source, sequence, timestamp, marker, payload, arrived_us)
        reader = self._reader
        if payload_format >= PayloadFormat.VP8:
            self._read_picture(packet, payload_format, arrived_us)
            if reader.orientation is not None or reader.playout_delay is not None:
                packet.has_extensions = True
                packet.orientation = reader.orientation
                packet.playout_delay = reader.playout_delay
        else:
            packet.is_red = payload_format is PayloadFormat.RED
            level = reader.audio_level
            if level >= 0:
                packet.audio_level = level
                track.meter.observe(level, timestamp, arrived_us)
            if packet.is_red and len(self.losses):
                self._recover_from_red(packet)
        self.rate.add(packet.size, packet.tid, packet.begins_picture)
        self._append(packet)

    def _recover_from_red(self, packet: Packet) -> None:
        """Lost packets whose data this one repeats go out as plain Opus, before anyone has to ask for them."""
        for ago, back, data in red.recovered(packet.payload, _RED_DISTANCE):
            number = packet.sequence - ago
            timestamp = (packet.timestamp - back) & 0xFFFFFFFF
            if self.losses.arrived(number):
                self.track.stats.recovered += 1
                self._append(Packet(self.source, number, timestamp, 0, data, packet.arrived_us))

    def _append(self, packet: Packet) -> None:
        track = self.track
        if track.is_muted:
            track.drop(DropReason.MUTED)
            return
        if packet.size:
            self.media_packets += 1
        self.source.cache.put(packet)
        pending = self.pending
        if not pending:
            track.mark_dirty(self)
        elif len(pending) >= _MAX_PENDING:
            del pending[0]
            track.drop(DropReason.QUEUE_FULL)
        pending.append(packet)

    def _read_picture(self, packet: Packet, payload_format: PayloadFormat, arrived_us: int) -> None:
        if payload_format is PayloadFormat.VP8:
            if packet.size:
                vp8.describe(packet, self._picture_ids)
                if packet.is_keyframe:
                    self.frame_size = vp8.frame_size(packet) or self.frame_size
        else:
            packet.is_keyframe = self._h264.is_keyframe_start(packet.payload, packet.timestamp)
            packet.begins_picture = self.rate.is_new_picture(packet.timestamp)
        if packet.is_keyframe:
            self.keyframes.arrived()

    # -- feedback out ----------------------------------------------------------------------------------------------

    def on_sender_report(self, report: SenderReport, now_us: int) -> None:
        self.source.clock.report(report.ntp, report.rtp_timestamp, now_us)

    @property
    def is_restless(self) -> bool:
        """Something of it is asked for and has not come."""
        return bool(len(self.losses)) or self.losses.overflowed or self.keyframes.is_wanted

    def request_keyframe(self, now_us: int) -> None:
        self.keyframes.want()
        self.track.press()
        self.repair_picture(now_us)

    def repair_picture(self, now_us: int) -> None:
        """Ask for a key frame if one is wanted and due."""
        if self.losses.overflowed:
            self.losses.overflowed = False
            if self.source.is_video and self.track.is_watched(self.source):
                self.keyframes.want()
        wants = self.keyframes.is_wanted and self._link.is_connected
        if wants and self.keyframes.due(now_us, self._link.rtt_us):
            self._link.send_pli(self.ssrc)

    def repair_losses(self, now_us: int) -> None:
        wanted = self.losses.due(self._highest, now_us, self._link.rtt_us)
        if wanted:
            self._link.send_nack(self.ssrc, [number & 0xFFFF for number in wanted])
