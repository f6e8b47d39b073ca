"""Both forms of the join request, and what must not get through."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from livekit.protocol.models import ClientInfo, ReconnectReason
from livekit.protocol.rtc import (
    AddTrackRequest,
    ConnectionSettings,
    JoinRequest,
    SessionDescription,
    SyncState,
    WrappedJoinRequest,
)

from server.errors import ErrorCode, InvalidInput
from server.signaling.join_request import Join, parse_join

REQUEST = JoinRequest(
    client_info=ClientInfo(sdk=ClientInfo.SDK.JS, version="2.23.0", protocol=16),
    connection_settings=ConnectionSettings(auto_subscribe=True, adaptive_stream=True, disable_ice_lite=True),
    metadata="{}",
    participant_attributes={"lang": "zh"},
    add_track_requests=[AddTrackRequest(cid="mic")],
    publisher_offer=SessionDescription(type="offer", sdp="v=0", id=1),
    reconnect=True,
    reconnect_reason=ReconnectReason.RR_SIGNAL_DISCONNECTED,
    participant_sid="PA_abc",
    sync_state=SyncState(track_sids_disabled=["TR_a"]),
)


def wrap(body: bytes, compression: WrappedJoinRequest.Compression = WrappedJoinRequest.Compression.NONE) -> str:
    wrapped = WrappedJoinRequest(compression=compression, join_request=body)
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


def gzipped(body: bytes) -> str:
    return wrap(gzip.compress(body), WrappedJoinRequest.Compression.GZIP)


def parse(text: str) -> Join:
    return parse_join({"join_request": text}, path_version=1)


def check_request(join: Join) -> None:
    assert join.client_info.version == "2.23.0"
    assert (join.auto_subscribe, join.adaptive_stream, join.disable_ice_lite) == (True, True, True)
    assert (join.auto_subscribe_data_track, join.subscriber_allow_pause) == (True, None)
    assert (join.metadata, join.attributes) == ("{}", {"lang": "zh"})
    assert [track.cid for track in join.add_tracks] == ["mic"]
    assert join.offer is not None
    assert (join.offer.sdp, join.offer.id) == ("v=0", 1)
    assert (join.reconnect, join.reconnect_reason) == (True, ReconnectReason.RR_SIGNAL_DISCONNECTED)
    assert join.participant_sid == "PA_abc"
    assert join.sync_state is not None


def test_plain_and_compressed() -> None:
    body = REQUEST.SerializeToString()
    check_request(parse(wrap(body)))
    check_request(parse(gzipped(body)))


def test_base64_of_either_alphabet_with_or_without_padding() -> None:
    text = gzipped(REQUEST.SerializeToString())
    check_request(parse(text.rstrip("=")))
    check_request(parse(text.replace("-", "+").replace("_", "/")))
    # A "+" in a query is read as a space.
    check_request(parse(text.replace("-", " ").replace("_", "/")))


def test_firefox_sends_no_offer() -> None:
    join = parse(wrap(JoinRequest(connection_settings=ConnectionSettings(auto_subscribe=True)).SerializeToString()))
    assert join.offer is None
    assert join.sync_state is None


def test_empty_request_subscribes_to_nothing() -> None:
    assert parse(wrap(JoinRequest(metadata="x").SerializeToString())).auto_subscribe is False


def test_gzip_bomb_stops_at_the_limit() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(gzipped(b"\0" * 20_000_000))
    assert caught.value.code is ErrorCode.JOIN_REQUEST_TOO_LARGE


def test_too_long_before_anything_is_decoded() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse("A" * 40_000)
    assert caught.value.code is ErrorCode.JOIN_REQUEST_TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        "!!!!",
        "A",
        base64.urlsafe_b64encode(b"\xff" * 30).decode(),
        wrap(b"\xff" * 30),
        wrap(b"no gzip", WrappedJoinRequest.Compression.GZIP),
        wrap(gzip.compress(b"x" * 100)[:-12], WrappedJoinRequest.Compression.GZIP),
        wrap(zlib.compress(b"x"), WrappedJoinRequest.Compression.GZIP),
        wrap(b"", 9),  # type: ignore[arg-type]  # an unknown number on purpose
        wrap(JoinRequest(add_track_requests=[AddTrackRequest()] * 33).SerializeToString()),
        wrap(JoinRequest(participant_sid="x" * 300).SerializeToString()),
        wrap(JoinRequest(participant_sid="a\nb").SerializeToString()),
        wrap(b"\x1a\x02\xed\xa0"),
    ],
    ids=[
        "not base64", "one letter", "not protobuf", "inner not protobuf", "not gzip", "cut gzip", "zlib", "compression",
        "tracks", "long sid", "sid with newline", "surrogate bytes",
    ],
)  # fmt: skip
def test_damaged(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert caught.value.code is ErrorCode.JOIN_REQUEST_INVALID


def test_v1_needs_its_parameter() -> None:
    with pytest.raises(InvalidInput):
        parse_join({}, path_version=1)


def test_oversized_metadata_and_attributes_have_their_own_codes() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(gzipped(JoinRequest(metadata="x" * 65_000).SerializeToString()))
    assert caught.value.code is ErrorCode.METADATA_INVALID
    with pytest.raises(InvalidInput) as caught:
        parse(gzipped(JoinRequest(participant_attributes={"a": "x" * 65_000}).SerializeToString()))
    assert caught.value.code is ErrorCode.ATTRIBUTES_INVALID


def test_query_of_a_go_client() -> None:
    join = parse_join(
        {
            "access_token": "secret",
            "auto_subscribe": "0",
            "sdk": "go",
            "version": "2.9",
            "protocol": "16",
            "adaptive_stream": "true",
            "reconnect": "1",
            "sid": "PA_x",
            "reconnect_reason": "2",
            "os": "linux",
        },
        path_version=0,
    )
    assert (join.path_version, join.auto_subscribe, join.adaptive_stream) == (0, False, True)
    assert (join.reconnect, join.participant_sid) == (True, "PA_x")
    assert join.reconnect_reason == ReconnectReason.RR_PUBLISHER_FAILED
    assert (join.client_info.sdk, join.client_info.protocol) == (ClientInfo.SDK.GO, 16)


def test_empty_query_has_the_defaults() -> None:
    join = parse_join({}, path_version=0)
    assert (join.auto_subscribe, join.reconnect, join.client_info.sdk) == (True, False, ClientInfo.SDK.UNKNOWN)


def test_v0_path_takes_join_request_too() -> None:
    assert parse_join({"join_request": wrap(REQUEST.SerializeToString())}, path_version=0).participant_sid == "PA_abc"


@pytest.mark.parametrize(
    "query",
    [
        {"auto_subscribe": "maybe"},
        {"protocol": "x"},
        {"protocol": "9" * 10},
        {"protocol": "\u0661"},
        {"version": "x" * 300},
        {"os": "a\nb"},
    ],
)
def test_bad_queries(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        parse_join(query, path_version=0)


def test_unknown_reconnect_reason_is_unknown() -> None:
    assert parse_join({"reconnect_reason": "77"}, path_version=0).reconnect_reason == ReconnectReason.RR_UNKNOWN
