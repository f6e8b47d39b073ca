"""LiveKit's RoomService on the rooms of this worker: one function per call, rights checked before anything.

Source of names and semantics: livekit/protocol `livekit_room.proto`. HTTP is not known here
(see `server.signaling.twirp`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.protobuf.message import Message
from livekit.protocol import room as api
from livekit.protocol.models import DataPacket, DisconnectReason, ParticipantInfo
from livekit.protocol.models import Room as RoomInfo
from livekit.protocol.rtc import LeaveRequest

from server.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from server.ids import Identity, RoomName, TrackSid
from server.rooms import rights
from server.rooms.access_token import Claims
from server.rooms.participant import Participant
from server.rooms.registry import RoomRegistry
from server.rooms.room import Room, RoomSettings

MAX_METADATA_BYTES = 65_536  # LiveKit's own limit for room and participant metadata
MAX_NAME_CHARS = 256


class Right(StrEnum):
    """Which grant a call needs."""

    CREATE = "room_create"
    LIST = "room_list"
    ADMIN = "room_admin"


@dataclass(frozen=True, slots=True)
class Call:
    request: type[Message]
    right: Right
    handler: Callable[[RoomService, Any], Message]


class RoomService:
    """Synchronous: every call is a change of state plus messages that are queued."""

    def __init__(self, registry: RoomRegistry, now_us: Callable[[], int]) -> None:
        self._registry = registry
        self._now_us = now_us

    def call(self, method: str, body: Message, claims: Claims) -> Message:
        """Raises Forbidden, NotFound, InvalidInput, Conflict."""
        call = CALLS[method]
        _check(call.right, claims, getattr(body, "room", "") or getattr(body, "name", ""))
        return call.handler(self, body)

    # -- rooms

    def create_room(self, request: api.CreateRoomRequest) -> RoomInfo:
        if not request.name or len(request.name) > MAX_NAME_CHARS:
            raise InvalidInput(ErrorCode.ROOM_NAME_INVALID, "room name is empty or too long")
        _check_size(request.metadata)
        defaults = RoomSettings()
        settings = RoomSettings(
            empty_timeout_s=request.empty_timeout or defaults.empty_timeout_s,
            departure_timeout_s=request.departure_timeout or defaults.departure_timeout_s,
            max_participants=request.max_participants,
        )
        return self._registry.open(RoomName(request.name), settings, request.metadata).info()

    def list_rooms(self, request: api.ListRoomsRequest) -> api.ListRoomsResponse:
        names = set(request.names)
        return api.ListRoomsResponse(rooms=[room.info() for room in self._registry if not names or room.name in names])

    def delete_room(self, request: api.DeleteRoomRequest) -> api.DeleteRoomResponse:
        self._registry.delete(self._room(request.room), DisconnectReason.ROOM_DELETED)
        return api.DeleteRoomResponse()

    def update_room_metadata(self, request: api.UpdateRoomMetadataRequest) -> RoomInfo:
        _check_size(request.metadata)
        room = self._room(request.room)
        room.set_metadata(request.metadata)
        return room.info()

    # -- people

    def list_participants(self, request: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        room = self._registry.find(RoomName(request.room))
        people = room.participants.values() if room else ()
        return api.ListParticipantsResponse(participants=[person.info() for person in people])

    def get_participant(self, request: api.RoomParticipantIdentity) -> ParticipantInfo:
        return self._person(request.room, request.identity)[1].info()

    def remove_participant(self, request: api.RoomParticipantIdentity) -> api.RemoveParticipantResponse:
        if request.revoke_token_ts > 0:
            # Why first: also who is away at this moment shall not come back with an old token.
            self._registry.revocations.revoke(
                RoomName(request.room), Identity(request.identity), request.revoke_token_ts
            )
        room, person = self._person(request.room, request.identity)
        room.leave(person, DisconnectReason.PARTICIPANT_REMOVED)
        person.link.disconnect(DisconnectReason.PARTICIPANT_REMOVED, LeaveRequest.Action.DISCONNECT)
        return api.RemoveParticipantResponse()

    def update_participant(self, request: api.UpdateParticipantRequest) -> ParticipantInfo:
        _check_size(request.metadata)
        if len(request.name) > MAX_NAME_CHARS:
            raise InvalidInput(ErrorCode.NAME_INVALID, f"name is over {MAX_NAME_CHARS} characters")
        room, person = self._person(request.room, request.identity)
        if request.HasField("permission"):
            rights.set_grants(room, person, person.grants.with_permission(request.permission))
        if request.name or request.metadata or request.attributes:
            rights.set_profile(
                room,
                person,
                name=request.name or None,
                metadata=request.metadata or None,
                attributes=dict(request.attributes),
            )
        return person.info()

    # -- tracks and data

    def mute_published_track(self, request: api.MuteRoomTrackRequest) -> api.MuteRoomTrackResponse:
        room, person = self._person(request.room, request.identity)
        publication = person.publications.get(TrackSid(request.track_sid))
        if publication is None:
            raise NotFound(ErrorCode.TRACK_NOT_FOUND, f"track {request.track_sid!r}")
        if not request.muted and publication.info.muted:
            # Why: nobody but its owner may open a microphone or camera; LiveKit's default is the same.
            raise Conflict(ErrorCode.REMOTE_UNMUTE_REFUSED, "remote unmute is not enabled")
        room.set_muted(publication, request.muted, by_server=True)
        return api.MuteRoomTrackResponse(track=publication.info)

    def update_subscriptions(self, request: api.UpdateSubscriptionsRequest) -> api.UpdateSubscriptionsResponse:
        room, person = self._person(request.room, request.identity)
        sids = list(request.track_sids) + [sid for entry in request.participant_tracks for sid in entry.track_sids]
        room.subscriptions.request(person, sids, request.subscribe)
        return api.UpdateSubscriptionsResponse()

    def send_data(self, request: api.SendDataRequest) -> api.SendDataResponse:
        room = self._room(request.room)
        packet = DataPacket(kind=request.kind)
        packet.user.payload = request.data
        if request.HasField("topic"):
            packet.user.topic = request.topic
        packet.user.nonce = request.nonce
        packet.user.destination_sids.extend(request.destination_sids)
        packet.destination_identities.extend(request.destination_identities)
        room.data.send_from_server(packet, room.participants, self._now_us())
        return api.SendDataResponse()

    # -- internals

    def _room(self, name: str) -> Room:
        return self._registry.get(RoomName(name))

    def _person(self, room_name: str, identity: str) -> tuple[Room, Participant]:
        room = self._room(room_name)
        person = room.participants.get(Identity(identity))
        if person is None:
            raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, f"participant {identity!r}")
        return room, person


CALLS: dict[str, Call] = {
    "CreateRoom": Call(api.CreateRoomRequest, Right.CREATE, RoomService.create_room),
    "ListRooms": Call(api.ListRoomsRequest, Right.LIST, RoomService.list_rooms),
    "DeleteRoom": Call(api.DeleteRoomRequest, Right.CREATE, RoomService.delete_room),
    "UpdateRoomMetadata": Call(api.UpdateRoomMetadataRequest, Right.ADMIN, RoomService.update_room_metadata),
    "ListParticipants": Call(api.ListParticipantsRequest, Right.ADMIN, RoomService.list_participants),
    "GetParticipant": Call(api.RoomParticipantIdentity, Right.ADMIN, RoomService.get_participant),
    "RemoveParticipant": Call(api.RoomParticipantIdentity, Right.ADMIN, RoomService.remove_participant),
    "UpdateParticipant": Call(api.UpdateParticipantRequest, Right.ADMIN, RoomService.update_participant),
    "MutePublishedTrack": Call(api.MuteRoomTrackRequest, Right.ADMIN, RoomService.mute_published_track),
    "UpdateSubscriptions": Call(api.UpdateSubscriptionsRequest, Right.ADMIN, RoomService.update_subscriptions),
    "SendData": Call(api.SendDataRequest, Right.ADMIN, RoomService.send_data),
}


def _check(right: Right, claims: Claims, room: str) -> None:
    grants = claims.grants
    is_allowed = {
        Right.CREATE: grants.room_create,
        Right.LIST: grants.room_list,
        Right.ADMIN: grants.room_admin and grants.room == room,
    }
    if not is_allowed[right]:
        raise Forbidden(ErrorCode.GRANT_MISSING, f"{right} for room {room!r}")


def _check_size(metadata: str) -> None:
    if len(metadata.encode("utf-8", "surrogatepass")) > MAX_METADATA_BYTES:
        raise InvalidInput(ErrorCode.METADATA_INVALID, f"metadata is over {MAX_METADATA_BYTES} bytes")
