"""What people in a room learn of one another, and when a room ends."""

from __future__ import annotations

from livekit.protocol.models import DisconnectReason, ParticipantInfo, TrackSource
from livekit.protocol.rtc import LeaveRequest

from server.rooms.grants import VideoGrants
from server.rooms.room import RoomSettings
from tests.fakes.rooms import RoomLab

State = ParticipantInfo.State


def test_a_newcomer_is_announced_to_those_who_are_there() -> None:
    lab = RoomLab()
    _, ana = lab.enter("ana")
    lab.enter("ben")
    assert ana.last_seen("ben").state == State.ACTIVE
    assert [info.identity for info in lab.room.others(lab.person("ben"))] == ["ana"]


def test_a_hidden_participant_is_known_to_nobody_but_sees_everybody() -> None:
    lab = RoomLab()
    ana, ana_link = lab.enter("ana")
    ghost, ghost_link = lab.enter("ghost", VideoGrants(room="class", room_join=True, hidden=True))
    lab.publish(ghost)
    lab.publish(ana)
    told = {info.identity for m in ana_link.of_kind("update") for info in m.update.participants}
    assert "ghost" not in told
    assert lab.room.others(ana) == []
    assert [info.identity for info in lab.room.others(ghost)] == ["ana"]
    assert lab.room.info().num_participants == 1
    assert not ana.subscriptions
    assert len(ghost.subscriptions) == 1
    assert ghost_link.last_seen("ana").tracks


def test_every_change_of_a_participant_has_a_newer_version() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    _, ben = lab.enter("ben")
    publication = lab.publish(ana, TrackSource.MICROPHONE)
    lab.room.set_muted(publication, True, by_server=False)
    lab.room.unpublish(publication, notify_owner=False)
    versions = [i.version for m in ben.of_kind("update") for i in m.update.participants if i.identity == "ana"]
    assert len(versions) == 3
    assert versions == sorted(set(versions))


def test_the_track_is_announced_before_its_subscribers_negotiate() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, link = lab.enter("ben")
    seen_at_refresh: list[int] = []
    link.refresh_subscriptions = lambda: seen_at_refresh.append(len(link.last_seen("ana").tracks))  # type: ignore[method-assign]  # spy
    lab.publish(ana)
    assert seen_at_refresh == [1]
    assert len(ben.subscriptions) == 1


def test_leaving_ends_tracks_and_subscriptions_and_is_idempotent() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, ben_link = lab.enter("ben")
    publication = lab.publish(ana)
    lab.publish(ben)
    assert publication.up is not None
    lab.room.leave(ana, DisconnectReason.CLIENT_INITIATED)
    lab.room.leave(ana, DisconnectReason.ROOM_DELETED)
    assert publication.up.is_closed
    assert not ben.subscriptions
    assert not ana.subscriptions
    last = ben_link.last_seen("ana")
    assert last.state == State.DISCONNECTED
    assert last.disconnect_reason == DisconnectReason.CLIENT_INITIATED
    assert [name for name, who in lab.events.seen if who == "ana"] == [
        "participant_joined",
        "track_published",
        "track_unpublished",
        "participant_left",
    ]


def test_an_older_namesake_who_leaves_late_does_not_remove_the_newer() -> None:
    lab = RoomLab()
    old, _ = lab.enter("ana")
    new, _ = lab.enter("ana")
    lab.room.leave(old, DisconnectReason.DUPLICATE_IDENTITY)
    assert lab.person("ana") is new


def test_who_left_while_somebody_was_away_is_told_unless_back_again() -> None:
    lab = RoomLab()
    ana, _ = lab.enter("ana")
    ben, _ = lab.enter("ben")
    lab.clock.advance(seconds=5)
    away_since = lab.clock.monotonic_us()
    lab.room.leave(ana, DisconnectReason.CLIENT_INITIATED)
    lab.room.leave(ben, DisconnectReason.CLIENT_INITIATED)
    lab.enter("ben")
    assert [info.identity for info in lab.room.departed_since(away_since)] == ["ana"]
    assert lab.room.departed_since(away_since + 1) == []


def test_a_room_expires_by_the_timeout_that_fits() -> None:
    lab = RoomLab(RoomSettings(empty_timeout_s=300, departure_timeout_s=20))
    now = lab.clock.monotonic_us
    lab.clock.advance(seconds=299)
    assert not lab.room.is_expired(now())
    lab.clock.advance(seconds=1)
    assert lab.room.is_expired(now())
    ana, _ = lab.enter("ana")
    assert not lab.room.is_expired(now())
    lab.room.leave(ana, DisconnectReason.CLIENT_INITIATED)
    lab.clock.advance(seconds=19)
    assert not lab.room.is_expired(now())
    lab.clock.advance(seconds=1)
    assert lab.room.is_expired(now())


def test_seats_are_limited_but_hidden_people_take_none() -> None:
    lab = RoomLab(RoomSettings(max_participants=2))
    lab.enter("ana")
    lab.enter("recorder", VideoGrants(room="class", room_join=True, hidden=True))
    assert not lab.room.is_full
    lab.enter("ben")
    assert lab.room.is_full


def test_closing_tells_everybody_and_finishes_once() -> None:
    lab = RoomLab()
    _, ana = lab.enter("ana")
    lab.room.close(DisconnectReason.ROOM_DELETED)
    lab.room.close(DisconnectReason.ROOM_DELETED)
    assert ana.left == (DisconnectReason.ROOM_DELETED, LeaveRequest.Action.DISCONNECT)
    assert [name for name, _ in lab.events.seen].count("room_finished") == 1
    assert not lab.room.participants


def test_a_mute_by_the_server_reaches_the_owner_and_stops_the_media() -> None:
    lab = RoomLab()
    ana, ana_link = lab.enter("ana")
    _, ben_link = lab.enter("ben")
    publication = lab.publish(ana, TrackSource.MICROPHONE)
    lab.room.set_muted(publication, True, by_server=True)
    told = next(ana_link.of_kind("mute"))
    assert (told.mute.sid, told.mute.muted) == (publication.sid, True)
    assert ben_link.last_seen("ana").tracks[0].muted
