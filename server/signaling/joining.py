"""A WebSocket becomes a participant: joins anew, resumes, or is told to start over (media.md a.3, a.10)."""

from __future__ import annotations

from dataclasses import dataclass

from livekit.protocol.models import ClientConfigSetting, Codec, DisconnectReason, ServerInfo
from livekit.protocol.rtc import (
    JoinResponse,
    LeaveRequest,
    ParticipantUpdate,
    ReconnectResponse,
    RoomUpdate,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    SpeakersChanged,
)

from server.ids import Identity, ParticipantSid, RoomName, new_participant_sid
from server.rooms.access_token import Claims
from server.rooms.participant import Participant
from server.rooms.registry import RoomRegistry
from server.rooms.room import ENABLED_CODECS, Room, RoomSettings
from server.signaling.connection import Connection
from server.signaling.fresh_token import FreshTokens
from server.signaling.handlers import handle
from server.signaling.join_request import Join
from server.signaling.participant_session import ParticipantSession, SessionPorts, leave_message

# The LiveKit release whose behaviour we implement; clients switch features by it (media.md a.3).
LIVEKIT_VERSION = "1.11.0"
PROTOCOL = 16
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerIdentity:
    """What `server_info` says of this worker."""

    node_id: str
    region: str = ""

    def info(self) -> ServerInfo:
        return ServerInfo(
            edition=ServerInfo.Edition.Standard,
            version=LIVEKIT_VERSION,
            protocol=PROTOCOL,
            region=self.region,
            node_id=self.node_id,
        )


class Joiner:
    """One per worker. `sessions` are those whose participant is in a room."""

    def __init__(
        self, *, registry: RoomRegistry, ports: SessionPorts, server: ServerIdentity, tokens: FreshTokens
    ) -> None:
        self._registry = registry
        self._ports = ports
        self._server = server
        self._tokens = tokens
        self.sessions: dict[ParticipantSid, ParticipantSession] = {}

    def check(self, claims: Claims) -> None:
        """Raises Unauthorized for a genuine token that was taken back."""
        self._registry.revocations.check(claims)

    async def serve(self, connection: Connection, join: Join, claims: Claims, *, is_single: bool) -> None:
        """Run one WebSocket from its first message to its end."""
        room_name = RoomName(claims.grants.room)
        if join.reconnect:
            session = self._find(room_name, claims, join.participant_sid)
            if session is None:
                await _refuse(connection, DisconnectReason.STATE_MISMATCH, LeaveRequest.Action.RECONNECT)
                return
            self._resume(session, connection, join)
        else:
            room = self._open(room_name, claims)
            self._end_namesake(room, Identity(claims.identity))
            if room.is_full and not claims.grants.hidden:
                await _refuse(connection, DisconnectReason.JOIN_FAILURE, LeaveRequest.Action.DISCONNECT)
                return
            session = self._join(room, connection, join, claims, is_single=is_single)
        try:
            await connection.run(lambda request: handle(session, request))
        finally:
            session.detach(connection)

    def forget_gone(self) -> None:
        """Drop sessions whose participant has left (called by the ticker)."""
        for sid in [sid for sid, session in self.sessions.items() if session.participant.is_gone]:
            del self.sessions[sid]

    # -- joining

    def _join(
        self, room: Room, connection: Connection, join: Join, claims: Claims, *, is_single: bool
    ) -> ParticipantSession:
        session = ParticipantSession(ports=self._ports, room=room)
        participant = Participant(
            sid=new_participant_sid(),
            claims=claims,
            client_info=join.client_info,
            link=session,
            joined_at_ms=int(self._ports.clock.now().timestamp() * 1000),
            auto_subscribe=join.auto_subscribe,
            metadata=join.metadata,
            attributes=join.attributes,
        )
        session.participant = participant
        session.open_media(is_single=is_single)
        self.sessions[participant.sid] = session
        response = self._join_response(room, participant, is_single=is_single)
        session.admit(connection, SignalResponse(join=response))
        self._tokens.send(session)
        if speaking := room.speakers.current():
            session.send(SignalResponse(speakers_changed=SpeakersChanged(speakers=speaking)))
        for request in join.add_tracks:
            session.media.announce_track(request)
        session.media.start()
        _offer(session, join.offer)
        return session

    def _join_response(self, room: Room, participant: Participant, *, is_single: bool) -> JoinResponse:
        can_subscribe = participant.grants.can_subscribe
        response = JoinResponse(
            room=room.info(),
            participant=participant.info(),
            other_participants=room.others(participant),
            server_version=LIVEKIT_VERSION,
            subscriber_primary=can_subscribe and not is_single,
            ping_timeout=PING_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            server_info=self._server.info(),
            fast_publish=participant.grants.can_publish,
            enabled_publish_codecs=[Codec(mime=mime) for mime in ENABLED_CODECS],
        )
        response.client_configuration.resume_connection = ClientConfigSetting.ENABLED
        return response

    def _open(self, name: RoomName, claims: Claims) -> Room:
        """The room, made with what the token says of it where this join is the first (`roomConfig`)."""
        config = claims.room_config
        if config is None:
            return self._registry.open(name)
        defaults = RoomSettings()
        settings = RoomSettings(
            empty_timeout_s=config.empty_timeout or defaults.empty_timeout_s,
            departure_timeout_s=config.departure_timeout or defaults.departure_timeout_s,
            max_participants=config.max_participants,
        )
        return self._registry.open(name, settings, config.metadata)

    def _end_namesake(self, room: Room, identity: Identity) -> None:
        """The newer join wins; the older is told why."""
        existing = room.participants.get(identity)
        session = self.sessions.get(existing.sid) if existing is not None else None
        if session is not None:
            session.disconnect(DisconnectReason.DUPLICATE_IDENTITY)

    # -- resuming

    def _find(self, room_name: RoomName, claims: Claims, sid: str) -> ParticipantSession | None:
        room = self._registry.find(room_name)
        person = room.participants.get(Identity(claims.identity)) if room is not None else None
        if person is None or (sid and sid != person.sid):
            return None
        return self.sessions.get(person.sid)

    def _resume(self, session: ParticipantSession, connection: Connection, join: Join) -> None:
        room, person = session.room, session.participant
        response = ReconnectResponse(server_info=self._server.info(), last_message_seq=person.last_reliable_sequence)
        response.client_configuration.resume_connection = ClientConfigSetting.ENABLED
        session.resume(connection, SignalResponse(reconnect=response))
        if session.drop_signal_on_resume:
            session.drop_signal_on_resume = False
            connection.close()
            return
        people = [person.info(), *room.others(person), *room.departed_since(session.lost_at_us)]
        session.send(SignalResponse(update=ParticipantUpdate(participants=people)))
        session.send(SignalResponse(room_update=RoomUpdate(room=room.info())))
        self._tokens.send(session)
        session.media.resume()
        _offer(session, join.offer)
        if join.sync_state is not None:
            handle(session, SignalRequest(sync_state=join.sync_state))


def _offer(session: ParticipantSession, description: SessionDescription | None) -> None:
    if description is not None and description.sdp:
        handle(session, SignalRequest(offer=description))


async def _refuse(connection: Connection, reason: DisconnectReason, action: LeaveRequest.Action) -> None:
    message = leave_message(reason, action)
    connection.send(message.SerializeToString())
    connection.close()
    await connection.run(lambda request: None)
