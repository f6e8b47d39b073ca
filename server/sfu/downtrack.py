"""A track on its way to one subscriber: patches headers into the burst buffer, answers NACKs, maps sender reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server.sfu import red, rtcp_writer
from server.sfu.burst import Burst
from server.sfu.description import LayerWish, MediaKind, SendSection, VideoQuality
from server.sfu.down_reports import DownReports
from server.sfu.drop_reason import DropReason, HubStats
from server.sfu.forwarder import ALL_TEMPORAL_LAYERS, Forwarder
from server.sfu.layers import wished_quality
from server.sfu.layout import BurstLayout
from server.sfu.nack import ResendLimiter
from server.sfu.packet import NO_PAYLOAD_TID, Packet
from server.sfu.packet_writer import PacketWriter
from server.sfu.rtp import abs_send_time

if TYPE_CHECKING:
    from server.sfu.group import Group
    from server.sfu.peer import MediaPeer
    from server.sfu.rtcp import ReportBlock
    from server.sfu.uptrack import UpTrack

# Why 256: more lost at once is a key frame's business; a NACK packet can name thousands.
_MAX_ANSWERED = 256
_FALLBACK = {"audio/red": "audio/opus"}


class DownTrackListener(Protocol):
    def on_stream_state(self, down: DownTrack, is_active: bool) -> None:
        """ACTIVE or PAUSED because of bandwidth."""
        ...

    def on_first_packet_sent(self, down: DownTrack) -> None: ...


class DownTrack:
    """Create by `MediaPeer.send`."""

    __slots__ = (
        "_forwarder",
        "_group",
        "_group_octets",
        "_group_packets",
        "_has_sent",
        "_is_closed",
        "_is_video",
        "_limiter",
        "_listener",
        "_out",
        "_payload_type",
        "_red_type",
        "_reports",
        "_rtx_type",
        "_stats",
        "allowed",
        "is_active",
        "peer",
        "priority",
        "section",
        "up",
        "wish",
        "wished",
    )

    def __init__(
        self,
        *,
        peer: MediaPeer,
        up: UpTrack,
        section: SendSection,
        wish: LayerWish,
        listener: DownTrackListener,
        first_sequence: int,
    ) -> None:
        self.peer = peer
        self.up = up
        self.wish = wish
        self.allowed = True
        self.wished: VideoQuality | None = None
        """The quality that the subscriber asks for, None = nothing."""
        self.priority = 0
        self.is_active = True
        self._forwarder = Forwarder(first_sequence)
        self._group: Group | None = None
        self._group_packets = self._group_octets = 0
        self._listener = listener
        self._stats: HubStats = up.stats
        self._limiter = ResendLimiter(peer.now_us())
        self._is_video = up.kind is MediaKind.VIDEO
        self._out = PacketWriter(peer.writer, section, first_sequence)
        self._has_sent = False
        self._is_closed = False
        self._reports = DownReports()
        self._payload_type = self._red_type = self._rtx_type = -1
        self.update(section)
        self._rethink()

    # -- the room's side -------------------------------------------------------------------------------------------

    def update(self, section: SendSection) -> None:
        """Take the payload types, extension ids and SSRCs of a renegotiation."""
        self.leave_group()
        self.section = section
        self.out.update(section)
        by_mime = {codec.mime: codec for codec in reversed(section.codecs)}
        # A RED track goes out as RED where that is agreed; its plain packets, and all of them elsewhere, as Opus.
        as_is = by_mime.get(self.up.mime)
        codec = by_mime.get(_FALLBACK.get(self.up.mime, self.up.mime)) or as_is
        self._payload_type = codec.payload_type if codec is not None else -1
        self._red_type = as_is.payload_type if as_is is not None and self.up.mime in _FALLBACK else -1
        rtx = codec.rtx_payload_type if codec is not None else None
        self._rtx_type = rtx if rtx is not None and section.rtx_ssrc is not None else -1
        self.out.set_types(self._payload_type, self._red_type)

    def set_wish(self, wish: LayerWish) -> None:
        if wish != self.wish:
            self.wish = wish
            self._rethink()

    def set_allowed(self, allowed: bool) -> None:
        """Subscription permission, or a pause by the server."""
        if allowed != self.allowed:
            self.allowed = allowed
            self._rethink()

    def set_priority(self, priority: int) -> None:
        """Higher goes first when bandwidth is short (track_setting.priority, the speaker)."""
        if priority != self.priority:
            self.priority = priority
            self.peer.reallocate()

    @property
    def current_layer(self) -> VideoQuality | None:
        """What goes out now."""
        source = self.forwarder.current
        return VideoQuality(source.quality) if source is not None else None

    @property
    def is_settled(self) -> bool:
        """It sends the layer that it shall, all of it."""
        return self.forwarder.current is self.forwarder.target and not self.wish.fps

    @property
    def can_send(self) -> bool:
        return self._payload_type >= 0

    def is_in_step(self, packet: Packet) -> bool:
        """Whether it may join a group after this packet."""
        return self._has_sent and self._forwarder.is_in_step(packet)

    def close(self) -> None:
        """Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self.leave_group()
        self._forwarder.set_target(None)
        self.up.remove_down(self)
        self.peer.forget(self)

    # -- what to send ----------------------------------------------------------------------------------------------

    def _rethink(self) -> None:
        wanted = self.wish.enabled and self.allowed and self.can_send
        if self.up.kind is MediaKind.AUDIO:
            self.wished = VideoQuality.HIGH if wanted else None
        else:
            self.wished = wished_quality(self.wish, self.up.layers) if wanted else None
        if self.wished is None:
            self.leave_group()
            self._forwarder.set_target(None)
        self.up.on_wishes_changed()
        self.peer.reallocate()

    def select(self, quality: int | None, tid: int = ALL_TEMPORAL_LAYERS) -> None:
        """The allocator's choice; None = nothing."""
        layer = self.up.layer_for(quality) if quality is not None and not self.up.is_muted else None
        if self._group is not None:
            if layer is not None and layer.source is self._forwarder.current and tid == ALL_TEMPORAL_LAYERS:
                return  # as it is
            self.leave_group()
        if layer is None:
            self._forwarder.set_target(None)
            return
        self._forwarder.set_target(layer.source, tid)
        if self._forwarder.awaits_keyframe and not layer.has_pending_keyframe:
            layer.request_keyframe(self.peer.now_us())

    def suspend(self) -> None:
        """Nothing goes out until something is selected, or a key frame of what is selected comes."""
        self.leave_group()
        self._forwarder.suspend()

    def set_active(self, is_active: bool) -> None:
        if is_active != self.is_active:
            self.is_active = is_active
            self._listener.on_stream_state(self, is_active)

    # -- in a group with other subscribers of the track -------------------------------------------------------------

    @property
    def forwarder(self) -> Forwarder:
        """As it stands now. Who changes it calls `leave_group` before."""
        self.catch_up()
        return self._forwarder

    @property
    def out(self) -> PacketWriter:
        """Its counts as they stand now."""
        self.catch_up()
        return self._out

    @property
    def octets(self) -> int:
        """Those of `out`, without the catching up: all of a peer's are added up at many a tick."""
        group = self._group
        return self._out.octets + (0 if group is None else group.octets - self._group_octets)

    def join_group(self, group: Group) -> None:
        self._group = group
        self._group_packets, self._group_octets = group.packets, group.octets

    def leave_group(self) -> None:
        """Before anything changes: from here on the track goes to each by itself, until it is calm again."""
        if self._group is not None:
            self.up.groups.dissolve()

    def on_group_ended(self) -> None:
        self.catch_up()
        self._group = None

    def catch_up(self) -> None:
        """Take over what went out to us with the group since we last looked."""
        group = self._group
        if group is not None and group.packets != self._group_packets:
            self._out.packets += group.packets - self._group_packets
            self._out.octets += group.octets - self._group_octets
            self._group_packets, self._group_octets = group.packets, group.octets
            self._forwarder.catch_up(group.last)

    # -- packets out -----------------------------------------------------------------------------------------------

    def forward(self, burst: Burst, time: bytes) -> None:
        """Write what of one layer's burst belongs to this subscriber. No await, no dict, no log; a member of a group
        catches up before.
        """
        forwarder = self._forwarder
        source = burst.source
        if source is not forwarder.current and source is not forwarder.target:
            reason = DropReason.OTHER_LAYER if forwarder.target is not None else DropReason.PAUSED
            self._stats.dropped[reason] += len(burst.packets)
            return
        out = self._out
        out.time = time
        stretch = forwarder.decide_burst(burst) if burst.is_whole else None
        if stretch is None:
            octets = out.octets
            sent = self._forward_each(burst.packets)
            octets = out.octets - octets
        else:
            layout, block = self.layout_of(burst)
            sent = out.send_burst(burst, layout, block, stretch)
            octets = layout.octets
            if not sent:
                self._stats.dropped[DropReason.WRITER_REFUSED] += layout.count
        if sent:
            stats = self._stats
            stats.forwarded += sent
            stats.forwarded_bytes += octets
            if not self._has_sent:
                self._has_sent = True
                self._listener.on_first_packet_sent(self)
        elif self._is_video and forwarder.current is source and not self.peer.is_connected:
            # What the transport could not take is lost for good, perhaps the key frame: begin again once it can.
            forwarder.suspend()

    def layout_of(self, burst: Burst) -> tuple[BurstLayout, bytes]:
        """How a whole burst goes out to us and all of our kind, and our extension block in it."""
        found = self._out.find(burst)
        if found is not None:
            return found
        if self._is_video:
            return self._out.lay_out(burst, [packet.payload for packet in burst.packets], self._payload_type)
        payload, payload_type = self.carried(burst.last)
        return self._out.lay_out(burst, [payload], payload_type)

    def _forward_each(self, packets: list[Packet]) -> int:
        """Packets that need a decision each; what is taken waits for the peer's flush."""
        sent = 0
        for packet in packets:
            stretch = self._forwarder.decide(packet)
            if stretch is None:
                self._drop(packet)
                continue
            if self._out.write(packet, stretch, *self.carried(packet)):
                sent += 1
            else:
                self._stats.dropped[DropReason.WRITER_REFUSED] += 1
        if sent:
            self.peer.mark_written()
            if self._forwarder.current is not self._reports.source:
                self.peer.rests_until_us = 0  # a new source's clock is to be reported
        return sent

    def carried(self, packet: Packet) -> tuple[bytes, int]:
        """Payload and payload type as this subscriber takes them."""
        if not packet.is_red:
            return packet.payload, self._payload_type
        if self._red_type >= 0:
            return packet.payload, self._red_type
        if packet.primary is None:
            packet.primary = red.primary(packet.payload) or b""
        return packet.primary, self._payload_type

    def _drop(self, packet: Packet) -> None:
        reason = self._forwarder.reason
        self._stats.dropped[reason] += 1
        if reason is DropReason.TEMPORAL_LAYER or reason is DropReason.PADDING:
            # A number that stays reserved is filled by an empty packet, or the subscriber would ask for it for ever.
            stretch = self._forwarder.find_late(packet)
            if stretch is not None:
                self._out.write(packet, stretch, b"", self._payload_type)
                self.peer.mark_written()

    # -- repair and reports ----------------------------------------------------------------------------------------

    def set_repair_rate(self, bitrate_bps: int) -> None:
        self._limiter.set_rate(bitrate_bps)

    def on_nack(self, sequences: tuple[int, ...], now_us: int, time: bytes) -> None:
        """Send again what is still in the cache, by RTX.

        Why never on the media SSRC: the same number with another send time would use an AES-GCM nonce twice.
        """
        if self._rtx_type < 0:
            return
        self.out.time = time
        for out in sequences[:_MAX_ANSWERED]:
            found = self.forwarder.munger.find_sent(out)
            if found is None:
                continue
            stretch, number = found
            packet = stretch.source.cache.get(number)
            if packet is None or packet.tid == NO_PAYLOAD_TID:
                continue
            if self._limiter.may_resend(out, packet.size, now_us, self.peer.rtt_us) and self.out.write_rtx(
                packet, stretch, out, self._rtx_type
            ):
                self._stats.resent += 1
                self.peer.extra_bytes += packet.size
                self.peer.mark_written()

    def send_padding(self, size: int, now_us: int) -> bool:
        """At least `size` bytes of padding on the RTX stream, to probe for bandwidth. False when there is none."""
        if self._rtx_type < 0 or not self._has_sent:
            return False
        self.out.time = abs_send_time(now_us).to_bytes(3, "big")
        while size > 0:
            written = self.out.write_padding(self._rtx_type, self.forwarder.last_timestamp)
            if not written:
                break
            size -= written
            self.peer.extra_bytes += written
        self.peer.mark_written()
        return True

    def on_keyframe_request(self, now_us: int) -> None:
        layer = self.up.layer_of(self.forwarder.target)
        if layer is not None:
            layer.request_keyframe(now_us)

    @property
    def fraction_lost(self) -> float:
        return self._reports.fraction_lost

    def on_report(self, block: ReportBlock, now_us: int) -> tuple[int, int]:
        """(packets expected, packets lost) as `DownReports.take`."""
        rtt_us = self._reports.rtt_us(block, now_us)
        if rtt_us is not None:
            self.peer.on_rtt(rtt_us)
            self.peer.subscriber.on_rtt(rtt_us, now_us)
        return self._reports.take(block, self.forwarder.munger.following, self.out.packets)

    def report(self, now_us: int, *, is_fresh: bool) -> None:
        """A sender report on the publisher's clock: right after its own (`is_fresh`), and after each switch."""
        # Why without catching up: it is asked at every tick, and what a group sends changes no source.
        source = self._forwarder.current
        if source is None or not source.clock.is_known or not self._reports.is_due(source, now_us, is_fresh=is_fresh):
            return
        forwarder, out = self.forwarder, self.out
        if forwarder.last is None or forwarder.last.source is not source:
            return
        report = self._reports.write(
            source,
            now_us,
            is_fresh=is_fresh,
            ssrc=self.section.ssrc,
            offset=forwarder.munger.timestamp,
            packets=out.packets,
            octets=out.octets,
        )
        self.peer.send_rtcp(report + rtcp_writer.cname(self.section.ssrc, self.up.cname))
