"""What a token allows is what happens: publishing, sources, subscribing, being seen, joining at all."""

from __future__ import annotations

import asyncio
import datetime

import jwt
import pytest
from livekit import api, rtc
from livekit.rtc.participant import PublishTrackError
from livekit.rtc.room import ConnectError

from tests.conformance.meeting import Meeting
from tests.conformance.wait import stays, until_async

# Longer than a subscription takes on the slowest link here; nothing tells that one will never come.
NEVER_S = 1.0


async def test_forbidden_publishing_is_refused(plain_meeting: Meeting) -> None:
    mute = await plain_meeting.join("mute", grants=plain_meeting.full_grants(can_publish=False))
    voice = await plain_meeting.join("voice", grants=plain_meeting.full_grants(can_publish_sources=["microphone"]))
    ortega = await plain_meeting.join("ortega")
    await ortega.sees("mute")
    await ortega.sees("voice")
    assert not mute.me.permissions.can_publish
    # The native SDK waits ten seconds before it gives a refused publication up: both at once.
    results = await asyncio.gather(mute.show(), voice.show(), return_exceptions=True)
    assert [type(result) for result in results] == [PublishTrackError, PublishTrackError]
    await voice.sing()
    await ortega.hears("voice")
    kinds = [publication.kind for publication in ortega.other("voice").track_publications.values()]
    assert kinds == [rtc.TrackKind.KIND_AUDIO]
    assert ortega.other("mute").track_publications == {}
    await ortega.show(code=2)
    await mute.sees_frames("ortega", code=2)


async def test_without_subscribe_nothing_is_received(meeting: Meeting) -> None:
    lin = await meeting.join("lin")
    ortega = await meeting.join("ortega", grants=meeting.full_grants(can_subscribe=False))
    chen = await meeting.join("chen")
    await lin.show(code=1)
    await chen.sees_frames("lin", code=1)
    await stays(lambda: not ortega.video, "a track came without the right to it", NEVER_S)
    await ortega.show(code=2)
    await lin.sees_frames("ortega", code=2)


async def test_hidden_one_sees_and_is_not_seen(meeting: Meeting) -> None:
    lin = await meeting.join("lin")
    ghost = await meeting.join("ghost", grants=meeting.full_grants(hidden=True, can_publish=False))
    await lin.show(code=1)
    await ghost.sees_frames("lin", code=1)
    late = await meeting.join("late")
    await lin.sees("late")
    await ghost.sees("late")
    assert "ghost" not in lin.room.remote_participants
    assert "ghost" not in late.room.remote_participants
    await ghost.room.disconnect()
    await late.room.disconnect()
    await lin.event("participant_disconnected", lambda who: who.identity == "late")
    assert not lin.find("participant_disconnected", lambda who: who.identity == "ghost")


async def refused(meeting: Meeting, token: str) -> str:
    with pytest.raises(ConnectError) as error:
        await meeting.join("x", token=token)
    return error.value.message


async def test_tokens_that_do_not_admit(plain_meeting: Meeting) -> None:
    target, room = plain_meeting.target, plain_meeting.room
    grants = plain_meeting.full_grants()
    now = datetime.datetime.now(datetime.UTC)

    def signed(secret: str, **claims: object) -> str:
        base = {"iss": target.key, "sub": "x", "exp": now + datetime.timedelta(hours=1)}
        video = {"roomJoin": True, "room": room}
        return jwt.encode({**base, "video": video, **claims}, secret, algorithm="HS256")

    bad = {
        "expired": signed(target.secret, exp=now - datetime.timedelta(hours=1)),
        "not yet valid": signed(target.secret, nbf=now + datetime.timedelta(hours=1)),
        "forged": signed("another-secret-of-more-than-32-characters"),
        "foreign key": signed(target.secret, iss="unknown-key"),
        "unsigned": jwt.encode({"iss": target.key, "sub": "x", "video": {"roomJoin": True, "room": room}}, "", "none"),
        "no join": signed(target.secret, video={"room": room}),
        "no grants": signed(target.secret, video=None),
        "nonsense": "nonsense",
    }
    for name, token in bad.items():
        message = await refused(plain_meeting, token)
        assert "401" in message, (name, message)
    assert "400" in await refused(plain_meeting, signed(target.secret, sub=""))
    assert "400" in await refused(plain_meeting, signed(target.secret, video={"roomJoin": True}))
    admitted = await plain_meeting.join("x", token=signed(target.secret))
    assert admitted.room.name == room
    assert grants.room == room


async def test_full_room_refuses(plain_meeting: Meeting) -> None:
    request = api.CreateRoomRequest(name=plain_meeting.room, max_participants=2)
    await plain_meeting.api.room.create_room(request)
    lin, _ = await plain_meeting.join_all("lin", "ortega")
    await refused(plain_meeting, plain_meeting.token("chen"))
    assert list(lin.room.remote_participants) == ["ortega"]
    # The same person again replaces the old session and needs no third place.
    await plain_meeting.join("ortega")
    await lin.room.disconnect()

    async def has_room() -> bool:
        listed = await plain_meeting.api.room.list_participants(api.ListParticipantsRequest(room=plain_meeting.room))
        return len(listed.participants) == 1

    await until_async(has_room, "her place is free")
    await plain_meeting.join("chen")


async def test_token_configures_the_room_that_it_makes(plain_meeting: Meeting) -> None:
    config = api.RoomConfiguration(max_participants=1, metadata="from the token")
    lin = await plain_meeting.join("lin", room_config=config)
    assert lin.room.metadata == "from the token"
    await refused(plain_meeting, plain_meeting.token("ortega"))
