"""Webhooks: signed as LiveKit signs them, all six kinds, in the order of what happened."""

from __future__ import annotations

import pytest
from livekit import api
from livekit.protocol.webhook import WebhookEvent

from tests.conformance.meeting import Meeting
from tests.conformance.wait import until
from tests.conformance.webhook_sink import WebhookSink

pytestmark = pytest.mark.needs_webhooks


def seen(sink: WebhookSink, meeting: Meeting) -> list[WebhookEvent]:
    return sink.events(meeting.target.key, meeting.target.secret, meeting.room)


def names(sink: WebhookSink, meeting: Meeting) -> list[str]:
    return [event.event for event in seen(sink, meeting)]


async def test_all_six_in_order(plain_meeting: Meeting, webhook_sink: WebhookSink) -> None:
    lin = await plain_meeting.join("lin", name="Ms. Lin", metadata="m")
    camera = await lin.show()
    ortega = await plain_meeting.join("ortega")
    await ortega.sees_frames("lin")
    await lin.me.unpublish_track(camera.sid)
    await until(lambda: "track_unpublished" in names(webhook_sink, plain_meeting), "track_unpublished was sent")
    await lin.room.disconnect()
    await until(lambda: "participant_left" in names(webhook_sink, plain_meeting), "participant_left was sent")
    await plain_meeting.api.room.delete_room(api.DeleteRoomRequest(room=plain_meeting.room))
    await until(lambda: names(webhook_sink, plain_meeting)[-1:] == ["room_finished"], "room_finished was sent")

    events = seen(webhook_sink, plain_meeting)
    of_lin = [event.event for event in events if event.participant.identity in ("lin", "")]
    assert of_lin == [
        "room_started",
        "participant_joined",
        "track_published",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ]
    of_ortega = [event.event for event in events if event.participant.identity == "ortega"]
    assert of_ortega == ["participant_joined", "participant_left"]
    assert len({event.id for event in events}) == len(events)
    assert len({event.room.sid for event in events}) == 1
    assert all(event.id and event.created_at for event in events)
    joined = next(event for event in events if event.event == "participant_joined")
    assert (joined.participant.name, joined.participant.metadata) == ("Ms. Lin", "m")
    assert joined.participant.sid == lin.me.sid
    published = next(event for event in events if event.event == "track_published")
    assert published.track.sid == camera.sid
    assert published.track.source == api.TrackSource.CAMERA
    assert published.participant.identity == "lin"
    assert set(webhook_sink.content_types) == {"application/webhook+json"}


async def test_failed_delivery_is_repeated_in_order(plain_meeting: Meeting, webhook_sink: WebhookSink) -> None:
    webhook_sink.fail_next = 2
    lin = await plain_meeting.join("lin")
    await until(lambda: names(webhook_sink, plain_meeting) == ["room_started", "participant_joined"], "both came")
    await lin.room.disconnect()
    await until(lambda: names(webhook_sink, plain_meeting)[-1] == "participant_left", "participant_left came")
    assert names(webhook_sink, plain_meeting) == ["room_started", "participant_joined", "participant_left"]
