"""Which media worker a room lives on, and which room a request is about. Pure.

A room must live on exactly one worker, so the choice is made over the fixed slots, not over the workers that
happen to be alive: while a slot's worker is being replaced its requests wait, and no room is ever split in two.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from livekit.protocol import room as room_protocol

_CALLS = room_protocol.DESCRIPTOR.services_by_name["RoomService"].methods_by_name
# Requests that name their room `name`: the room's own life; all others say `room`.
_NAMED = frozenset({"CreateRoom"})
# Answered by all workers together.
AGGREGATED = frozenset({"ListRooms"})


def slot_of(room: str, slots: int) -> int:
    """Highest random weight (rendezvous) hash: with another number of slots, as few rooms as possible move."""
    return max(range(slots), key=lambda slot: blake2b(f"{slot}\0{room}".encode(errors="replace")).digest())


def room_of_call(method: str, content_type: str, body: bytes) -> str | None:
    """The room that a RoomService request is about; None when it names none or cannot be read."""
    call = _CALLS.get(method)
    if call is None:
        return None
    name = "name" if method in _NAMED else "room"
    if content_type == "application/json":
        return _from_json(body, name)
    message: Message = GetMessageClass(call.input_type)()
    try:
        message.ParseFromString(body)
    except DecodeError:
        return None
    found = getattr(message, name, "")
    return found if isinstance(found, str) and found else None


def _from_json(body: bytes, name: str) -> str | None:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = parsed.get(name) if isinstance(parsed, dict) else None
    return found if isinstance(found, str) and found else None


def merge_room_lists(content_type: str, bodies: list[bytes]) -> bytes:
    """One ListRoomsResponse of the workers' answers. Protobuf: concatenated messages merge, repeated fields append."""
    if content_type != "application/json":
        return b"".join(bodies)
    rooms: list[object] = []
    for body in bodies:
        rooms += json.loads(body).get("rooms", [])
    return json.dumps({"rooms": rooms}).encode()
