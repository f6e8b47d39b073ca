"""Fuzz targets of signalling: descriptions, answers, join requests, tokens, signal messages, names."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import jwt
from google.protobuf.message import DecodeError
from livekit.protocol.models import ClientInfo
from livekit.protocol.rtc import (
    AddTrackRequest,
    JoinRequest,
    SessionDescription,
    SignalRequest,
    TrickleRequest,
    UpdateParticipantMetadata,
    WrappedJoinRequest,
)

from server.errors import ErrorCode, InvalidInput
from server.rooms.access_token import mint, peek_room, verify_join
from server.rooms.grants import VideoGrants
from server.signaling import names
from server.signaling.join_request import parse_join
from server.signaling.negotiation import AnsweringSide, OfferingSide, PublishOptions
from server.signaling.sdp_parser import parse_sdp
from server.signaling.sdp_writer import write_sdp
from tests.fakes.offers import CAMERA, H264_CAMERA, LOCAL, MICROPHONE, MIMES, NAMES, recorded

KEY, SECRET = "APIkey", "a secret of more than thirty-two characters"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OFFERS = [recorded(name).encode() for name in NAMES]


def _text(data: bytes) -> str:
    """Also what UTF-8 cannot hold, as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def sdp(data: bytes) -> None:
    """What was read can be written, and means the same then."""
    text = write_sdp(parse_sdp(_text(data)))
    assert write_sdp(parse_sdp(text)) == text


def answer(data: bytes) -> None:
    """A good offer, the fuzzed one, the fuzzed one again: whatever is accepted is answered in a readable way."""
    side = AnsweringSide(single=True, publish_mimes=MIMES)
    wanted = (MICROPHONE, CAMERA, H264_CAMERA)
    options = {"cid": PublishOptions()}
    offer = _text(data)
    first = side.answer(offer, LOCAL, wanted, options)
    second = side.answer(offer, LOCAL, wanted[1:], options)
    for negotiated in (first, second):
        answered = parse_sdp(negotiated.sdp)
        assert {section.mid for section in negotiated.sending.values()} == set(negotiated.mid_to_track)
        assert len(answered.sections) == len(parse_sdp(offer).sections)


def _our_offer() -> tuple[OfferingSide, str]:
    side = OfferingSide()
    return side, side.offer(LOCAL, (MICROPHONE, CAMERA, H264_CAMERA))


def accept(data: bytes) -> None:
    side, _ = _our_offer()
    try:
        side.accept(_text(data))
    except InvalidInput:
        assert side.is_pending
        raise
    side.offer(LOCAL, (CAMERA,))


def join_request(data: bytes) -> None:
    parse_join({"join_request": base64.urlsafe_b64encode(data).decode()}, path_version=1)


def join_request_text(data: bytes) -> None:
    parse_join({"join_request": _text(data)}, path_version=1)


def join_request_body(data: bytes) -> None:
    """The compressed part alone, well wrapped, so that the fuzzer reaches the inner message."""
    wrapped = WrappedJoinRequest(compression=WrappedJoinRequest.Compression.GZIP, join_request=gzip.compress(data, 1))
    join_request(wrapped.SerializeToString())


def join_query(data: bytes) -> None:
    parse_join(dict(parse_qsl(_text(data), max_num_fields=None)), path_version=0)


def token(data: bytes) -> None:
    text = _text(data)
    peek_room(text)
    verify_join(text, {KEY: SECRET}, NOW)


def claims(data: bytes) -> None:
    """Well signed tokens with a fuzzed payload, and what the server makes of the names in them."""
    text = jwt.PyJWS().encode(data, SECRET, algorithm="HS256")
    names.clean_claims(verify_join(text, {KEY: SECRET}, NOW))


def signal_request(data: bytes) -> None:
    try:
        message = SignalRequest.FromString(data)
    except DecodeError:
        raise InvalidInput(ErrorCode.SIGNAL_INVALID) from None
    if message.HasField("offer"):
        parse_sdp(message.offer.sdp)
    if message.HasField("update_metadata"):
        update = message.update_metadata
        names.clean_name(update.name)
        names.check_metadata(update.metadata)
        names.check_attributes(update.attributes)


