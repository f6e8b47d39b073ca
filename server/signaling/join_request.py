"""What a client asks for when it connects: one value for both forms of the path (media.md §a.1).

`/rtc/v1` carries a base64 protobuf, perhaps gzipped, in `join_request`; `/rtc` carries plain query parameters.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from livekit.protocol.models import ClientInfo, ReconnectReason
from livekit.protocol.rtc import AddTrackRequest, JoinRequest, SessionDescription, SyncState, WrappedJoinRequest

from server.errors import ErrorCode, InvalidInput
from server.signaling.names import check_attributes, check_metadata

# Why 32 kB: the request line's limit; Chromium's compressed request with an offer has 2.4 kB.
MAX_ENCODED_CHARS = 32_768
# Why 512 kB: metadata and attributes (64 kB each), and sync_state with an offer and an answer of a full room.
MAX_INFLATED_BYTES = 524_288
# Why 32: more tracks than anybody publishes while joining.
MAX_ADD_TRACKS = 32
MAX_PARAMETER_CHARS = 256

_SDKS: Mapping[str, ClientInfo.SDK] = {
    "js": ClientInfo.SDK.JS,
    "ios": ClientInfo.SDK.SWIFT,
    "swift": ClientInfo.SDK.SWIFT,
    "android": ClientInfo.SDK.ANDROID,
    "flutter": ClientInfo.SDK.FLUTTER,
    "go": ClientInfo.SDK.GO,
    "unity": ClientInfo.SDK.UNITY,
    "reactnative": ClientInfo.SDK.REACT_NATIVE,
    "rust": ClientInfo.SDK.RUST,
    "python": ClientInfo.SDK.PYTHON,
    "cpp": ClientInfo.SDK.CPP,
    "unityweb": ClientInfo.SDK.UNITY_WEB,
    "node": ClientInfo.SDK.NODE,
    "esp32": ClientInfo.SDK.ESP32,
}

_REASONS: Mapping[int, ReconnectReason] = {
    int(value): value
    for value in (
        ReconnectReason.RR_SIGNAL_DISCONNECTED,
        ReconnectReason.RR_PUBLISHER_FAILED,
        ReconnectReason.RR_SUBSCRIBER_FAILED,
        ReconnectReason.RR_SWITCH_CANDIDATE,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Path version 1 means one peer connection, 0 means two."""

    path_version: int
    client_info: ClientInfo = field(default_factory=ClientInfo)
    auto_subscribe: bool = True
    auto_subscribe_data_track: bool = True
    adaptive_stream: bool = False
    subscriber_allow_pause: bool | None = None
    disable_ice_lite: bool = False
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    add_tracks: tuple[AddTrackRequest, ...] = ()
    offer: SessionDescription | None = None
    reconnect: bool = False
    reconnect_reason: ReconnectReason = ReconnectReason.RR_UNKNOWN
    participant_sid: str = ""
    sync_state: SyncState | None = None


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput(ErrorCode.JOIN_REQUEST_INVALID, detail)


def parse_join(query: Mapping[str, str], *, path_version: int) -> Join:
    """Raises InvalidInput (JOIN_REQUEST_INVALID, JOIN_REQUEST_TOO_LARGE, METADATA_INVALID, ATTRIBUTES_INVALID)."""
    wrapped = query.get("join_request")
    if wrapped:
        return _from_message(_unwrap(wrapped), path_version)
    if path_version == 1:
        raise _invalid("join_request is missing")
    return _from_query(query)


def _unwrap(text: str) -> JoinRequest:
    if len(text) > MAX_ENCODED_CHARS:
        raise InvalidInput(ErrorCode.JOIN_REQUEST_TOO_LARGE, "join_request")
    try:
        # Why both alphabets and missing padding: proxies and other people's clients change them.
        plain = text.replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("join_request is not base64") from None
    try:
        wrapped = WrappedJoinRequest.FromString(raw)
        body = wrapped.join_request
        if wrapped.compression == WrappedJoinRequest.Compression.GZIP:
            body = _inflate(body)
        elif wrapped.compression != WrappedJoinRequest.Compression.NONE:
            raise _invalid("unknown compression")
        return JoinRequest.FromString(body)
    except DecodeError:
        raise _invalid("join_request is not its protobuf") from None


