"""SRTP in place through libsrtp's own handle: no copy in, one copy out, no coroutine (RFC 3711, RFC 7714).

Why not `pylibsrtp.Session.protect`: it copies twice and allocates a length per packet, which costs
as much as AES-GCM itself. The handle `Session._srtp` is private and pinned by a contract test.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from
from typing import Any

from pylibsrtp import Error, Policy, Session
from pylibsrtp._binding import ffi, lib

from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.transport.guard import is_rtcp_header, is_rtp_header
from server.sfu.transport.stats import SRTP_REPLAY_STATUSES, DropReason, EndpointStats

# libsrtp's longest trailer: tag, key identifier and SRTCP index (SRTP_MAX_SRTCP_TRAILER_LEN of pylibsrtp).
MAX_TRAILER_BYTES = 148
# Why 1 024: packets of a 5 Mbit/s stream that were 2 s in a queue must still be accepted once.
REPLAY_WINDOW = 1024
# Why 512: older packets are forwarded to nobody (`uplayer`), and libsrtp shifts the whole window at each packet.
SENDING_WINDOW = 512
# Why 256: two simulcast videos with RTX need 12; publishing again many times in one lesson needs some more.
MAX_SSRCS = 256
# Why 10 s: an SSRC that was silent for so long is not part of a running stream any more.
SSRC_IDLE_US = 10_000_000

_OK: int = lib.srtp_err_status_ok
# srtp_protect(handle, pointer, length): 0 when done, and the length is the protected one. Bare, for the burst writer.
srtp_protect: Any = lib.srtp_protect
memmove: Any = ffi.memmove
byte_size: Any = ffi.sizeof
_RTP_HEADER_BYTES = 12
_RTCP_HEADER_BYTES = 8
_SRTCP_INDEX_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpProfile:
    """A DTLS-SRTP protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2)."""

    openssl_name: bytes
    libsrtp_number: int
    key_bytes: int
    salt_bytes: int
    tag_bytes: int

    @property
    def material_bytes(self) -> int:
        return 2 * (self.key_bytes + self.salt_bytes)

    def keys(self, material: bytes) -> tuple[bytes, bytes]:
        """(client's, server's) master key and salt out of the exporter (RFC 5764 §4.2)."""
        salts = 2 * self.key_bytes
        return (
            material[: self.key_bytes] + material[salts : salts + self.salt_bytes],
            material[self.key_bytes : salts] + material[salts + self.salt_bytes :],
        )


# Why this order: AES-128-GCM costs half of every other profile per packet (media.md §1); 256 bits would
# only cost more, since the DTLS cipher in front of it has 128.
SRTP_PROFILES = (
    SrtpProfile(
        openssl_name=b"SRTP_AEAD_AES_128_GCM",
        libsrtp_number=Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        key_bytes=16,
        salt_bytes=12,
        tag_bytes=16,
    ),
    SrtpProfile(
        openssl_name=b"SRTP_AES128_CM_SHA1_80",
        libsrtp_number=Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        key_bytes=16,
        salt_bytes=14,
        tag_bytes=10,
    ),
)


def _new_session(profile: SrtpProfile, key: bytes, direction: int, window: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp_number)
    policy.window_size = window
    # Why no repeats: with GCM one index protected twice with different bytes gives the authentication
    # key away (RFC 7714 §8.4), so a packet that goes out again goes out as RTX.
    policy.allow_repeat_tx = False
    return Session(policy)


class SrtpReceiver:
    """Authenticates and decrypts what one peer sends; SSRCs are bounded because libsrtp keeps a context for each."""

    __slots__ = ("_handle", "_length", "_min_rtcp", "_min_rtp", "_session", "_ssrcs", "_stats")

    def __init__(self, profile: SrtpProfile, key: bytes, stats: EndpointStats) -> None:
        self._session = _new_session(profile, key, Policy.SSRC_ANY_INBOUND, REPLAY_WINDOW)
        self._handle: Any = self._session._srtp[0]
        self._length = new_length()
        self._ssrcs: dict[int, int] = {}
        self._min_rtp = _RTP_HEADER_BYTES + profile.tag_bytes
        self._min_rtcp = _RTCP_HEADER_BYTES + _SRTCP_INDEX_BYTES + profile.tag_bytes
        self._stats = stats

    def unprotect(self, view: memoryview, pointer: Any, offset: int, length: int, now_us: int) -> bytes | None:
        """The clear RTP packet, or None and a count. `pointer` is to ``view[offset]``; the buffer is overwritten."""
        if length < self._min_rtp:
            self._stats.drop(DropReason.SIZE)
            return None
        ssrc = unpack_from("!I", view, offset + 8)[0]
        if ssrc not in self._ssrcs and not self._may_admit(now_us):
            return None
        length_pointer = self._length
        length_pointer[0] = length
        status = lib.srtp_unprotect(self._handle, pointer, length_pointer)
        if status != _OK:
            self._refuse(status)
            return None
        self._ssrcs[ssrc] = now_us
        packet = bytes(view[offset : offset + length_pointer[0]])
        if not is_rtp_header(packet):
            self._stats.drop(DropReason.RTP_MALFORMED)
            return None
        return packet

    def unprotect_rtcp(self, view: memoryview, pointer: Any, offset: int, length: int, now_us: int) -> bytes | None:
        """The clear compound RTCP packet, or None and a count."""
        if length < self._min_rtcp:
            self._stats.drop(DropReason.SIZE)
            return None
        ssrc = unpack_from("!I", view, offset + 4)[0]
        if ssrc not in self._ssrcs and not self._may_admit(now_us):
            return None
        self._length[0] = length
        status = lib.srtp_unprotect_rtcp(self._handle, pointer, self._length)
        if status != _OK:
            self._refuse(status)
            return None
        self._ssrcs[ssrc] = now_us
        packet = bytes(view[offset : offset + self._length[0]])
        if not is_rtcp_header(packet):
            self._stats.drop(DropReason.RTP_MALFORMED)
            return None
        return packet

    def _refuse(self, status: int) -> None:
        self._stats.drop(DropReason.SRTP_REPLAY if status in SRTP_REPLAY_STATUSES else DropReason.SRTP_AUTH)

    def _may_admit(self, now_us: int) -> bool:
        """Room for one more SSRC, made by forgetting the one that was silent longest if need be."""
        if len(self._ssrcs) < MAX_SSRCS:
            return True
        oldest = min(self._ssrcs, key=self._ssrcs.__getitem__)
        if now_us - self._ssrcs[oldest] < SSRC_IDLE_US:
            self._stats.drop(DropReason.SRTP_SSRC_LIMIT)
            return False
        del self._ssrcs[oldest]
        _remove_stream(self._session, oldest)
        return True


class SrtpSender:
    """The keys we send with. RTP is protected by `srtp_protect` with `handle`, where it lies in the writer's buffer."""

    __slots__ = ("_length", "_session", "handle", "tag_bytes")

    def __init__(self, profile: SrtpProfile, key: bytes) -> None:
        self.tag_bytes = profile.tag_bytes
        self._session = _new_session(profile, key, Policy.SSRC_ANY_OUTBOUND, SENDING_WINDOW)
        self.handle: Any = self._session._srtp[0]
        self._length = new_length()

    def fresh_handle(self) -> Any:
        """Another object for `handle`: those made one after the other lie beside one another in memory."""
        return self._session._srtp[0]

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """The protected compound packet, or None when it is no RTCP packet at all."""
        if len(packet) > MAX_PACKET_BYTES or not is_rtcp_header(packet):
            return None
        data = ffi.new("char[]", MAX_PACKET_BYTES + MAX_TRAILER_BYTES)
        ffi.memmove(data, packet, len(packet))
        self._length[0] = len(packet)
        if lib.srtp_protect_rtcp(self.handle, data, self._length) != _OK:
            return None
        return bytes(ffi.buffer(data, self._length[0]))

    def forget_ssrc(self, ssrc: int) -> None:
        """Free libsrtp's context of a stream that will never be sent again."""
        _remove_stream(self._session, ssrc)


def _remove_stream(session: Session, ssrc: int) -> None:
    try:
        session.remove_stream(ssrc)
    except Error:
        # There is none: nothing was ever sent or accepted under this SSRC.
        return


def new_length() -> Any:
    """The in-out length that every libsrtp call takes; reused, because an allocation costs as much as a header."""
    return ffi.new("int *")


def new_lengths(values: list[int]) -> Any:
    """The same for several packets: an array of C ints; ``array + index`` is a pointer to one."""
    return ffi.new("int[]", values)


def pointer_to(buffer: bytearray) -> Any:
    """A C pointer to the first byte; keeps the buffer alive and unresizable as long as it lives."""
    return ffi.from_buffer("char[]", buffer)


def address_of(pointer: Any) -> int:
    """Where that is, for structures that are not libsrtp's."""
    return int(ffi.cast("uintptr_t", pointer))
