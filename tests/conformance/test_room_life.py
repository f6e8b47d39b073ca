"""When rooms end: empty_timeout, departure_timeout, and that the next meeting of the name is a new room."""

from __future__ import annotations

from livekit import api

from tests.conformance.meeting import Meeting
from tests.conformance.test_room_service import listed
from tests.conformance.wait import until_async

# A server may look for rooms to end once in some seconds.
ENDS_GUARD_S = 30.0


async def is_gone(meeting: Meeting) -> bool:
    return await listed(meeting) is None


async def test_room_that_nobody_entered_ends(plain_meeting: Meeting) -> None:
    await plain_meeting.api.room.create_room(api.CreateRoomRequest(name=plain_meeting.room, empty_timeout=1))
    await until_async(lambda: is_gone(plain_meeting), "the empty room ended", ENDS_GUARD_S)


async def test_room_that_all_left_ends_and_the_next_is_new(plain_meeting: Meeting) -> None:
    request = api.CreateRoomRequest(name=plain_meeting.room, departure_timeout=1, empty_timeout=300, metadata="old")
    first = await plain_meeting.api.room.create_room(request)
    lin = await plain_meeting.join("lin")
    await lin.room.disconnect()
    await until_async(lambda: is_gone(plain_meeting), "the left room ended", ENDS_GUARD_S)
    again = await plain_meeting.join("lin")
    assert await again.room.sid != first.sid
    assert again.room.metadata == ""


async def test_room_waits_for_who_comes_back(plain_meeting: Meeting) -> None:
    request = api.CreateRoomRequest(name=plain_meeting.room, departure_timeout=60, metadata="kept")
    first = await plain_meeting.api.room.create_room(request)
    lin = await plain_meeting.join("lin")
    await lin.room.disconnect()
    again = await plain_meeting.join("lin")
    assert await again.room.sid == first.sid
    assert again.room.metadata == "kept"
