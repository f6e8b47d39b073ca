"""RTP headers and header extensions as bytes: read in place, written for the burst buffer (RFC 3550 §5.1, 8285)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct

from server.sfu.description import ExtensionIds

FIXED_HEADER_BYTES = 12
_ONE_BYTE_PROFILE = 0xBEDE
# RFC 8285 §4.3: the low four bits of a two-byte profile are application bits.
_TWO_BYTE_PROFILE = 0x1000
_STOP_ID = 15  # RFC 8285 §4.2: id 15 ends a one-byte extension block
_MAX_ONE_BYTE_LENGTH = 16

HEADER = Struct(">BBHII")  # flags, marker and payload type, sequence, timestamp, SSRC
_EXTENSION_HEADER = Struct(">HH")
_unpack_extension_header = _EXTENSION_HEADER.unpack_from


def payload_bounds(packet: bytes) -> tuple[int, int] | None:
    """Start and end of the payload, padding cut off; None for a packet whose lengths contradict each other."""
    size = len(packet)
    if size < FIXED_HEADER_BYTES:
        return None
    flags = packet[0]
    if flags >> 6 != 2:
        return None
    start = FIXED_HEADER_BYTES + 4 * (flags & 0x0F)
    if flags & 0x10:
        if start + 4 > size:
            return None
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if start > size:
        return None
    if flags & 0x20:
        padding = packet[-1]
        # A padding count of zero or beyond the payload breaks RFC 3550 §5.1.
        if padding == 0 or start + padding > size:
            return None
        return start, size - padding
    return start, size


class ExtensionReader:
    """Reads the extensions of one section's packets into its own fields, which hold until the next `read`."""

    __slots__ = (
        "_abs_send_time",
        "_audio_level",
        "_mid",
        "_orientation",
        "_playout_delay",
        "_repaired_rid",
        "_rid",
        "abs_send_time",
        "audio_level",
        "mid",
        "orientation",
        "playout_delay",
        "repaired_rid",
        "rid",
    )

    def __init__(self, ids: ExtensionIds) -> None:
        self._mid = ids.mid or 0
        self._rid = ids.rid or 0
        self._repaired_rid = ids.repaired_rid or 0
        self._abs_send_time = ids.abs_send_time or 0
        self._audio_level = ids.audio_level or 0
        self._orientation = ids.video_orientation or 0
        self._playout_delay = ids.playout_delay or 0
        self._clear()

    def _clear(self) -> None:
        self.abs_send_time = -1
        """24 bits, or -1."""
        self.audio_level = -1
        """The byte of RFC 6464 (voice bit and -dBov), or -1."""
        self.mid: bytes | None = None
        self.rid: bytes | None = None
        self.repaired_rid: bytes | None = None
        self.orientation: bytes | None = None
        self.playout_delay: bytes | None = None

    def read(self, packet: bytes) -> None:
        """`packet` has passed `payload_bounds`. An element that overruns its block ends the walk."""
        self._clear()
        flags = packet[0]
        if not flags & 0x10:
            return
        at = FIXED_HEADER_BYTES + 4 * (flags & 0x0F)
        profile, words = _unpack_extension_header(packet, at)
        at += 4
        if profile == _ONE_BYTE_PROFILE:
            self._read_one_byte(packet, at, at + 4 * words)
        elif profile & 0xFFF0 == _TWO_BYTE_PROFILE:
            self._read_two_byte(packet, at, at + 4 * words)

    def _read_one_byte(self, packet: bytes, at: int, end: int) -> None:
        time_id, level_id = self._abs_send_time, self._audio_level
        while at < end:
            head = packet[at]
            at += 1
            if head == 0:
                continue
            extension = head >> 4
            length = (head & 0x0F) + 1
            if extension == _STOP_ID or at + length > end:
                return
            # Why here too: these two come with every packet, and a call costs more than what it does.
            if extension == time_id and length == 3:
                self.abs_send_time = packet[at] << 16 | packet[at + 1] << 8 | packet[at + 2]
            elif extension == level_id:
                self.audio_level = packet[at]
            else:
                self._take(extension, packet, at, length)
            at += length

    def _read_two_byte(self, packet: bytes, at: int, end: int) -> None:
        while at + 1 < end:
            extension = packet[at]
            if extension == 0:
                at += 1
                continue
            length = packet[at + 1]
            at += 2
            if at + length > end:
                return
            self._take(extension, packet, at, length)
            at += length

    def _take(self, extension: int, packet: bytes, at: int, length: int) -> None:
        if extension == self._abs_send_time:
            if length == 3:
                self.abs_send_time = packet[at] << 16 | packet[at + 1] << 8 | packet[at + 2]
        elif extension == self._audio_level:
            if length:
                self.audio_level = packet[at]
        elif extension == self._mid:
            self.mid = packet[at : at + length]
        elif extension == self._rid:
            self.rid = packet[at : at + length]
        elif extension == self._repaired_rid:
            self.repaired_rid = packet[at : at + length]
        elif extension == self._orientation:
            self.orientation = packet[at : at + length]
        elif extension == self._playout_delay:
            self.playout_delay = packet[at : at + length]


