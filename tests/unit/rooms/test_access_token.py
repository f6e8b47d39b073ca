"""Tokens: good ones of ours and of livekit-api, and every kind of bad one with its own code."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import RoomConfiguration

from server.errors import ErrorCode, InvalidInput, Unauthorized
from server.rooms.access_token import Claims, mint, peek_room, verify, verify_join
from server.rooms.grants import SOURCES, VideoGrants

KEY, SECRET = "APIkey", "a secret of more than thirty-two characters"
KEYS = {KEY: SECRET, "other": "another secret of more than thirty-two characters"}
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
START = int(NOW.timestamp())
GRANTS = VideoGrants(room="lesson", room_join=True)


def token(*, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """A good token with some claims changed; None removes a claim."""
    claims: dict[str, Any] = {
        "iss": KEY,
        "sub": "lin",
        "nbf": START,
        "exp": START + 60,
        "video": {"room": "lesson", "roomJoin": True},
    }
    claims.update(changes)
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm)


def code_of(text: str, now: datetime = NOW) -> ErrorCode:
    with pytest.raises(Unauthorized) as caught:
        verify(text, KEYS, now)
    return caught.value.code


def test_minted_token_round_trip() -> None:
    grants = VideoGrants(
        room="lesson",
        room_join=True,
        can_subscribe=False,
        can_publish_sources=frozenset({SOURCES["camera"], SOURCES["microphone"]}),
        hidden=True,
        destination_room="next",
    )
    text = mint(
        KEY,
        SECRET,
        identity="林",
        grants=grants,
        now=NOW,
        ttl=timedelta(hours=1),
        name="林老師",
        metadata="{}",
        attributes={"side": "tw"},
        kind="agent",
        sha256="x",
    )
    assert verify(text, KEYS, NOW) == Claims(
        key=KEY,
        identity="林",
        name="林老師",
        metadata="{}",
        attributes={"side": "tw"},
        kind=ParticipantInfo.Kind.AGENT,
        grants=grants,
        sha256="x",
        expires_at=NOW + timedelta(hours=1),
        issued_at=NOW.timestamp(),
    )


def test_livekit_reads_ours() -> None:
    now = datetime.now(UTC)
    text = mint(KEY, SECRET, identity="lin", grants=VideoGrants(room="r", room_join=True, can_publish=False), now=now)
    claims = api.TokenVerifier(KEY, SECRET).verify(text)
    assert claims.video is not None
    assert (claims.identity, claims.video.room, claims.video.can_publish, claims.video.can_subscribe) == (
        "lin",
        "r",
        False,
        True,
    )


def test_we_read_livekits() -> None:
    now = datetime.now(UTC)
    text = (
        api.AccessToken(KEY, SECRET)
        .with_identity("ortega")
        .with_name("Mr. Ortega")
        .with_attributes({"a": "b"})
        .with_room_config(RoomConfiguration(max_participants=3))
        .with_grants(api.VideoGrants(room_join=True, room="r", can_publish_sources=["screen_share"], room_admin=True))
        .to_jwt()
    )
    claims = verify_join(text, KEYS, now)
    assert (claims.identity, claims.name, claims.attributes) == ("ortega", "Mr. Ortega", {"a": "b"})
    assert claims.grants.can_publish_sources == {SOURCES["screen_share"]}
    assert claims.grants.room_admin
    assert claims.room_config is not None
    assert claims.room_config.max_participants == 3


def test_grants_absent_means_allowed_for_three_and_denied_for_the_rest() -> None:
    grants = verify(token(), KEYS, NOW).grants
    assert (grants.can_publish, grants.can_subscribe, grants.can_publish_data) == (True, True, True)
    assert not any((grants.room_admin, grants.room_create, grants.room_list, grants.hidden, grants.recorder))


def test_missing() -> None:
    assert code_of("") is ErrorCode.TOKEN_MISSING


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["x", "a.b", "a.b.c", "..", "\ud800.x.y", "é.é.é", "x" * 20_000, token()[:-45] + ".",
     f"{encoded([])}.{encoded({})}.x", f"{encoded({'alg': 'HS256'})}.{encoded([1])}.xx"],
)  # fmt: skip
def test_malformed(text: str) -> None:
    assert code_of(text) is ErrorCode.TOKEN_MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -1},
        {"exp": 1e300},
        {"nbf": "now"},
        {"sub": 7},
        {"name": ["x"]},
        {"metadata": {}},
        {"attributes": []},
        {"attributes": {"a": 1}},
        {"kind": "robot"},
        {"kind": 3},
        {"video": []},
        {"video": {"roomJoin": "yes"}},
        {"video": {"roomJoin": 1}},
        {"video": {"room": 5}},
        {"video": {"canPublishSources": "camera"}},
        {"video": {"canPublishSources": [1]}},
        {"video": {"canPublishSources": ["telescope"]}},
        {"roomConfig": []},
        {"roomConfig": {"maxParticipants": "many"}},
        {"roomConfig": {"egress": 7}},
        {"sub": "\ud800"},
        {"attributes": {"\ud800": "x"}},
    ],
    ids=str,
)
def test_signed_nonsense_is_malformed(changes: dict[str, Any]) -> None:
    assert code_of(token(**changes)) is ErrorCode.TOKEN_MALFORMED


def test_forged() -> None:
    head, body, signature = token().split(".")
    other = encoded({"iss": KEY, "sub": "teacher", "exp": START + 60})
    assert code_of(f"{head}.{other}.{signature}") is ErrorCode.TOKEN_FORGED
    assert code_of(f"{head}.{body}.{'A' * len(signature)}") is ErrorCode.TOKEN_FORGED
    assert code_of(token(key="somebody else's secret of thirty-two characters")) is ErrorCode.TOKEN_FORGED


def test_key_of_somebody_else() -> None:
    assert code_of(token(iss="other")) is ErrorCode.TOKEN_FORGED
    assert code_of(token(iss="unheard-of")) is ErrorCode.TOKEN_FORGED
    assert code_of(token(iss=None)) is ErrorCode.TOKEN_FORGED
    assert code_of(token(iss="")) is ErrorCode.TOKEN_FORGED


def test_unsigned_and_other_algorithms() -> None:
    claims = {"iss": KEY, "sub": "lin", "exp": START + 60}
    for algorithm in ("none", "None", "NONE", "HS512", "RS256", "", None, 5):
        text = f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}."
        assert code_of(text) in (ErrorCode.TOKEN_FORGED, ErrorCode.TOKEN_MALFORMED)
    strong = "a secret of at least sixty-four characters, so that HS512 does not complain"
    with pytest.raises(Unauthorized):
        verify(jwt.encode(claims, strong, algorithm="HS512"), {KEY: strong}, NOW)


def test_key_without_a_secret_never_verifies() -> None:
    with pytest.raises(Unauthorized) as caught:
        verify(token(), {KEY: ""}, NOW)
    assert caught.value.code is ErrorCode.TOKEN_FORGED


def test_nothing_of_a_forged_token_is_judged_before_its_signature() -> None:
    assert code_of(token(key="x" * 32, exp=1)) is ErrorCode.TOKEN_FORGED


def test_times_with_leeway() -> None:
    at = datetime.fromtimestamp
    assert verify(token(exp=START + 60), KEYS, at(START + 69, UTC)).identity == "lin"
    assert code_of(token(exp=START + 60), at(START + 70, UTC)) is ErrorCode.TOKEN_EXPIRED
    assert verify(token(nbf=START + 10), KEYS, NOW).identity == "lin"
    assert code_of(token(nbf=START + 11)) is ErrorCode.TOKEN_NOT_YET_VALID


def test_an_end_beyond_all_dates_is_the_last_date() -> None:
    assert verify(token(exp=2**52), KEYS, NOW).expires_at.year == 9999


@pytest.mark.parametrize("changes", [{"video": None}, {"video": {"room": "lesson"}}], ids=str)
def test_joining_needs_the_right_to_join(changes: dict[str, Any]) -> None:
    text = token(**changes)
    verify(text, KEYS, NOW)
    with pytest.raises(Unauthorized) as caught:
        verify_join(text, KEYS, NOW)
    assert caught.value.code is ErrorCode.TOKEN_NO_ROOM_JOIN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"video": {"roomJoin": True}}, ErrorCode.ROOM_NAME_INVALID),
        ({"sub": ""}, ErrorCode.IDENTITY_INVALID),
        ({"sub": None}, ErrorCode.IDENTITY_INVALID),
    ],
    ids=str,
)
def test_joining_needs_a_room_and_an_identity(changes: dict[str, Any], code: ErrorCode) -> None:
    text = token(**changes)
    verify(text, KEYS, NOW)
    with pytest.raises(InvalidInput) as caught:
        verify_join(text, KEYS, NOW)
    assert caught.value.code is code


def test_detail_never_repeats_the_token() -> None:
    with pytest.raises(Unauthorized) as caught:
        verify(token(video={"canPublishSources": ["x" * 500]}), KEYS, NOW)
    assert len(caught.value.detail) < 100


def test_no_token_without_key_and_secret() -> None:
    for key, secret in (("", SECRET), (KEY, "")):
        with pytest.raises(InvalidInput):
            mint(key, secret, identity="lin", grants=GRANTS, now=NOW)


def test_peek_room_needs_no_key_and_never_raises() -> None:
    assert peek_room(token(key="y" * 32)) == "lesson"
    for text in ("", "x", "a.b.c", token(video=None), token(video=[]), token(video={"room": 5}), token(video={})):
        assert peek_room(text) is None
