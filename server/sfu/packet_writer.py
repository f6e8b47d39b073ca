"""Writes the packets of one outgoing stream for the peer's burst writer (RFC 3550 §5.1, RFC 4588 §4)."""

from __future__ import annotations

from sys import intern

from server.sfu import vp8
from server.sfu.burst import Burst
from server.sfu.description import SendSection
from server.sfu.layout import BurstLayout
from server.sfu.packet import Packet
from server.sfu.ports import BurstWriter
from server.sfu.rtp import ExtensionWriter, header_packer
from server.sfu.sequence import Stretch

_FIXED = 12
_HAS_EXTENSIONS = 0x90
_PLAIN = 0x80
_MAX_PADDING = 255
_PADDING = bytes(_MAX_PADDING - 1) + bytes((_MAX_PADDING,))


class PacketWriter:
    """One per section that we send. `time` is the `abs_send_time` of what is written next, 3 bytes.

    `key` is the same for writers to which a burst looks the same, but for numbers, SSRC and time.
    """

    __slots__ = (
        "_key_trailer",
        "_rtx_sequence",
        "_rtx_ssrc",
        "_types",
        "_writer",
        "extensions",
        "key",
        "octets",
        "packets",
        "ssrc",
        "time",
    )

    def __init__(self, writer: BurstWriter, section: SendSection, first_rtx_sequence: int) -> None:
        self._writer = writer
        self._rtx_sequence = first_rtx_sequence
        self.packets = 0
        self.octets = 0
        self.time = bytes(3)
        self._types = b""
        self.update(section)

    def update(self, section: SendSection) -> None:
        self.extensions = ExtensionWriter(section.extensions, section.mid)
        self.ssrc = section.ssrc
        self._rtx_ssrc = section.rtx_ssrc
        self._name()

    def set_types(self, *payload_types: int) -> None:
        """All that bursts may go out with; -1 = not agreed."""
        self._types = bytes(payload_type & 0xFF for payload_type in payload_types)
        self._name()

    def _name(self) -> None:
        self._key_trailer = self._writer.trailer_bytes
        # Why interned: equal keys are one object, which stays in the cache from one subscriber to the next.
        self.key = intern((self._types + bytes((self._key_trailer,)) + self.extensions.shape).decode("latin-1"))

    @property
    def kin(self) -> tuple[object, ...]:
        """The same for writers whose packets of one sound differ in nothing but numbers, SSRC and the block's head."""
        return self._writer.meeting_point, self._types, self.extensions.kin

    def find(self, burst: Burst) -> tuple[BurstLayout, bytes] | None:
        """How `burst` was laid out for another subscriber of our kind."""
        if self._writer.trailer_bytes != self._key_trailer:
            self._name()  # the keys are there now, or others
        return burst.written.get(self.key)

    def lay_out(self, burst: Burst, payloads: list[bytes], payload_type: int) -> tuple[BurstLayout, bytes]:
        """For us and all of our kind; after `find`. `burst` is whole."""
        block = self._block_of(burst.last)
        layout = BurstLayout(
            burst.packets,
            payloads,
            flags=_HAS_EXTENSIONS if block else _PLAIN,
            payload_type=payload_type,
            block_bytes=len(block),
            trailer_bytes=self._key_trailer,
        )
        burst.written[self.key] = layout, block
        return layout, block

    def send_burst(self, burst: Burst, layout: BurstLayout, block: bytes, stretch: Stretch) -> int:
        """A whole burst of one stretch, at once. Returns how many packets were taken: all or none."""
        writer = self._writer
        scratch = writer.scratch
        layout.write(scratch, 0, (burst.first + stretch.sequence) & 0xFFFF, stretch.timestamp, self.ssrc, block)
        if stretch.rewrites:
            vp8.rewrite_burst(scratch, layout.payloads_at, burst.packets, stretch)
        sent = writer.send_burst(layout)
        if sent:
            self.packets += sent
            self.octets += layout.octets
        return sent

    def write(self, packet: Packet, stretch: Stretch, payload: bytes, payload_type: int) -> bool:
        """One packet with the extensions that it brought; an empty payload fills a number that stays reserved."""
        writer = self._writer
        buffer = writer.buffer
        block = self._block_of(packet)
        offset = writer.offset
        header_packer(len(block))(
            buffer,
            offset,
            _HAS_EXTENSIONS if block else _PLAIN,
            payload_type | packet.marker | stretch.marker,
            (packet.sequence + stretch.sequence) & 0xFFFF,
            (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
            self.ssrc,
            block,
        )
        at = offset + _FIXED + len(block)
        size = len(payload)
        buffer[at : at + size] = payload
        if stretch.rewrites and size:
            vp8.rewrite(buffer, at, packet, stretch)
        if not writer.commit(at + size - offset):
            return False
        self.packets += 1
        self.octets += size
        return True

    def write_rtx(self, packet: Packet, stretch: Stretch, number: int, payload_type: int) -> bool:
        """Packet `number` (as it went out) again, in the RTX stream's own numbering (RFC 4588 §4)."""
        assert self._rtx_ssrc is not None, "the section has no RTX"
        writer = self._writer
        buffer = writer.buffer
        block = self._block_of(packet)
        offset = writer.offset
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        header_packer(len(block))(
            buffer,
            offset,
            _HAS_EXTENSIONS if block else _PLAIN,
            payload_type | packet.marker | stretch.marker,
            self._rtx_sequence,
            (packet.timestamp + stretch.timestamp) & 0xFFFFFFFF,
            self._rtx_ssrc,
            block,
        )
        at = offset + _FIXED + len(block)
        buffer[at] = number >> 8
        buffer[at + 1] = number & 0xFF
        at += 2
        buffer[at : at + packet.size] = packet.payload
        if stretch.rewrites:
            vp8.rewrite(buffer, at, packet, stretch)
        return writer.commit(at + packet.size - offset)

    def write_padding(self, payload_type: int, timestamp: int) -> int:
        """One packet of padding alone on the RTX stream, as large as RFC 3550 allows. Its size, 0 = refused."""
        assert self._rtx_ssrc is not None, "the section has no RTX"
        writer = self._writer
        block = self.extensions.plain(self.time)
        offset = writer.offset
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        header_packer(len(block))(
            writer.buffer,
            offset,
            (_HAS_EXTENSIONS if block else _PLAIN) | 0x20,
            payload_type,
            self._rtx_sequence,
            timestamp,
            self._rtx_ssrc,
            block,
        )
        at = offset + _FIXED + len(block)
        writer.buffer[at : at + _MAX_PADDING] = _PADDING
        return _MAX_PADDING if writer.commit(at + _MAX_PADDING - offset) else 0

    def _block_of(self, packet: Packet) -> bytes:
        extensions = self.extensions
        if packet.has_extensions:
            return extensions.with_own(self.time, packet.orientation, packet.playout_delay)
        if packet.audio_level >= 0 and extensions.has_audio_level:
            return extensions.with_level(self.time, packet.audio_level)
        return extensions.plain(self.time)