def all_names(data: bytes) -> None:
    text = _text(data)
    checks: tuple[Callable[[str], Any], ...] = (
        names.clean_name,
        names.check_identity,
        names.check_room_name,
        names.check_metadata,
        names.check_topic,
        lambda value: names.check_attributes({value: value}),
    )
    refused: InvalidInput | None = None
    for check in checks:
        try:
            check(text)
        except InvalidInput as error:
            refused = error
    if refused is not None:
        raise refused


def _signal_seeds() -> list[bytes]:
    messages = [
        SignalRequest(offer=SessionDescription(type="offer", sdp=recorded("firefox_dual_publisher"), id=1)),
        SignalRequest(add_track=AddTrackRequest(cid="mic", name="x", layers=[])),
        SignalRequest(trickle=TrickleRequest(candidateInit='{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host"}')),
        SignalRequest(update_metadata=UpdateParticipantMetadata(name="林", metadata="{}", attributes={"a": "b"})),
        SignalRequest(ping=1),
    ]
    return [message.SerializeToString() for message in messages]


def _join_body() -> bytes:
    return JoinRequest(
        client_info=ClientInfo(sdk=ClientInfo.SDK.JS, version="2.23.0"),
        metadata="{}",
        participant_attributes={"lang": "zh"},
        publisher_offer=SessionDescription(type="offer", sdp=recorded("firefox_dual_publisher"), id=1),
        participant_sid="PA_x",
    ).SerializeToString()


def _join_seeds() -> list[bytes]:
    gzipped = WrappedJoinRequest.Compression.GZIP
    bomb = gzip.compress(b"\0" * 30_000_000)
    return [
        WrappedJoinRequest(join_request=_join_body()).SerializeToString(),
        WrappedJoinRequest(compression=gzipped, join_request=gzip.compress(_join_body())).SerializeToString(),
        WrappedJoinRequest(compression=gzipped, join_request=bomb[:20_000]).SerializeToString(),
    ]


def _token_seeds() -> list[bytes]:
    grants = VideoGrants(room="lesson", room_join=True)
    return [
        mint(KEY, SECRET, identity="lin", grants=grants, now=NOW, name="林", attributes={"a": "b"}).encode(),
        jwt.encode({"iss": KEY}, "", algorithm="none").encode(),
    ]


def _claims_seeds() -> list[bytes]:
    payload = {
        "iss": KEY,
        "sub": "lin",
        "exp": NOW.timestamp() + 60,
        "nbf": int(NOW.timestamp()),
        "name": "林老師",
        "kind": "standard",
        "metadata": "{}",
        "attributes": {"side": "tw"},
        "video": {"room": "lesson", "roomJoin": True, "canPublishSources": ["camera"], "canSubscribe": True},
        "roomConfig": {"maxParticipants": 3, "emptyTimeout": 5},
    }
    return [json.dumps(payload).encode(), json.dumps(payload, ensure_ascii=False).encode()]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "sdp": sdp,
    "answer": answer,
    "accept": accept,
    "join_request": join_request,
    "join_request_text": join_request_text,
    "join_request_body": join_request_body,
    "join_query": join_query,
    "token": token,
    "claims": claims,
    "signal_request": signal_request,
    "names": all_names,
}
SEEDS: dict[str, list[bytes]] = {
    "sdp": OFFERS,
    "answer": OFFERS,
    "accept": [_our_offer()[1].replace("a=sendonly", "a=recvonly").replace("actpass", "active").encode()],
    "join_request": _join_seeds(),
    "join_request_text": [base64.urlsafe_b64encode(seed) for seed in _join_seeds()],
    "join_request_body": [_join_body()],
    "join_query": [
        b"auto_subscribe=0&sdk=go&version=2&protocol=16&reconnect=1&sid=PA_x&reconnect_reason=1&network=wifi"
    ],
    "token": _token_seeds(),
    "claims": _claims_seeds(),
    "signal_request": _signal_seeds(),
    "names": ["林老師".encode(), b"Mr. Ortega", "a\u202eb".encode(), "e\u0301".encode(), b"x" * 300],
}
