"""Signalling lost and found again: resume keeps everything, a full restart leaves no ghost, pictures go on."""

from __future__ import annotations

from livekit import api, rtc

from tests.conformance.client import Client
from tests.conformance.meeting import Meeting
from tests.conformance.signal_proxy import SignalProxy
from tests.conformance.test_data import count_is, payloads
from tests.conformance.wait import until


async def pair_with_media(meeting: Meeting) -> tuple[Client, SignalProxy, Client, SignalProxy]:
    """Two clients, each behind a proxy of its own, who see and hear one another."""
    near, far = await meeting.proxy(), await meeting.proxy()
    lin, ortega = await meeting.join("lin", via=near), await meeting.join("ortega", via=far)
    await lin.show(code=1)
    await ortega.show(code=2)
    await lin.sing(440)
    await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    await ortega.hears("lin")
    return lin, near, ortega, far


async def cut_and_resume(client: Client, proxy: SignalProxy) -> None:
    mark = len(client.events)
    assert proxy.cut(), "there was no signalling to cut"
    await client.event("reconnected", since=mark)
    assert proxy.connections[-1] == "resume"


async def test_publisher_resumes_and_nobody_notices(meeting: Meeting) -> None:
    lin, near, ortega, _ = await pair_with_media(meeting)
    sid, tracks = lin.me.sid, set(ortega.other("lin").track_publications)
    mark = len(ortega.events)
    await cut_and_resume(lin, near)
    await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    await ortega.hears("lin")
    assert lin.me.sid == sid
    assert ortega.other("lin").sid == sid
    assert set(ortega.other("lin").track_publications) == tracks
    noticed = {event.name for event in ortega.events[mark:]}
    assert not noticed & {
        "participant_disconnected",
        "track_unpublished",
        "track_unsubscribed",
        "participant_connected",
    }


async def test_subscriber_resumes_and_keeps_its_tracks(meeting: Meeting) -> None:
    lin, _, ortega, far = await pair_with_media(meeting)
    meter = ortega.video["lin"]
    await cut_and_resume(ortega, far)
    await ortega.sees_frames("lin", code=1)
    assert ortega.video["lin"] is meter, "the track was replaced by a new one"
    # The session is whole again: a new publication arrives, a published one can be added.
    await lin.show(code=3, source=rtc.TrackSource.SOURCE_SCREENSHARE)
    await until(lambda: ortega.video["lin"] is not meter, "the screen share arrived")
    await ortega.sees_frames("lin", code=3)


async def test_media_flows_while_signalling_is_away(meeting: Meeting) -> None:
    lin, near, ortega, far = await pair_with_media(meeting)
    marks = len(lin.events), len(ortega.events)
    near.hold()
    far.hold()
    await lin.event("reconnecting", since=marks[0])
    await ortega.sees_frames("lin", code=1)
    await lin.sees_frames("ortega", code=2)
    near.release()
    far.release()
    await lin.event("reconnected", since=marks[0])
    await ortega.event("reconnected", since=marks[1])
    await ortega.sees_frames("lin", code=1)
    await ortega.hears("lin")


async def test_what_was_missed_is_told_after_resuming(meeting: Meeting) -> None:
    far = await meeting.proxy()
    lin, chen = await meeting.join_all("lin", "chen")
    ortega = await meeting.join("ortega", via=far)
    await ortega.sees("chen")
    mark = len(ortega.events)
    far.hold()
    await ortega.event("reconnecting", since=mark)
    await lin.me.set_metadata("changed meanwhile")
    await lin.show(code=6)
    await chen.room.disconnect()
    await lin.event("participant_disconnected", lambda who: who.identity == "chen")
    await meeting.join("dina")
    far.release()
    await ortega.event("reconnected", since=mark)
    assert far.connections[-1] == "resume"
    await ortega.sees("dina")
    await until(lambda: ortega.other("lin").metadata == "changed meanwhile", "the missed metadata came")
    await until(lambda: "chen" not in ortega.room.remote_participants, "the missed leave came")
    await ortega.sees_frames("lin", code=6)


async def test_reliable_data_arrives_exactly_once_over_a_resume(meeting: Meeting) -> None:
    near, far = await meeting.proxy(), await meeting.proxy()
    lin, ortega = await meeting.join("lin", via=near), await meeting.join("ortega", via=far)
    await ortega.sees("lin")
    await lin.sees("ortega")
    sent = [f"{number}".encode() for number in range(60)]
    for number, payload in enumerate(sent):
        if number == 20:
            near.cut()
        if number == 40:
            far.cut()
        await lin.me.publish_data(payload, topic="row")
        await ortega.me.publish_data(payload, topic="row")
    for client in (lin, ortega):
        await client.event("reconnected")
        await count_is(client, "row", len(sent))
    # A fence each way: whatever is replayed wrongly would come before it.
    await lin.me.publish_data(b"fence", topic="row")
    await ortega.me.publish_data(b"fence", topic="row")
    for client in (lin, ortega):
        await count_is(client, "row", len(sent) + 1)
        assert payloads(client, "row") == [*sent, b"fence"]


async def test_full_restart_leaves_no_ghost(meeting: Meeting) -> None:
    lin, near, ortega, _ = await pair_with_media(meeting)
    old_sid, old_tracks = lin.me.sid, set(ortega.other("lin").track_publications)
    near.refuses_resume = True
    mark = len(lin.events)
    near.cut()
    await lin.event("reconnected", since=mark)
    assert near.refused_resumes
    assert near.connections[-1] == "join"
    await until(lambda: set(ortega.other("lin").track_publications) - old_tracks, "new publications of lin")
    await ortega.sees_frames("lin", code=1)
    await ortega.hears("lin")
    await lin.sees_frames("ortega", code=2)
    assert list(ortega.room.remote_participants) == ["lin"]
    await until(lambda: len(ortega.other("lin").track_publications) == 2, "the old publications are gone")
    assert not set(ortega.other("lin").track_publications) & old_tracks
    listed = await meeting.api.room.list_participants(api.ListParticipantsRequest(room=meeting.room))
    lins = [participant for participant in listed.participants if participant.identity == "lin"]
    assert len(lins) == 1
    assert lins[0].sid != old_sid


async def test_same_identity_again_takes_over(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await ortega.sees_frames("lin", code=1)
    again = await meeting.join("lin")
    gone = await lin.event("disconnected")
    assert gone.args[0] == rtc.DisconnectReason.DUPLICATE_IDENTITY
    await again.show(code=4)
    await until(
        lambda: (seen := ortega.room.remote_participants.get("lin")) is not None and seen.sid == again.me.sid,
        "ortega sees the new lin",
    )
    await until(lambda: ortega.video["lin"].code == 4, "the new picture came")
    await ortega.sees_frames("lin", code=4)
    assert list(ortega.room.remote_participants) == ["lin"]
    assert again.room.isconnected()
