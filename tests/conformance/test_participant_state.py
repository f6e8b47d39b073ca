"""Name, metadata, attributes, mute and speakers: what one person changes, all the others learn."""

from __future__ import annotations

import contextlib

from livekit import rtc

from tests.conformance.meeting import Meeting
from tests.conformance.wait import until


async def test_token_fields_show_at_everyone(meeting: Meeting) -> None:
    lin = await meeting.join("lin", name="Ms. Lin 林老師", metadata='{"a":1}', attributes={"role": "teacher"})
    ortega = await meeting.join("ortega", name="Mr. Ortega")
    seen = await ortega.sees("lin")
    assert (seen.name, seen.metadata, seen.attributes) == ("Ms. Lin 林老師", '{"a":1}', {"role": "teacher"})
    assert seen.sid.startswith("PA_")
    assert seen.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
    assert (await lin.sees("ortega")).name == "Mr. Ortega"
    assert (lin.me.name, lin.me.metadata) == ("Ms. Lin 林老師", '{"a":1}')
    assert lin.room.name == meeting.room
    assert (await lin.room.sid).startswith("RM_")


async def test_own_name_metadata_and_attributes_change(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega", attributes={"keep": "1", "drop": "2"})
    await lin.me.set_name("林老師")
    await lin.me.set_metadata("on stage")
    await lin.me.set_attributes({"hand": "up", "drop": ""})
    await ortega.event("participant_name_changed", lambda who, old, new: who.identity == "lin" and new == "林老師")
    await ortega.event("participant_metadata_changed", lambda who, old, new: new == "on stage")
    await ortega.event("participant_attributes_changed", lambda changed, who: changed.get("hand") == "up")
    seen = ortega.other("lin")
    assert (seen.name, seen.metadata) == ("林老師", "on stage")
    assert seen.attributes == {"keep": "1", "hand": "up"}
    await until(lambda: lin.me.attributes == {"keep": "1", "hand": "up"}, "lin knows the own attributes")
    late = await meeting.join("late")
    assert (await late.sees("lin")).attributes == {"keep": "1", "hand": "up"}


async def test_without_the_right_own_metadata_stays(meeting: Meeting) -> None:
    lin = await meeting.join("lin", grants=meeting.full_grants(can_update_own_metadata=False), metadata="given")
    ortega = await meeting.join("ortega")
    await ortega.sees("lin")
    # Whether and how the client tells of the refusal is its own; the others are the judge.
    with contextlib.suppress(Exception):
        await lin.me.set_metadata("taken")
    # A later change of another person has come: the refused one would have come before it.
    chen = await meeting.join("chen")
    await chen.me.set_metadata("fence")
    await until(lambda: ortega.room.remote_participants.get("chen"), "ortega sees chen")
    await until(lambda: ortega.other("chen").metadata == "fence", "ortega sees chen's metadata")
    assert ortega.other("lin").metadata == "given"
    assert (await chen.sees("lin")).metadata == "given"


async def test_mute_and_unmute_reach_the_others(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    tone = await lin.sing()
    await ortega.hears("lin")
    assert isinstance(tone.track, rtc.LocalAudioTrack)
    tone.track.mute()
    muted = await ortega.event("track_muted", lambda who, _: who.identity == "lin")
    assert muted.args[1].muted
    await until(lambda: ortega.audio["lin"].share(440) < 0.2, "the tone fell silent")
    mark = len(ortega.events)
    tone.track.unmute()
    await ortega.event("track_unmuted", lambda who, _: who.identity == "lin", since=mark)
    await ortega.hears("lin")


async def test_muted_before_publishing_shows_to_a_late_comer(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    camera = await lin.show(code=3)
    await ortega.sees_frames("lin", code=3)
    camera.track.mute()
    await ortega.event("track_muted")
    late = await meeting.join("late")
    publication = await late.publication("lin", rtc.TrackKind.KIND_VIDEO)
    assert publication.muted
    camera.track.unmute()
    await late.sees_frames("lin", code=3)


async def test_who_speaks_becomes_an_active_speaker(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    tone = await lin.sing()
    await ortega.event("active_speakers_changed", lambda speakers: [who.identity for who in speakers] == ["lin"])
    await lin.event("active_speakers_changed", lambda speakers: [who.identity for who in speakers] == ["lin"])
    mark = len(ortega.events)
    tone.track.mute()
    await ortega.event("active_speakers_changed", lambda speakers: not speakers, since=mark)


async def test_quality_of_a_good_link_is_excellent(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await ortega.sees_frames("lin")
    # Before the first report both sides show a provisional value; a report for the publisher must come and be good.
    await until(
        lambda: (
            lin.me.connection_quality == rtc.ConnectionQuality.QUALITY_EXCELLENT
            and ortega.other("lin").connection_quality == rtc.ConnectionQuality.QUALITY_EXCELLENT
        ),
        lambda: f"own {lin.me.connection_quality!r}, as seen {ortega.other('lin').connection_quality!r}",
    )


async def test_leaving_shows_with_its_reason(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show()
    await ortega.sees_frames("lin")
    await lin.room.disconnect()
    left = await ortega.event("participant_disconnected", lambda who: who.identity == "lin")
    assert left.args[0].disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED
    assert ortega.find("track_unpublished") or ortega.find("track_unsubscribed")
    assert "lin" not in ortega.room.remote_participants


async def test_late_comer_gets_everything_that_is_published(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show(code=1)
    await lin.sing(440)
    await ortega.show(code=2)
    await ortega.sees_frames("lin")
    late = await meeting.join("late")
    await late.sees_frames("lin", code=1)
    await late.sees_frames("ortega", code=2)
    await late.hears("lin", 440)


async def test_unpublish_and_publish_again(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    first = await lin.show(code=1)
    await ortega.sees_frames("lin", code=1)
    await lin.me.unpublish_track(first.sid)
    gone = await ortega.event("track_unpublished", lambda _, who: who.identity == "lin")
    assert gone.args[0].sid == first.sid
    second = await lin.show(code=4)
    assert second.sid != first.sid
    await ortega.event("track_subscribed", lambda _, publication, __: publication.sid == second.sid)
    await ortega.sees_frames("lin", code=4)
