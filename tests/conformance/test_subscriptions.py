"""Who receives what: manual subscription, the publisher's permission, layers, and what a right taken away stops."""

from __future__ import annotations

import functools

from livekit import api, rtc

from tests.conformance.client import Client
from tests.conformance.meeting import Meeting
from tests.conformance.meter import VideoMeter
from tests.conformance.wait import stays, until

VIDEO, AUDIO = rtc.TrackKind.KIND_VIDEO, rtc.TrackKind.KIND_AUDIO
# Longer than a subscription takes on the slowest link here; nothing tells that one will never come.
NEVER_S = 1.0


async def frames_stop(client: Client, identity: str) -> None:
    """No more frames are decoded: the count stands still for a while."""
    meter = client.video[identity]
    seen = -1

    def stands() -> bool:
        nonlocal seen
        before, seen = seen, meter.frames
        return before == seen

    # 20 frames/s are sent: half a second of looks without one is a stop, and the guard gives it time to come about.
    count = 0

    def long_enough() -> bool:
        nonlocal count
        count = count + 1 if stands() else 0
        return count >= 25

    await until(long_enough, lambda: f"{client.identity} still decodes {identity}: {meter.frames}")


async def test_subscribe_and_unsubscribe_by_hand(meeting: Meeting) -> None:
    lin = await meeting.join("lin")
    ortega = await meeting.join("ortega", auto_subscribe=False)
    await lin.show(code=1)
    await lin.sing()
    video, audio = await ortega.publication("lin", VIDEO), await ortega.publication("lin", AUDIO)
    await stays(lambda: not ortega.video and not ortega.audio, "a track came that nobody asked for", NEVER_S)
    video.set_subscribed(True)
    await ortega.sees_frames("lin", code=1)
    assert not ortega.audio
    audio.set_subscribed(True)
    await ortega.hears("lin")
    video.set_subscribed(False)
    await ortega.event("track_unsubscribed", lambda _, publication, __: publication.kind == VIDEO)
    mark = len(ortega.events)
    video.set_subscribed(True)
    await ortega.event("track_subscribed", lambda _, publication, __: publication.kind == VIDEO, since=mark)
    await ortega.sees_frames("lin", code=1)


async def test_publisher_decides_who_may_subscribe(meeting: Meeting) -> None:
    lin, ortega, chen = await meeting.join_all("lin", "ortega", "chen")
    await lin.show(code=1)
    await ortega.sees_frames("lin")
    await chen.sees_frames("lin")
    allowed = rtc.ParticipantTrackPermission(participant_identity="ortega", allow_all=True)
    lin.me.set_track_subscription_permissions(allow_all_participants=False, participant_permissions=[allowed])
    await frames_stop(chen, "lin")
    await ortega.sees_frames("lin")
    lin.me.set_track_subscription_permissions(allow_all_participants=True)
    await chen.sees_frames("lin", code=1)


async def test_server_subscribes_and_unsubscribes(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    camera = await lin.show(code=1)
    await ortega.sees_frames("lin")

    async def subscribe(wanted: bool) -> None:
        await meeting.api.room.update_subscriptions(
            api.UpdateSubscriptionsRequest(
                room=meeting.room, identity="ortega", track_sids=[camera.sid], subscribe=wanted
            )
        )

    # The native SDK announces only its own unsubscribing; the pictures are the judge.
    await subscribe(False)
    await frames_stop(ortega, "lin")
    await subscribe(True)
    await ortega.sees_frames("lin", code=1)


async def test_layer_follows_the_wish_of_the_subscriber(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1, width=960, height=540, is_simulcast=True)
    publication = await ortega.publication("lin", VIDEO)
    meter = await ortega.sees_frames("lin", code=1)
    widths = {"LOW": 320, "HIGH": 960, "MEDIUM": 640}
    for name, width in widths.items():
        publication.set_video_quality(rtc.VideoQuality.Value(f"VIDEO_QUALITY_{name}"))
        await size_is(meter, width)
        await ortega.sees_frames("lin", code=1)


async def size_is(meter: VideoMeter, width: int) -> None:
    await until(lambda: meter.size[0] == width, lambda: f"width {width}: {dict(meter.sizes)}")


async def test_subscribe_right_taken_and_given_again(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await ortega.sees_frames("lin")
    await permit(meeting, "ortega", can_subscribe=False)
    await frames_stop(ortega, "lin")
    await permit(meeting, "ortega", can_subscribe=True)
    await ortega.sees_frames("lin", code=1)


async def test_publish_right_taken_stops_running_tracks(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await lin.sing()
    await ortega.sees_frames("lin")
    await ortega.hears("lin")
    await permit(meeting, "lin", can_publish=False)
    for kind in (VIDEO, AUDIO):
        await ortega.event("track_unpublished", functools.partial(_is_kind, kind))
    changed = await lin.event("participant_permissions_changed")
    assert not changed.args[1].can_publish
    assert ortega.other("lin").track_publications == {}
    await permit(meeting, "lin", can_subscribe=True)
    await lin.event("participant_permissions_changed", lambda _, rights: rights.can_publish)
    await lin.show(code=5)
    await ortega.sees_frames("lin", code=5)


async def test_only_the_allowed_sources_stay(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await lin.sing()
    await ortega.sees_frames("lin")
    await permit(meeting, "lin", sources=(api.TrackSource.MICROPHONE,))
    await ortega.event("track_unpublished", lambda publication, _: publication.kind == VIDEO)
    await ortega.hears("lin")
    assert [publication.kind for publication in ortega.other("lin").track_publications.values()] == [AUDIO]


def _is_kind(kind: int, publication: rtc.RemoteTrackPublication, _: rtc.RemoteParticipant) -> bool:
    return publication.kind == kind


async def permit(
    meeting: Meeting,
    identity: str,
    *,
    can_publish: bool = True,
    can_subscribe: bool = True,
    sources: tuple[api.TrackSource, ...] = (),
) -> None:
    rights = api.ParticipantPermission(
        can_publish=can_publish, can_subscribe=can_subscribe, can_publish_data=True, can_publish_sources=sources
    )
    await meeting.api.room.update_participant(
        api.UpdateParticipantRequest(room=meeting.room, identity=identity, permission=rights)
    )
