"""LiveKit access tokens: HS256 JWTs whose issuer is an API key (RFC 7519, RFC 8725; media.md §a.2).

A token is judged in this order: its shape, its key, its signature, its times, its claims. Nothing of the payload is
used before the signature holds, but for `peek_room`, which only chooses a worker.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import jwt
from google.protobuf.json_format import ParseDict, ParseError
from jwt.types import Options
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import RoomConfiguration

from server.errors import ErrorCode, InvalidInput, Unauthorized
from server.rooms.grants import VideoGrants, grants_claim, parse_grants

# Why 16 kB: a token travels in a URL; with 64 kB of metadata it could not.
MAX_TOKEN_CHARS = 16_384
# Why 10 s: clocks of school computers drift; LiveKit's own verifiers allow as much.
LEEWAY = timedelta(seconds=10)
# Why 6 h: LiveKit's default, a school day.
DEFAULT_TTL = timedelta(hours=6)
# Why 2^53: every number a JSON reader keeps exactly; later than any date.
_MAX_TIMESTAMP = 1 << 53

KINDS: Mapping[str, ParticipantInfo.Kind] = MappingProxyType(
    {
        "": ParticipantInfo.Kind.STANDARD,
        "standard": ParticipantInfo.Kind.STANDARD,
        "ingress": ParticipantInfo.Kind.INGRESS,
        "egress": ParticipantInfo.Kind.EGRESS,
        "sip": ParticipantInfo.Kind.SIP,
        "agent": ParticipantInfo.Kind.AGENT,
        "connector": ParticipantInfo.Kind.CONNECTOR,
        "bridge": ParticipantInfo.Kind.BRIDGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A verified token."""

    key: str
    """The API key that signed it."""
    identity: str = ""
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: ParticipantInfo.Kind = ParticipantInfo.Kind.STANDARD
    grants: VideoGrants = field(default_factory=VideoGrants)
    sha256: str = ""
    room_preset: str = ""
    room_config: RoomConfiguration | None = None
    expires_at: datetime
    issued_at: float = 0.0
    """Seconds since 1970; 0 when the token does not say."""


# Why no time checks by the library: the clock is ours to hand in, see _check_times.
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _malformed(detail: str) -> Unauthorized:
    return Unauthorized(ErrorCode.TOKEN_MALFORMED, detail)


def verify(token: str, keys: Mapping[str, str], now: datetime) -> Claims:
    """The claims of a token that one of `keys` (key → secret) signed and that is valid at `now` (aware).

    Raises Unauthorized with TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_FORGED, TOKEN_EXPIRED or TOKEN_NOT_YET_VALID.
    """
    if not token:
        raise Unauthorized(ErrorCode.TOKEN_MISSING)
    payload = _decode(token, keys)
    expires_at = _check_times(payload, now)
    return _claims(payload, expires_at)


def verify_join(token: str, keys: Mapping[str, str], now: datetime) -> Claims:
    """As `verify` for somebody who enters: needs `roomJoin` too (TOKEN_NO_ROOM_JOIN), a room and an identity.

    Raises InvalidInput for the last two: the token is genuine, whoever made it forgot something.
    """
    claims = verify(token, keys, now)
    if not claims.grants.room_join:
        raise Unauthorized(ErrorCode.TOKEN_NO_ROOM_JOIN)
    if not claims.grants.room:
        raise InvalidInput(ErrorCode.ROOM_NAME_INVALID, "the token names no room")
    if not claims.identity:
        raise InvalidInput(ErrorCode.IDENTITY_INVALID, "the token names no identity")
    return claims


