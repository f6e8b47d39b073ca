"""Rights from tokens, and the same rights as LiveKit's permission message."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol.models import ParticipantPermission, TrackSource, TrackType

from server.rooms.grants import SOURCES, VideoGrants, grants_claim, parse_grants

ALL = (*SOURCES.values(), TrackSource.UNKNOWN)


@pytest.mark.parametrize(
    ("claim", "allowed"),
    [
        ({}, set(ALL)),
        ({"canPublish": False}, set()),
        ({"canPublishSources": []}, set(ALL)),
        ({"canPublishSources": ["microphone"]}, {TrackSource.MICROPHONE}),
        ({"canPublish": False, "canPublishSources": ["microphone"]}, set()),
    ],
    ids=str,
)
def test_which_sources_may_be_published(claim: dict[str, object], allowed: set[TrackSource]) -> None:
    grants = parse_grants(claim)
    assert {source for source in ALL if grants.may_publish(source)} == allowed


@pytest.mark.parametrize(
    ("source", "kind", "is_allowed"),
    [
        (TrackSource.CAMERA, TrackType.VIDEO, True),
        (TrackSource.CAMERA, TrackType.AUDIO, False),
        (TrackSource.SCREEN_SHARE_AUDIO, TrackType.AUDIO, True),
        (TrackSource.SCREEN_SHARE_AUDIO, TrackType.VIDEO, False),
        (TrackSource.MICROPHONE, TrackType.AUDIO, False),
        (TrackSource.UNKNOWN, TrackType.AUDIO, False),
    ],
)
def test_a_voice_does_not_come_under_the_name_of_a_camera(
    source: TrackSource, kind: TrackType, is_allowed: bool
) -> None:
    sources = frozenset({TrackSource.CAMERA, TrackSource.SCREEN_SHARE_AUDIO})
    assert VideoGrants(can_publish_sources=sources).may_publish(source, kind) is is_allowed
    assert VideoGrants().may_publish(source, kind), "who may publish everything names it as they like"


def test_no_claim_allows_no_room() -> None:
    assert parse_grants(None) == VideoGrants()
    assert not VideoGrants().room_join


def test_null_is_absent() -> None:
    assert parse_grants({"canPublish": None, "canPublishSources": None}) == VideoGrants()


_BOOLEANS = [one.name for one in fields(VideoGrants) if one.type == "bool"]


@given(
    st.fixed_dictionaries({name: st.booleans() for name in _BOOLEANS}),
    st.frozensets(st.sampled_from(list(SOURCES.values()))),
    st.text("abc", max_size=3),
)
def test_claim_round_trip(flags: dict[str, bool], sources: frozenset[TrackSource], room: str) -> None:
    grants = replace(VideoGrants(room=room, can_publish_sources=sources), **flags)  # type: ignore[arg-type]  # only flags
    assert parse_grants(grants_claim(grants)) == grants


@given(st.fixed_dictionaries({name: st.booleans() for name in _BOOLEANS}))
def test_permission_round_trip_leaves_room_rights_alone(flags: dict[str, bool]) -> None:
    grants = replace(VideoGrants(room="lesson"), **flags)  # type: ignore[arg-type]  # only flags
    other = VideoGrants(
        room="lesson",
        room_join=grants.room_join,
        room_admin=grants.room_admin,
        room_create=grants.room_create,
        room_list=grants.room_list,
        room_record=grants.room_record,
    )
    assert other.with_permission(grants.to_permission()) == grants


def test_permission_replaces_as_a_whole() -> None:
    grants = VideoGrants(room="lesson", room_join=True, hidden=True)
    changed = grants.with_permission(
        ParticipantPermission(can_subscribe=True, can_publish_sources=[TrackSource.CAMERA])
    )
    assert (changed.can_subscribe, changed.can_publish, changed.can_publish_data, changed.hidden) == (
        True,
        False,
        False,
        False,
    )
    assert changed.can_publish_sources == {TrackSource.CAMERA}
    assert changed.room_join