def abs_send_time(now_us: int) -> int:
    """Seconds as 6.18 fixed point, 24 bits (the abs-send-time extension)."""
    return (now_us << 18) // 1_000_000 & 0xFFFFFF


def element(extension: int, value: bytes) -> bytes:
    """One one-byte-header element."""
    assert 0 < extension < _STOP_ID
    assert 0 < len(value) <= _MAX_ONE_BYTE_LENGTH
    return bytes((extension << 4 | len(value) - 1,)) + value


def block(elements: bytes) -> bytes:
    """The whole extension block with its header, padded to words."""
    if not elements:
        return b""
    elements += bytes(-len(elements) % 4)
    return _EXTENSION_HEADER.pack(_ONE_BYTE_PROFILE, len(elements) // 4) + elements


@lru_cache(maxsize=64)
def _level_tails(extension: int, padding: int) -> tuple[bytes, ...]:
    """The end of a block for each value of the audio level byte: shared by all sections with the same ids."""
    return tuple(bytes((extension << 4, level)) + bytes(padding) for level in range(256))


class ExtensionWriter:
    """Builds the extension blocks of one section that we send. `time` is an `abs_send_time`, 3 bytes."""

    __slots__ = (
        "_common",
        "_head",
        "_level_head",
        "_level_tails",
        "_orientation",
        "_playout_delay",
        "_tail",
        "has_audio_level",
        "has_time",
        "kin",
        "shape",
    )

    def __init__(self, ids: ExtensionIds, mid: str) -> None:
        name = mid.encode()
        common = element(ids.mid, name) if ids.mid and 0 < len(name) <= _MAX_ONE_BYTE_LENGTH else b""
        self.has_time = ids.abs_send_time is not None
        if ids.abs_send_time:
            # The three bytes of time follow: every block is head + time + tail.
            common += bytes((ids.abs_send_time << 4 | 2,))
        size = len(common) + (3 if self.has_time else 0)
        self._common = common
        self._head, self._tail = _frame(common, size)
        self._level_head, padding = _frame(common, size + 2)
        self.has_audio_level = ids.audio_level is not None
        self._level_tails = _level_tails(ids.audio_level, len(padding)) if ids.audio_level else ()
        self._orientation = ids.video_orientation or 0
        self._playout_delay = ids.playout_delay or 0
        own = (ids.audio_level or 0, self._orientation, self._playout_delay, self.has_time)
        self.shape = common + bytes(own)
        """Equal for sections whose blocks are equal."""
        self.kin = bytes((len(common),)) + bytes(own)
        """Equal for sections whose blocks are, but for the head of `parts`, which is as long."""

    def plain(self, time: bytes) -> bytes:
        """The block for packets without extensions of their own."""
        return self._head + time + self._tail if self.has_time else self._head + self._tail

    def with_level(self, time: bytes, audio_level: int) -> bytes:
        """The block with the audio level byte; only where `has_audio_level`."""
        tail = self._level_tails[audio_level]
        return self._level_head + time + tail if self.has_time else self._level_head + tail

    def parts(self, audio_level: int) -> tuple[bytes, bytes]:
        """(head, tail) of the block with this level (-1 = none); between them stands the time, where it `has_time`."""
        if audio_level >= 0 and self.has_audio_level:
            return self._level_head, self._level_tails[audio_level]
        return self._head, self._tail

    def with_own(self, time: bytes, orientation: bytes | None, playout_delay: bytes | None) -> bytes:
        """The block for a video packet that brings extensions which this section may have negotiated too."""
        elements = self._common + time if self.has_time else self._common
        if self._orientation and orientation:
            elements += element(self._orientation, orientation[:1])
        if self._playout_delay and playout_delay and len(playout_delay) == 3:
            elements += element(self._playout_delay, playout_delay)
        return block(elements)


def _frame(common: bytes, size: int) -> tuple[bytes, bytes]:
    """(block header and `common`, padding) for elements of `size` bytes in all."""
    if size == 0:
        return b"", b""
    words = (size + 3) // 4
    return _EXTENSION_HEADER.pack(_ONE_BYTE_PROFILE, words) + common, bytes(4 * words - size)


@lru_cache(maxsize=256)
def header_packer(extension_bytes: int) -> Callable[..., None]:
    """`pack_into` for a fixed header followed by an extension block of this length."""
    return Struct(f">BBHII{extension_bytes}s").pack_into