def _unverified(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and payload as the token says; raises Unauthorized (TOKEN_MALFORMED)."""
    if len(token) > MAX_TOKEN_CHARS:
        raise _malformed("token too long")
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    # Why so wide: PyJWT lets errors of its base64 and JSON readers through for some inputs.
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _malformed(type(error).__name__) from None
    header, payload = whole.get("header"), whole.get("payload")
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise _malformed("not an object")
    return header, payload


def _decode(token: str, keys: Mapping[str, str]) -> dict[str, object]:
    header, payload = _unverified(token)
    issuer = payload.get("iss")
    if header.get("alg") != "HS256":
        raise Unauthorized(ErrorCode.TOKEN_FORGED, "only HS256 is accepted")
    secret = keys.get(issuer, "") if isinstance(issuer, str) else ""
    if not secret:
        raise Unauthorized(ErrorCode.TOKEN_FORGED, "unknown key")
    try:
        return dict(jwt.decode(token, secret, algorithms=["HS256"], options=_SIGNATURE_ONLY))
    except jwt.InvalidSignatureError:
        raise Unauthorized(ErrorCode.TOKEN_FORGED, "bad signature") from None
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _malformed(type(error).__name__) from None


def _timestamp(payload: Mapping[str, object], key: str) -> float | None:
    value = payload.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_TIMESTAMP:
        raise _malformed(f"{key} is not a time")
    return value


def _check_times(payload: Mapping[str, object], now: datetime) -> datetime:
    expires, not_before = _timestamp(payload, "exp"), _timestamp(payload, "nbf")
    if expires is None:
        # Why required: a token without an end would open the door for ever.
        raise _malformed("no exp")
    leeway, instant = LEEWAY.total_seconds(), now.timestamp()
    if instant >= expires + leeway:
        raise Unauthorized(ErrorCode.TOKEN_EXPIRED)
    if not_before is not None and instant < not_before - leeway:
        raise Unauthorized(ErrorCode.TOKEN_NOT_YET_VALID)
    try:
        return datetime.fromtimestamp(expires, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def _text(payload: Mapping[str, object], key: str) -> str:
    value = payload.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(f"{key} is not text")
    return value


def _attributes(payload: Mapping[str, object]) -> dict[str, str]:
    value = payload.get("attributes")
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise _malformed("attributes are not a table of texts")
    return dict(value)


def _room_config(payload: Mapping[str, object]) -> RoomConfiguration | None:
    value = payload.get("roomConfig")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _malformed("roomConfig is not an object")
    try:
        return ParseDict(value, RoomConfiguration(), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _malformed(f"roomConfig: {type(error).__name__}") from None


def _check_text(payload: Mapping[str, object]) -> None:
    """No lone surrogate anywhere: JSON can hold them, but neither UTF-8 nor protobuf (which raises SystemError)."""
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise _malformed("lone surrogate") from None


def _claims(payload: Mapping[str, object], expires_at: datetime) -> Claims:
    _check_text(payload)
    kind = _text(payload, "kind").lower()
    if kind not in KINDS:
        raise _malformed("unknown kind")
    return Claims(
        key=_text(payload, "iss"),
        identity=_text(payload, "sub"),
        name=_text(payload, "name"),
        metadata=_text(payload, "metadata"),
        attributes=_attributes(payload),
        kind=KINDS[kind],
        grants=parse_grants(payload.get("video")),
        sha256=_text(payload, "sha256"),
        room_preset=_text(payload, "roomPreset"),
        room_config=_room_config(payload),
        expires_at=expires_at,
        # LiveKit's own tokens say only when they begin to be valid, which is when they are made.
        issued_at=_timestamp(payload, "iat") or _timestamp(payload, "nbf") or 0.0,
    )


def mint(
    key: str,
    secret: str,
    *,
    identity: str,
    grants: VideoGrants,
    now: datetime,
    ttl: timedelta = DEFAULT_TTL,
    name: str = "",
    metadata: str = "",
    attributes: Mapping[str, str] | None = None,
    kind: str = "",
    sha256: str = "",
) -> str:
    """A token that any LiveKit server with this key accepts, ours included."""
    if not key or not secret:
        raise InvalidInput(ErrorCode.TOKEN_FORGED, "a token needs a key and a secret")
    start = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": key,
        "sub": identity,
        "nbf": start,
        "exp": start + int(ttl.total_seconds()),
        "video": grants_claim(grants),
    }
    extras = {"name": name, "metadata": metadata, "kind": kind, "sha256": sha256, "attributes": dict(attributes or {})}
    claims.update({field_name: value for field_name, value in extras.items() if value})
    return jwt.encode(claims, secret, algorithm="HS256")


def peek_room(token: str) -> str | None:
    """The room that a token names, UNVERIFIED: only to choose the worker that will verify it."""
    try:
        _, payload = _unverified(token)
    except Unauthorized:
        return None
    video = payload.get("video")
    room = video.get("room") if isinstance(video, dict) else None
    return room if isinstance(room, str) and room else None