def _inflate(body: bytes) -> bytes:
    """Gunzip at most MAX_INFLATED_BYTES: 32 kB can hide 30 MB."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error:
        raise _invalid("join_request is not gzip") from None
    if not inflater.eof:
        if inflater.unconsumed_tail or len(plain) >= MAX_INFLATED_BYTES:
            raise InvalidInput(ErrorCode.JOIN_REQUEST_TOO_LARGE, "inflated join_request")
        raise _invalid("gzip ends early")
    return plain


def _from_message(message: JoinRequest, path_version: int) -> Join:
    if len(message.add_track_requests) > MAX_ADD_TRACKS:
        raise _invalid("too many tracks")
    settings = message.connection_settings
    has_pause = settings.HasField("subscriber_allow_pause")
    has_data = settings.HasField("auto_subscribe_data_track")
    return Join(
        path_version=path_version,
        client_info=message.client_info,
        auto_subscribe=settings.auto_subscribe,
        auto_subscribe_data_track=settings.auto_subscribe_data_track if has_data else True,
        adaptive_stream=settings.adaptive_stream,
        subscriber_allow_pause=settings.subscriber_allow_pause if has_pause else None,
        disable_ice_lite=settings.disable_ice_lite,
        metadata=check_metadata(message.metadata),
        attributes=check_attributes(message.participant_attributes),
        add_tracks=tuple(message.add_track_requests),
        offer=message.publisher_offer if message.HasField("publisher_offer") else None,
        reconnect=message.reconnect,
        reconnect_reason=message.reconnect_reason,
        participant_sid=_short(message.participant_sid, "participant_sid"),
        sync_state=message.sync_state if message.HasField("sync_state") else None,
    )


def _short(text: str, what: str) -> str:
    if len(text) > MAX_PARAMETER_CHARS or not text.isprintable():
        raise _invalid(f"{what} is too long or not printable")
    return text


def _number(query: Mapping[str, str], key: str) -> int:
    text = query.get(key, "") or "0"
    if len(text) > 9 or not (text.isascii() and text.isdigit()):
        raise _invalid(f"{key} is not a number")
    return int(text)


def _flag(query: Mapping[str, str], key: str, default: bool) -> bool:
    match query.get(key, "").lower():
        case "":
            return default
        case "1" | "true":
            return True
        case "0" | "false":
            return False
        case _:
            raise _invalid(f"{key} is not 0 or 1")


def _from_query(query: Mapping[str, str]) -> Join:
    def text(key: str) -> str:
        return _short(query.get(key, ""), key)

    return Join(
        path_version=0,
        client_info=ClientInfo(
            sdk=_SDKS.get(text("sdk").lower(), ClientInfo.SDK.UNKNOWN),
            version=text("version"),
            protocol=_number(query, "protocol"),
            client_protocol=_number(query, "client_protocol"),
            os=text("os"),
            os_version=text("os_version"),
            browser=text("browser"),
            browser_version=text("browser_version"),
            device_model=text("device_model"),
            network=text("network"),
        ),
        auto_subscribe=_flag(query, "auto_subscribe", True),
        auto_subscribe_data_track=_flag(query, "auto_subscribe_data_track", True),
        adaptive_stream=_flag(query, "adaptive_stream", False),
        subscriber_allow_pause=(
            _flag(query, "subscriber_allow_pause", True) if query.get("subscriber_allow_pause") else None
        ),
        disable_ice_lite=_flag(query, "disable_ice_lite", False),
        reconnect=_flag(query, "reconnect", False),
        reconnect_reason=_REASONS.get(_number(query, "reconnect_reason"), ReconnectReason.RR_UNKNOWN),
        participant_sid=text("sid"),
    )
