"""Webhooks that livekit-api's own receiver accepts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo, Room, TrackInfo

from server.rooms.events import RoomEventKind
from server.rooms.webhook import build_event, sign

KEY, SECRET = "APIkey", "a secret of more than thirty-two characters"


def receiver(secret: str = SECRET) -> api.WebhookReceiver:
    return api.WebhookReceiver(api.TokenVerifier(KEY, secret))


@pytest.mark.parametrize("kind", RoomEventKind)
def test_livekits_receiver_accepts_it(kind: RoomEventKind) -> None:
    now = datetime.now(UTC)
    event = build_event(
        kind,
        now=now,
        room=Room(sid="RM_x", name="課堂"),
        participant=ParticipantInfo(sid="PA_x", identity="lin", name="林老師"),
        track=TrackInfo(sid="TR_x"),
    )
    signed = sign(event, key=KEY, secret=SECRET, now=now)
    received = receiver().receive(signed.body.decode(), signed.authorization)
    assert received == event
    assert (received.event, received.room.name, received.participant.identity) == (kind.value, "課堂", "lin")
    assert received.created_at == int(now.timestamp())


def test_changed_body_or_other_secret_is_not_accepted() -> None:
    now = datetime.now(UTC)
    signed = sign(
        build_event(RoomEventKind.ROOM_STARTED, now=now, room=Room(name="a")), key=KEY, secret=SECRET, now=now
    )
    with pytest.raises(Exception, match="hash mismatch"):
        receiver().receive(signed.body.decode().replace('"a"', '"b"'), signed.authorization)
    with pytest.raises(Exception, match=r"[Ss]ignature"):
        receiver("x" * 40).receive(signed.body.decode(), signed.authorization)


def test_event_is_a_copy_with_an_id_of_its_own() -> None:
    room = Room(name="before")
    now = datetime.now(UTC)
    first = build_event(RoomEventKind.ROOM_STARTED, now=now, room=room)
    second = build_event(RoomEventKind.ROOM_STARTED, now=now, room=room)
    room.name = "after"
    assert first.room.name == "before"
    assert first.id != second.id
