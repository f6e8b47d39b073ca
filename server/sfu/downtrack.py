"""A track on its way to one subscriber: patches headers into the burst buffer, answers NACKs, maps sender reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server.sfu import red, rtcp_writer, vp8
from server.sfu.description import Codec, LayerWish, MediaKind, SendSection, VideoQuality
from server.sfu.drop_reason import DropReason, HubStats
from server.sfu.forwarder import ALL_TEMPORAL_LAYERS, Forwarder
from server.sfu.layers import wished_quality
from server.sfu.nack import ResendLimiter
from server.sfu.packet import NO_PAYLOAD_TID, Packet
from server.sfu.rtp import ExtensionWriter, header_packer
from server.sfu.sequence import Stretch

if TYPE_CHECKING:
    from server.sfu.peer import MediaPeer
    from server.sfu.rtcp import ReportBlock
    from server.sfu.uptrack import UpTrack

_NTP_PER_US = (1 << 32) / 1_000_000
# Why once a second: the publisher's own rhythm; in between only after a switch.
_REPORT_INTERVAL_US = 1_000_000
_FALLBACK = {"audio/red": "audio/opus"}


class DownTrackListener(Protocol):
    def on_stream_state(self, down: DownTrack, is_active: bool) -> None:
        """ACTIVE or PAUSED because of bandwidth."""
        ...

    def on_first_packet_sent(self, down: DownTrack) -> None: ...


class DownTrack:
    """Create by `MediaPeer.send`."""

    __slots__ = (
        "_codec",
        "_extensions",
        "_has_sent",
        "_is_closed",
        "_limiter",
        "_listener",
        "_octets",
        "_packets",
        "_red_type",
        "_report_sent_ntp",
        "_report_sent_us",
        "_reported",
        "_rtx_sequence",
        "_rtx_type",
        "_stats",
        "allowed",
        "forwarder",
        "fraction_lost",
        "is_active",
        "jitter",
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
        self.fraction_lost = 0.0
        self.jitter = 0
        self.forwarder = Forwarder(first_sequence)
        self._listener = listener
        self._stats: HubStats = up.stats
        self._limiter = ResendLimiter(peer.now_us())
        self._packets = self._octets = 0
        self._rtx_sequence = first_sequence
        self._has_sent = False
        self._is_closed = False
        self._reported: object | None = None
        self._report_sent_us = 0
        self._report_sent_ntp = 0
        self._codec: Codec | None = None
        self._red_type = self._rtx_type = -1
        self.update(section)
        self._rethink()

    # -- the room's side -------------------------------------------------------------------------------------------

    def update(self, section: SendSection) -> None:
        """Take the payload types, extension ids and SSRCs of a renegotiation."""
        self.section = section
        self._extensions = ExtensionWriter(section.extensions, section.mid)
        by_mime = {codec.mime: codec for codec in reversed(section.codecs)}
        # A RED track goes out as RED where that is agreed; its plain packets, and all of them elsewhere, as Opus.
        plain = by_mime.get(_FALLBACK.get(self.up.mime, self.up.mime))
        as_is = by_mime.get(self.up.mime)
        self._codec = plain or as_is
        self._red_type = as_is.payload_type if as_is is not None and self.up.mime in _FALLBACK else -1
        rtx = self._codec.rtx_payload_type if self._codec is not None else None
        self._rtx_type = rtx if rtx is not None and section.rtx_ssrc is not None else -1

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
    def can_send(self) -> bool:
        return self._codec is not None

    def close(self) -> None:
        """Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self.forwarder.set_target(None)
        if self in self.up.downs:
            self.up.downs.remove(self)
        self.peer.forget(self)

    # -- what to send ----------------------------------------------------------------------------------------------

    def _rethink(self) -> None:
        wanted = self.wish.enabled and self.allowed and self.can_send
        if self.up.kind is MediaKind.AUDIO:
            self.wished = VideoQuality.HIGH if wanted else None
        else:
            self.wished = wished_quality(self.wish, self.up.layers) if wanted else None
        if self.wished is None:
            self.forwarder.set_target(None)
        self.peer.reallocate()

    def select(self, quality: int | None, tid: int = ALL_TEMPORAL_LAYERS) -> None:
        """The allocator's choice; None = nothing."""
        layer = self.up.layer_for(quality) if quality is not None and not self.up.is_muted else None
        if layer is None:
            self.forwarder.set_target(None)
            return
        self.forwarder.set_target(layer.source, tid)
        if self.forwarder.awaits_keyframe:
            layer.request_keyframe(self.peer.now_us())

    def set_active(self, is_active: bool) -> None:
        if is_active != self.is_active:
            self.is_active = is_active
            self._listener.on_stream_state(self, is_active)

    # -- packets out -----------------------------------------------------------------------------------------------

    def forward(self, burst: list[Packet], time: bytes) -> None:
        """Write what of one layer's burst belongs to this subscriber. No await, no allocation but small integers."""
        forwarder = self.forwarder
        source = burst[0].source
        if source is not forwarder.current and source is not forwarder.target:
            self._stats.dropped[DropReason.OTHER_LAYER if forwarder.target else DropReason.PAUSED] += len(burst)
            return
        codec = self._codec
        if codec is None:
            self._stats.dropped[DropReason.NO_CODEC] += len(burst)
            return
        extensions = self._extensions
        block = extensions.start_burst(time)
        octets = self._octets
        if self.up.kind is MediaKind.AUDIO:
            sent = self._forward_audio(burst, block, codec.payload_type)
        else:
            sent = self._forward_video(burst, block, codec.payload_type)
        if sent:
            self._stats.forwarded += sent
            self.peer.sent_bytes += self._octets - octets
            self._packets += sent
            self.peer.mark_written()
            if not self._has_sent:
                self._has_sent = True
                self._listener.on_first_packet_sent(self)

    def _forward_video(self, burst: list[Packet], block: bytes, payload_type: int) -> int:
        writer = self.peer.writer
        buffer = writer.buffer
        commit = writer.commit
        decide = self.forwarder.decide
        pack = header_packer(len(block))
        flags = 0x90 if block else 0x80
        header_bytes = 12 + len(block)
        ssrc = self.section.ssrc
        rewrite = vp8.rewrite
        sent = octets = 0
        for packet in burst:
            stretch = decide(packet)
            if stretch is None:
                self._drop(packet)
                continue
            if packet.orientation is not None or packet.playout_delay is not None:
                self._write(packet, stretch, packet.payload, payload_type)
                sent += 1
                continue
            offset = writer.offset
            pack(
                buffer,
                offset,
                flags,
                payload_type | packet.marker | stretch.marker,
                (packet.sequence + stretch.sequence) & 0xFFFF,
                (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
                ssrc,
                block,
            )
            at = offset + header_bytes
            size = packet.size
            buffer[at : at + size] = packet.payload
            if stretch.rewrites:
                rewrite(buffer, at, packet, stretch)
            if commit(header_bytes + size):
                sent += 1
                octets += size
            else:
                self._stats.dropped[DropReason.WRITER_REFUSED] += 1
        self._octets += octets
        return sent

    def _forward_audio(self, burst: list[Packet], block: bytes, payload_type: int) -> int:
        sent = 0
        for packet in burst:
            stretch = self.forwarder.decide(packet)
            if stretch is None:
                self._drop(packet)
                continue
            payload = packet.payload
            kind = payload_type
            if packet.is_red:
                if self._red_type >= 0:
                    kind = self._red_type
                else:
                    if packet.primary is None:
                        packet.primary = red.primary(payload) or b""
                    payload = packet.primary
            if self._write(packet, stretch, payload, kind):
                sent += 1
        return sent

    def _write(self, packet: Packet, stretch: Stretch, payload: bytes, payload_type: int) -> bool:
        """One packet with extensions of its own (also fillers: an empty payload)."""
        writer = self.peer.writer
        buffer = writer.buffer
        extensions = self._extensions
        if packet.audio_level >= 0 and extensions.has_audio_level:
            block = extensions.with_level(packet.audio_level)
        else:
            block = extensions.with_own(packet.orientation, packet.playout_delay)
        offset = writer.offset
        header_packer(len(block))(
            buffer,
            offset,
            0x90 if block else 0x80,
            payload_type | packet.marker | stretch.marker,
            (packet.sequence + stretch.sequence) & 0xFFFF,
            (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
            self.section.ssrc,
            block,
        )
        at = offset + 12 + len(block)
        size = len(payload)
        buffer[at : at + size] = payload
        if stretch.rewrites and size:
            vp8.rewrite(buffer, at, packet, stretch)
        if not writer.commit(at + size - offset):
            self._stats.dropped[DropReason.WRITER_REFUSED] += 1
            return False
        self._octets += size
        return True

    def _drop(self, packet: Packet) -> None:
        reason = self.forwarder.reason
        self._stats.dropped[reason] += 1
        if reason is DropReason.TEMPORAL_LAYER or reason is DropReason.PADDING:
            # A number that stays reserved is filled by an empty packet, or the subscriber would ask for it again and again.
            stretch = self.forwarder.find_late(packet)
            if stretch is not None and self._codec is not None:
                self._write(packet, stretch, b"", self._codec.payload_type)
                self._packets += 1
                self.peer.mark_written()

    # -- repair and reports ----------------------------------------------------------------------------------------

    def on_nack(self, sequences: tuple[int, ...], now_us: int, time: bytes) -> None:
        """Send again what is still in the cache, by RTX.

        Why never on the media SSRC: a second packet with the same number and another send time would use an AES-GCM nonce twice.
        """
        codec = self._codec
        if self._rtx_type < 0 or codec is None:
            return
        self._extensions.start_burst(time)
        for out in sequences:
            found = self.forwarder.munger.find_sent(out)
            if found is None:
                continue
            stretch, number = found
            packet = stretch.source.cache.get(number)
            if packet is None or packet.tid == NO_PAYLOAD_TID:
                continue
            if self._limiter.may_resend(out, packet.size, now_us, self.peer.rtt_us):
                self._resend(packet, stretch, out)

    def _resend(self, packet: Packet, stretch: Stretch, out: int) -> None:
        """RFC 4588 §4: the original sequence number in front of the payload, own numbering."""
        writer = self.peer.writer
        buffer = writer.buffer
        block = self._extensions.with_own(packet.orientation, packet.playout_delay)
        offset = writer.offset
        rtx_ssrc = self.section.rtx_ssrc
        assert rtx_ssrc is not None
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        header_packer(len(block))(
            buffer,
            offset,
            0x90 if block else 0x80,
            self._rtx_type | packet.marker | stretch.marker,
            self._rtx_sequence,
            (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
            rtx_ssrc,
            block,
        )
        at = offset + 12 + len(block)
        buffer[at] = out >> 8
        buffer[at + 1] = out & 0xFF
        at += 2
        buffer[at : at + packet.size] = packet.payload
        if stretch.rewrites:
            vp8.rewrite(buffer, at, packet, stretch)
        if writer.commit(at + packet.size - offset):
            self._stats.resent += 1
            self.peer.sent_bytes += packet.size
            self.peer.mark_written()

    def on_keyframe_request(self, now_us: int) -> None:
        layer = self.up.layer_of(self.forwarder.target)
        if layer is not None:
            layer.request_keyframe(now_us)

    def on_report(self, block: ReportBlock, now_us: int) -> None:
        self.fraction_lost = block.fraction_lost / 256
        self.jitter = block.jitter
        if block.last_sr and block.last_sr == self._report_sent_ntp:
            rtt_us = now_us - self._report_sent_us - block.delay * 1_000_000 // 65536
            self.peer.on_rtt(rtt_us)

    def report(self, now_us: int, *, is_fresh: bool) -> None:
        """A sender report on the publisher's clock: right after its own (`is_fresh`), and after each switch."""
        source = self.forwarder.current
        last = self.forwarder.last
        if source is None or not source.clock.is_known or last is None or last.source is not source:
            return
        if not is_fresh and self._reported is source and now_us - self._report_sent_us < _REPORT_INTERVAL_US:
            return
        elapsed_us = 0 if is_fresh else now_us - source.clock.received_us
        ntp = source.clock.ntp + int(elapsed_us * _NTP_PER_US)
        ticks = elapsed_us * source.clock.clock_rate // 1_000_000
        timestamp = (source.clock.rtp + ticks + self.forwarder.munger.timestamp) & 0xFFFFFFFF
        ssrc = self.section.ssrc
        self._reported = source
        self._report_sent_us = now_us
        self._report_sent_ntp = ntp >> 16 & 0xFFFFFFFF
        self.peer.send_rtcp(
            rtcp_writer.sender_report(ssrc, ntp & 0xFFFFFFFFFFFFFFFF, timestamp, self._packets, self._octets)
            + rtcp_writer.cname(ssrc, self.up.cname)
        )
