"""Who receives which track: auto-subscribe, wishes, the publisher's permission, layer settings."""

from __future__ import annotations

import pytest
from livekit.protocol.models import SubscriptionError, TrackSource
from livekit.protocol.rtc import SubscriptionPermission, TrackPermission, UpdateTrackSettings

from server.rooms import rights
from server.rooms.grants import VideoGrants
from server.rooms.policy import is_subscription_permitted, stream_name
from server.sfu.description import LayerWish, VideoQuality
from tests.fakes.rooms import RoomLab

GRANTS = VideoGrants(room="class", room_join=True)


def test_people_receive_what_others_publish_before_and_after_they_come() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    early = lab.publish(ana)
    ben, link = lab.enter("ben")
    late = lab.publish(ana, TrackSource.MICROPHONE)
    assert set(ben.subscriptions) == {early.sid, late.sid}
    assert not ana.subscriptions
    assert link.refreshes >= 2


def test_without_auto_subscribe_nothing_comes_until_asked() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    publication = lab.publish(ana)
    ben, link = lab.enter("ben", auto_subscribe=False)
    assert not ben.subscriptions
    lab.room.subscriptions.request(ben, [publication.sid], True)
    assert list(ben.wanted_subscriptions())
    lab.room.subscriptions.request(ben, [publication.sid], False)
    assert not list(ben.wanted_subscriptions())
    assert link.refreshes >= 2


def test_an_unknown_track_is_answered_and_the_wish_waits_for_it() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, link = lab.enter("ben", auto_subscribe=False)
    lab.room.subscriptions.request(ben, ["TR_nope"], True)
    answer = next(link.of_kind("subscription_response")).subscription_response
    assert (answer.track_sid, answer.err) == ("TR_nope", SubscriptionError.SE_TRACK_NOTFOUND)
    lab.publish(ana)
    assert not ben.subscriptions


def test_an_explicit_no_wins_over_auto_subscribe_when_the_track_comes_again() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, _ = lab.enter("ben")
    publication = lab.publish(ana)
    lab.room.subscriptions.request(ben, [publication.sid], False)
    assert not ben.may_auto_subscribe(publication)


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (None, True),
        (SubscriptionPermission(all_participants=True), True),
        (SubscriptionPermission(), False),
        (
            SubscriptionPermission(track_permissions=[TrackPermission(participant_identity="ben", all_tracks=True)]),
            True,
        ),
        (
            SubscriptionPermission(track_permissions=[TrackPermission(participant_identity="eve", all_tracks=True)]),
            False,
        ),
        (
            SubscriptionPermission(track_permissions=[TrackPermission(participant_sid="PA_b", track_sids=["TR_1"])]),
            True,
        ),
        (
            SubscriptionPermission(track_permissions=[TrackPermission(participant_sid="PA_b", track_sids=["TR_2"])]),
            False,
        ),
        (SubscriptionPermission(track_permissions=[TrackPermission(all_tracks=True)]), False),
    ],
)
def test_permission_by_identity_sid_and_track(permission: SubscriptionPermission | None, expected: bool) -> None:
    permitted = is_subscription_permitted(permission, identity="ben", participant_sid="PA_b", track_sid="TR_1")
    assert permitted is expected


def test_taking_the_permission_acts_on_running_tracks_and_tells_the_subscriber() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, link = lab.enter("ben")
    publication = lab.publish(ana)
    before = link.refreshes
    lab.room.subscriptions.set_permission(ana, SubscriptionPermission())
    assert not list(ben.wanted_subscriptions())
    told = [m.subscription_permission_update for m in link.of_kind("subscription_permission_update")]
    assert [(t.track_sid, t.allowed) for t in told] == [(publication.sid, False)]
    assert link.refreshes > before
    lab.room.subscriptions.set_permission(ana, SubscriptionPermission(all_participants=True))
    assert list(ben.wanted_subscriptions())


def test_a_size_wins_over_the_quality_that_then_reads_zero() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, _ = lab.enter("ben")
    publication = lab.publish(ana)
    settings = UpdateTrackSettings(track_sids=[publication.sid], width=320, height=180, fps=15)
    lab.room.subscriptions.apply_settings(ben, settings)
    wish = ben.subscriptions[publication.sid].wish
    assert wish == LayerWish(enabled=True, quality=VideoQuality.HIGH, width=320, height=180, fps=15)
    lab.room.subscriptions.apply_settings(ben, UpdateTrackSettings(track_sids=[publication.sid], disabled=True))
    assert not ben.subscriptions[publication.sid].wish.enabled


def test_losing_the_right_to_subscribe_ends_all_media_at_once() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, link = lab.enter("ben")
    lab.publish(ana)
    rights.set_grants(lab.room, ben, VideoGrants(room="class", room_join=True, can_subscribe=False))
    assert not list(ben.wanted_subscriptions())
    assert not link.last_seen("ben").permission.can_subscribe
    rights.set_grants(lab.room, ben, GRANTS)
    assert len(list(ben.wanted_subscriptions())) == 1


def test_losing_the_right_to_publish_ends_only_the_forbidden_sources() -> None:
    lab = RoomLab()
    ana, link = lab.enter("ana")
    _, ben = lab.enter("ben")
    camera = lab.publish(ana, TrackSource.CAMERA)
    microphone = lab.publish(ana, TrackSource.MICROPHONE)
    only_mic = VideoGrants(room="class", room_join=True, can_publish_sources=frozenset({TrackSource.MICROPHONE}))
    rights.set_grants(lab.room, ana, only_mic)
    assert list(ana.publications) == [microphone.sid]
    assert [m.track_unpublished.track_sid for m in link.of_kind("track_unpublished")] == [camera.sid]
    assert link.stopped == [camera.sid]
    assert [t.sid for t in ben.last_seen("ana").tracks] == [microphone.sid]


def test_an_attribute_set_to_nothing_is_deleted() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    rights.set_profile(lab.room, ana, name="Ana L.", attributes={"hand": "up", "side": "tw"})
    rights.set_profile(lab.room, ana, attributes={"hand": ""})
    seen = ben.last_seen("ana")
    assert (seen.name, dict(seen.attributes)) == ("Ana L.", {"side": "tw"})


@pytest.mark.parametrize(
    ("requested", "source", "expected"),
    [
        ("", TrackSource.CAMERA, "camera"),
        ("", TrackSource.MICROPHONE, "camera"),
        ("", TrackSource.SCREEN_SHARE, "screen"),
        ("", TrackSource.SCREEN_SHARE_AUDIO, "screen"),
        ("board", TrackSource.SCREEN_SHARE, "board"),
    ],
)
def test_tracks_of_one_source_share_a_stream(requested: str, source: TrackSource, expected: str) -> None:
    assert stream_name(requested, source) == expected
