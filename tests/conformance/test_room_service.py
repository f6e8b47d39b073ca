"""The server API as livekit-api calls it: what it answers, what it changes in the room, how it refuses."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from livekit import api, rtc

from tests.conformance.meeting import Meeting
from tests.conformance.wait import until, until_async

Gone = rtc.DisconnectReason


async def listed(meeting: Meeting) -> api.Room | None:
    answer = await meeting.api.room.list_rooms(api.ListRoomsRequest(names=[meeting.room]))
    return answer.rooms[0] if answer.rooms else None


async def track_of(meeting: Meeting, identity: str) -> api.TrackInfo:
    async def look() -> api.TrackInfo | None:
        who = await meeting.api.room.get_participant(api.RoomParticipantIdentity(room=meeting.room, identity=identity))
        return who.tracks[0] if who.tracks else None

    return await until_async(look, f"a track of {identity} is listed")


async def test_created_room_is_listed_with_its_settings(plain_meeting: Meeting) -> None:
    before = int(time.time())
    request = api.CreateRoomRequest(
        name=plain_meeting.room, empty_timeout=60, departure_timeout=30, max_participants=7, metadata='{"lesson":1}'
    )
    room = await plain_meeting.api.room.create_room(request)
    again = await plain_meeting.api.room.create_room(api.CreateRoomRequest(name=plain_meeting.room))
    assert room.sid.startswith("RM_")
    assert again.sid == room.sid
    found = await listed(plain_meeting)
    assert found is not None
    assert found.sid == room.sid
    assert (found.name, found.metadata) == (plain_meeting.room, '{"lesson":1}')
    assert (found.empty_timeout, found.departure_timeout, found.max_participants) == (60, 30, 7)
    assert before - 5 <= found.creation_time <= time.time() + 5
    assert [codec.mime.lower() for codec in found.enabled_codecs if codec.mime.lower() == "video/vp8"]
    lin = await plain_meeting.join("lin")
    assert lin.room.metadata == '{"lesson":1}'
    assert await lin.room.sid == room.sid


async def test_counts_and_fields_of_those_inside(plain_meeting: Meeting) -> None:
    lin, ortega = await plain_meeting.join_all("lin", "ortega", name="A name", attributes={"role": "x"})
    await lin.show()
    await ortega.sees_frames("lin")

    async def counted() -> bool:
        room = await listed(plain_meeting)
        return room is not None and (room.num_participants, room.num_publishers) == (2, 1)

    await until_async(counted, "two participants and one publisher are counted")
    answer = await plain_meeting.api.room.list_participants(api.ListParticipantsRequest(room=plain_meeting.room))
    assert sorted(who.identity for who in answer.participants) == ["lin", "ortega"]
    who = await plain_meeting.api.room.get_participant(
        api.RoomParticipantIdentity(room=plain_meeting.room, identity="lin")
    )
    assert who.sid == lin.me.sid
    assert who.state == api.ParticipantInfo.State.ACTIVE
    assert (who.name, dict(who.attributes), who.is_publisher) == ("A name", {"role": "x"}, True)
    assert who.permission.can_publish
    assert who.permission.can_subscribe
    assert who.permission.can_publish_data
    assert abs(who.joined_at - time.time()) < 120
    (track,) = who.tracks
    assert track.sid.startswith("TR_")
    assert track.type == api.TrackType.VIDEO
    assert track.source == api.TrackSource.CAMERA
    assert (track.name, track.width, track.height, track.muted) == ("camera", 320, 180, False)
    assert track.mime_type.lower() == "video/vp8"


async def test_kick(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await lin.show()
    await ortega.sees_frames("lin")
    await meeting.api.room.remove_participant(api.RoomParticipantIdentity(room=meeting.room, identity="lin"))
    gone = await lin.event("disconnected")
    assert gone.args[0] == Gone.PARTICIPANT_REMOVED
    await ortega.event("participant_disconnected", lambda who: who.identity == "lin")
    answer = await meeting.api.room.list_participants(api.ListParticipantsRequest(room=meeting.room))
    assert [who.identity for who in answer.participants] == ["ortega"]


async def test_delete_room(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    await meeting.api.room.delete_room(api.DeleteRoomRequest(room=meeting.room))
    for client in (lin, ortega):
        gone = await client.event("disconnected")
        assert gone.args[0] == Gone.ROOM_DELETED
    assert await listed(meeting) is None


async def test_server_mutes_a_track_and_may_not_unmute_it(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    tone = await lin.sing()
    await ortega.hears("lin")
    track = await track_of(meeting, "lin")
    assert track.sid == tone.sid
    request = api.MuteRoomTrackRequest(room=meeting.room, identity="lin", track_sid=track.sid, muted=True)
    answer = await meeting.api.room.mute_published_track(request)
    assert answer.track.muted
    await lin.event("track_muted", lambda who, _: who.identity == "lin")
    await ortega.event("track_muted", lambda who, _: who.identity == "lin")
    await until(lambda: ortega.audio["lin"].share(440) < 0.2, "the tone fell silent")
    request.muted = False
    with pytest.raises(api.ServerError) as refused:
        await meeting.api.room.mute_published_track(request)
    assert refused.value.code == "failed_precondition"


async def test_room_metadata_changes_for_all(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega")
    request = api.UpdateRoomMetadataRequest(room=meeting.room, metadata="page 2")
    room = await meeting.api.room.update_room_metadata(request)
    assert room.metadata == "page 2"
    for client in (lin, ortega):
        await client.event("room_metadata_changed", lambda _, new: new == "page 2")
    assert (await meeting.join("late")).room.metadata == "page 2"


async def test_participant_is_renamed_by_the_server(meeting: Meeting) -> None:
    lin, ortega = await meeting.join_all("lin", "ortega", attributes={"keep": "1", "drop": "2"})
    who = await meeting.api.room.update_participant(
        api.UpdateParticipantRequest(
            room=meeting.room, identity="lin", name="林", metadata="m", attributes={"drop": "", "new": "3"}
        )
    )
    assert (who.name, who.metadata, dict(who.attributes)) == ("林", "m", {"keep": "1", "new": "3"})
    await ortega.event("participant_name_changed", lambda who, _, new: who.identity == "lin" and new == "林")
    await until(lambda: ortega.other("lin").metadata == "m", "the metadata came")
    await until(lambda: ortega.other("lin").attributes == {"keep": "1", "new": "3"}, "the attributes came")
    await until(lambda: lin.me.name == "林", "lin learns the own name")


@pytest.mark.parametrize("call", ["get", "remove", "update", "delete", "metadata"])
async def test_what_does_not_exist_is_not_found(plain_meeting: Meeting, call: str) -> None:
    await plain_meeting.join("lin")
    service, room = plain_meeting.api.room, plain_meeting.room
    nobody = api.RoomParticipantIdentity(room=room, identity="nobody")
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: service.get_participant(nobody),
        "remove": lambda: service.remove_participant(nobody),
        "update": lambda: service.update_participant(
            api.UpdateParticipantRequest(room=room, identity="nobody", metadata="x")
        ),
        "delete": lambda: service.delete_room(api.DeleteRoomRequest(room=f"{room}-other")),
        "metadata": lambda: service.update_room_metadata(
            api.UpdateRoomMetadataRequest(room=f"{room}-other", metadata="x")
        ),
    }
    with pytest.raises(api.ServerError) as refused:
        await calls[call]()
    assert refused.value.code == "not_found"
    assert refused.value.status == 404


def bearer(meeting: Meeting, grants: api.VideoGrants | None, key: str = "", secret: str = "") -> dict[str, str]:
    token = api.AccessToken(key or meeting.target.key, secret or meeting.target.secret).with_identity("caller")
    if grants is not None:
        token = token.with_grants(grants)
    return {"Authorization": f"Bearer {token.to_jwt()}"}


async def test_calls_need_the_grant_for_them(plain_meeting: Meeting) -> None:
    room = plain_meeting.room
    await plain_meeting.join("lin")
    admin_elsewhere = api.VideoGrants(room_admin=True, room=f"{room}-other")
    only_join = api.VideoGrants(room_join=True, room=room)
    refused = [
        ("CreateRoom", {"name": f"{room}-new"}, only_join),
        ("ListRooms", {}, only_join),
        ("DeleteRoom", {"room": room}, api.VideoGrants(room_admin=True, room=room)),
        ("ListParticipants", {"room": room}, only_join),
        ("ListParticipants", {"room": room}, admin_elsewhere),
        ("RemoveParticipant", {"room": room, "identity": "lin"}, admin_elsewhere),
        ("MutePublishedTrack", {"room": room, "identity": "lin", "track_sid": "x", "muted": True}, admin_elsewhere),
        ("UpdateParticipant", {"room": room, "identity": "lin", "metadata": "x"}, only_join),
        ("UpdateSubscriptions", {"room": room, "identity": "lin"}, only_join),
        ("SendData", {"room": room, "data": "aGk="}, only_join),
        ("UpdateRoomMetadata", {"room": room, "metadata": "x"}, admin_elsewhere),
        ("ListRooms", {}, None),
    ]
    async with aiohttp.ClientSession() as http:
        for method, body, grants in refused:
            url = f"{plain_meeting.target.http_url}/twirp/livekit.RoomService/{method}"
            async with http.post(url, json=body, headers=bearer(plain_meeting, grants)) as answer:
                assert answer.status == 401, (method, grants, await answer.text())
                assert (await answer.json())["code"] == "unauthenticated", method
    answer_list = await plain_meeting.api.room.list_participants(api.ListParticipantsRequest(room=room))
    assert [who.metadata for who in answer_list.participants] == [""]


async def test_forged_token_and_no_token(plain_meeting: Meeting) -> None:
    url = f"{plain_meeting.target.http_url}/twirp/livekit.RoomService/ListRooms"
    grants = api.VideoGrants(room_list=True)
    headers = [
        bearer(plain_meeting, grants, secret="another-secret-of-more-than-32-characters"),
        bearer(plain_meeting, grants, key="unknown-key"),
        {"Authorization": "Bearer nonsense"},
        {},
    ]
    async with aiohttp.ClientSession() as http:
        for header in headers:
            async with http.post(url, json={}, headers=header) as answer:
                assert answer.status == 401, header


async def test_json_bodies_and_wrong_calls(plain_meeting: Meeting) -> None:
    base = f"{plain_meeting.target.http_url}/twirp/livekit.RoomService"
    headers = bearer(plain_meeting, api.VideoGrants(room_create=True, room_list=True))
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{base}/CreateRoom", json={"name": plain_meeting.room}, headers=headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "application/json"
            assert (await answer.json())["name"] == plain_meeting.room
        async with http.post(f"{base}/NoSuchCall", json={}, headers=headers) as answer:
            assert answer.status == 404
            assert (await answer.json())["code"] == "bad_route"
        async with http.post(
            f"{base}/ListRooms", data=b"{", headers=headers | {"Content-Type": "application/json"}
        ) as bad:
            assert bad.status == 400
            assert (await bad.json())["code"] == "malformed"
        protobuf = headers | {"Content-Type": "application/protobuf"}
        async with http.post(f"{base}/ListRooms", data=b"\xff\xff\xff", headers=protobuf) as bad:
            assert bad.status == 400
            assert (await bad.json())["code"] == "malformed"
        text = headers | {"Content-Type": "text/plain"}
        async with http.post(f"{base}/ListRooms", data=b"", headers=text) as bad:
            assert bad.status == 404
            assert (await bad.json())["code"] == "bad_route"
        async with http.get(f"{base}/ListRooms", headers=headers) as bad:
            assert bad.status == 404
