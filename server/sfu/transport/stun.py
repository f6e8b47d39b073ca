"""The part of STUN that an ICE-lite agent needs, parsed defensively (RFC 8489, RFC 8445 §7.3).

Pure. A request is parsed in one bounded pass without touching its address attributes; nothing is
believed before `has_integrity` says so.
"""

from __future__ import annotations

import hmac
import ipaddress
from binascii import crc32
from struct import pack, unpack_from

HEADER_BYTES = 20
MAGIC_COOKIE = 0x2112A442
BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

_USERNAME = 0x0006
_MESSAGE_INTEGRITY = 0x0008
_ERROR_CODE = 0x0009
_UNKNOWN_ATTRIBUTES = 0x000A
_XOR_MAPPED_ADDRESS = 0x0020
_PRIORITY = 0x0024
_USE_CANDIDATE = 0x0025
_FINGERPRINT = 0x8028
_ICE_CONTROLLED = 0x8029
_ICE_CONTROLLING = 0x802A

_COMPREHENSION_OPTIONAL = 0x8000  # RFC 8489 §14: types from here on may be ignored
_FINGERPRINT_XOR = 0x5354554E  # RFC 8489 §14.7
_INTEGRITY_BYTES = 24  # attribute header and an HMAC-SHA1
_FINGERPRINT_BYTES = 8
# Why 513: RFC 8489 §14.3 allows no longer user name, and two ufrags of 256 with a colon fit (RFC 8839 §5.4).
_MAX_USERNAME_BYTES = 513
# Why 32: an honest check carries about eight; the bound keeps a hostile one cheap.
_MAX_ATTRIBUTES = 32


class StunMessage:
    """A parsed message. `integrity_at` is the offset of MESSAGE-INTEGRITY, 0 without one."""

    __slots__ = (
        "integrity_at",
        "is_controlled",
        "kind",
        "transaction_id",
        "unknown_required",
        "use_candidate",
        "username",
    )

    def __init__(self, kind: int, transaction_id: bytes) -> None:
        self.kind = kind
        self.transaction_id = transaction_id
        self.username = ""
        self.use_candidate = False
        self.is_controlled = False
        self.integrity_at = 0
        self.unknown_required: tuple[int, ...] = ()

    @property
    def local_ufrag(self) -> str:
        """The receiver's part of the user name (RFC 8445 §7.2.2)."""
        return self.username.partition(":")[0]

    def take(self, kind: int, at: int, value: bytes) -> None:
        """One attribute that starts at `at`; what follows MESSAGE-INTEGRITY is not signed and so not taken."""
        if self.integrity_at:
            return
        if kind == _MESSAGE_INTEGRITY:
            if len(value) != _INTEGRITY_BYTES - 4:
                raise ValueError("integrity length")
            self.integrity_at = at
        elif kind == _USERNAME:
            if len(value) > _MAX_USERNAME_BYTES:
                raise ValueError("user name length")
            self.username = value.decode("ascii")
        elif kind == _USE_CANDIDATE:
            self.use_candidate = True
        elif kind == _ICE_CONTROLLED:
            self.is_controlled = True
        elif kind < _COMPREHENSION_OPTIONAL and kind != _PRIORITY:
            self.unknown_required += (kind,)


def parse(data: bytes) -> StunMessage:
    """Raises ValueError for whatever is not well-formed."""
    size = len(data)
    if size < HEADER_BYTES or size & 3:
        raise ValueError("not a STUN length")
    kind, length, cookie = unpack_from("!HHI", data)
    if cookie != MAGIC_COOKIE or length != size - HEADER_BYTES or kind & 0xC000:
        raise ValueError("not a STUN header")
    message = StunMessage(kind, data[8:HEADER_BYTES])
    at = HEADER_BYTES
    for _ in range(_MAX_ATTRIBUTES):
        if at == size:
            return message
        attribute, length = unpack_from("!HH", data, at)
        end = at + 4 + length
        if end > size:
            raise ValueError("attribute does not fit")
        if attribute == _FINGERPRINT:
            if length != 4 or end != size or unpack_from("!I", data, at + 4)[0] != _fingerprint(data[:at]):
                raise ValueError("fingerprint")
        else:
            message.take(attribute, at, data[at + 4 : end])
        at = end + (-length & 3)
    raise ValueError("too many attributes")


def has_integrity(data: bytes, integrity_at: int, password: bytes) -> bool:
    """Whether the HMAC at `integrity_at` was made with `password` (RFC 8489 §14.5)."""
    if integrity_at < HEADER_BYTES:
        return False
    covered = integrity_at + _INTEGRITY_BYTES - HEADER_BYTES
    signed = data[:2] + pack("!H", covered) + data[4:integrity_at]
    return hmac.compare_digest(data[integrity_at + 4 : integrity_at + 24], hmac.digest(password, signed, "sha1"))


def success(transaction_id: bytes, host: str, port: int, password: bytes) -> bytes:
    """A binding success response that tells the peer the address it came from."""
    packed = ipaddress.ip_address(host.partition("%")[0]).packed
    family = 1 if len(packed) == 4 else 2
    pad = pack("!I", MAGIC_COOKIE) + transaction_id
    address = bytes(a ^ b for a, b in zip(packed, pad, strict=False))
    value = pack("!BBH", 0, family, port ^ (MAGIC_COOKIE >> 16)) + address
    return _signed(BINDING_SUCCESS, transaction_id, _attribute(_XOR_MAPPED_ADDRESS, value), password)


def error(
    transaction_id: bytes, code: int, reason: str, password: bytes, unknown_required: tuple[int, ...] = ()
) -> bytes:
    """A binding error response: 420 with the attributes not understood, 487 for a role conflict."""
    body = _attribute(_ERROR_CODE, pack("!HBB", 0, code // 100, code % 100) + reason.encode("ascii"))
    if unknown_required:
        body += _attribute(_UNKNOWN_ATTRIBUTES, pack(f"!{len(unknown_required)}H", *unknown_required))
    return _signed(BINDING_ERROR, transaction_id, body, password)


def request(
    transaction_id: bytes, username: str, password: bytes, *, priority: int, use_candidate: bool, tie_breaker: int
) -> bytes:
    """A check as a controlling full agent sends it: for our own test peers and load generator."""
    body = _attribute(_USERNAME, username.encode("ascii")) + _attribute(_PRIORITY, pack("!I", priority))
    body += _attribute(_ICE_CONTROLLING, pack("!Q", tie_breaker))
    if use_candidate:
        body += _attribute(_USE_CANDIDATE, b"")
    return _signed(BINDING_REQUEST, transaction_id, body, password)


def _attribute(kind: int, value: bytes) -> bytes:
    return pack("!HH", kind, len(value)) + value + bytes(-len(value) & 3)


def _signed(kind: int, transaction_id: bytes, body: bytes, password: bytes) -> bytes:
    header = pack("!HHI", kind, len(body) + _INTEGRITY_BYTES, MAGIC_COOKIE) + transaction_id
    body += _attribute(_MESSAGE_INTEGRITY, hmac.digest(password, header + body, "sha1"))
    message = pack("!HHI", kind, len(body) + _FINGERPRINT_BYTES, MAGIC_COOKIE) + transaction_id + body
    return message + _attribute(_FINGERPRINT, pack("!I", _fingerprint(message)))


def _fingerprint(message: bytes) -> int:
    """CRC over the message up to the attribute; its header already counts the attribute's eight bytes."""
    return crc32(message) ^ _FINGERPRINT_XOR
