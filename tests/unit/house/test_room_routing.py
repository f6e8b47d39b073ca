"""A room lives on one slot, and every way to name it leads there."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import room as api
from livekit.protocol.models import Room

from server.room_routing import merge_room_lists, room_of_call, slot_of


@given(st.text(), st.integers(1, 16))
def test_a_slot_is_in_range_and_stays(room: str, slots: int) -> None:
    assert 0 <= slot_of(room, slots) < slots
    assert slot_of(room, slots) == slot_of(room, slots)


@given(st.text(), st.integers(1, 16))
def test_one_more_slot_moves_a_room_only_onto_it(room: str, slots: int) -> None:
    assert slot_of(room, slots + 1) in (slot_of(room, slots), slots)


def test_rooms_spread_evenly() -> None:
    counts = Counter(slot_of(f"room-{number}", 4) for number in range(4000))
    assert all(800 < counts[slot] < 1200 for slot in range(4))


CALLS: list[tuple[str, Message]] = [
    ("CreateRoom", api.CreateRoomRequest(name="r1")),
    ("DeleteRoom", api.DeleteRoomRequest(room="r1")),
    ("ListParticipants", api.ListParticipantsRequest(room="r1")),
    ("GetParticipant", api.RoomParticipantIdentity(room="r1", identity="i")),
    ("RemoveParticipant", api.RoomParticipantIdentity(room="r1", identity="i")),
    ("MutePublishedTrack", api.MuteRoomTrackRequest(room="r1", identity="i", track_sid="t", muted=True)),
    ("UpdateParticipant", api.UpdateParticipantRequest(room="r1", identity="i", name="n")),
    ("UpdateSubscriptions", api.UpdateSubscriptionsRequest(room="r1", identity="i")),
    ("SendData", api.SendDataRequest(room="r1", data=b"\xff")),
    ("UpdateRoomMetadata", api.UpdateRoomMetadataRequest(room="r1", metadata="m")),
]


@pytest.mark.parametrize(("method", "request_message"), CALLS, ids=[name for name, _ in CALLS])
def test_the_room_of_every_call_in_both_forms(method: str, request_message: Message) -> None:
    assert room_of_call(method, "application/protobuf", request_message.SerializeToString()) == "r1"
    assert room_of_call(method, "application/json", MessageToJson(request_message).encode()) == "r1"


@pytest.mark.parametrize("content_type", ["application/protobuf", "application/json"])
@given(st.binary(max_size=200))
def test_whatever_the_body_is_nothing_is_raised(content_type: str, body: bytes) -> None:
    for method in ("CreateRoom", "SendData", "ListRooms", "NoSuchCall"):
        room = room_of_call(method, content_type, body)
        assert room is None or room


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"room": 3}', b'{"room": ""}', b"null", b"\xff"])
def test_json_that_names_no_room(body: bytes) -> None:
    assert room_of_call("SendData", "application/json", body) is None


def test_lists_of_rooms_become_one() -> None:
    lists = [api.ListRoomsResponse(rooms=[Room(name=name)]) for name in ("a", "b")]
    merged = api.ListRoomsResponse()
    merged.ParseFromString(merge_room_lists("application/protobuf", [item.SerializeToString() for item in lists]))
    assert [room.name for room in merged.rooms] == ["a", "b"]
    as_json = merge_room_lists("application/json", [MessageToJson(item).encode() for item in lists] + [b"{}"])
    assert [room["name"] for room in json.loads(as_json)["rooms"]] == ["a", "b"]
