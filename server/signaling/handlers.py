"""What each message of a client does: one function per kind, errors answered and never fatal (media.md a.8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog
from livekit.protocol.models import DisconnectReason, TrackInfo, TrackType
from livekit.protocol.rtc import (
    AddTrackRequest,
    MuteTrackRequest,
    Ping,
    PublishDataTrackRequest,
    RequestResponse,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    SimulateScenario,
    SubscriptionPermission,
    SyncState,
    TrickleRequest,
    UpdateLocalAudioTrack,
    UpdateLocalVideoTrack,
    UpdateParticipantMetadata,
    UpdateSubscription,
    UpdateTrackSettings,
    UpdateVideoLayers,
)

from server.errors import TEXTS, ErrorCode, TongchuangError
from server.ids import TrackSid
from server.rooms import rights
from server.rooms.publication import layer_specs
from server.sfu.description import LayerWish
from server.signaling import names
from server.signaling.participant_session import ParticipantSession
from server.signaling.simulate import simulate

log = structlog.get_logger("tongchuang.signal")

Reason = RequestResponse.Reason


def handle(session: ParticipantSession, request: SignalRequest) -> None:
    """Dispatch one message; a message kind that we do not know is ignored, as newer clients expect."""
    kind = request.WhichOneof("message")
    handler = HANDLERS.get(kind) if kind is not None else None
    if handler is None or session.participant.is_gone:
        return
    try:
        handler(session, getattr(request, str(kind)))
    except TongchuangError as error:
        log.info("signal_refused", kind=kind, code=str(error.code), detail=error.detail)
        _respond(session, 0, Reason.INVALID_REQUEST, error.code)
    except Exception:
        # Why so wide: a fault of ours in one message must not end a pupil's lesson; it is logged and counted.
        log.exception("signal_handler_failed", kind=kind)


def _respond(session: ParticipantSession, request_id: int, reason: Reason, code: ErrorCode | None = None) -> None:
    message = SignalResponse()
    message.request_response.request_id = request_id
    message.request_response.reason = reason
    if code is not None:
        text = TEXTS[code]
        message.request_response.message = f"{code}: {text.en} / {text.zh}"
    session.send(message)


# -- negotiation


def _offer(session: ParticipantSession, description: SessionDescription) -> None:
    session.media.offer(description)


def _answer(session: ParticipantSession, description: SessionDescription) -> None:
    session.media.answer(description)


def _trickle(session: ParticipantSession, trickle: TrickleRequest) -> None:
    """ICE-lite learns addresses from checks, so candidates are only looked at for form."""
    if not trickle.candidateInit:
        return
    try:
        is_form = isinstance(json.loads(trickle.candidateInit), dict)
    except (ValueError, RecursionError):
        is_form = False
    if not is_form:
        _respond(session, 0, Reason.INVALID_REQUEST, ErrorCode.CANDIDATE_INVALID)


# -- tracks


def _add_track(session: ParticipantSession, request: AddTrackRequest) -> None:
    session.media.announce_track(request)


def _mute(session: ParticipantSession, request: MuteTrackRequest) -> None:
    person = session.participant
    publication = person.publications.get(TrackSid(request.sid))
    if publication is not None:
        session.room.set_muted(publication, request.muted, by_server=False)
        return
    for pending in person.pending.values():
        if pending.sid == request.sid:
            pending.info.muted = request.muted


def _own_track(session: ParticipantSession, sid: str) -> TrackInfo | None:
    publication = session.participant.publications.get(TrackSid(sid))
    return publication.info if publication is not None else None


def _update_layers(session: ParticipantSession, request: UpdateVideoLayers) -> None:
    publication = session.participant.publications.get(TrackSid(request.track_sid))
    if publication is None or publication.info.type != TrackType.VIDEO:
        return
    del publication.info.layers[:]
    publication.info.layers.extend(list(request.layers)[:3])
    if publication.up is not None:
        publication.up.set_layers(layer_specs(publication.info.layers))
    session.room.track_changed(publication)


def _update_audio_track(session: ParticipantSession, request: UpdateLocalAudioTrack) -> None:
    info = _own_track(session, request.track_sid)
    if info is not None and info.type == TrackType.AUDIO:
        del info.audio_features[:]
        info.audio_features.extend(set(request.features))
        session.room.track_changed(session.participant.publications[TrackSid(info.sid)])


def _update_video_track(session: ParticipantSession, request: UpdateLocalVideoTrack) -> None:
    info = _own_track(session, request.track_sid)
    if info is not None and info.type == TrackType.VIDEO:
        info.width, info.height = request.width, request.height
        session.room.track_changed(session.participant.publications[TrackSid(info.sid)])


def _refuse_data_track(session: ParticipantSession, request: PublishDataTrackRequest) -> None:
    """Raw data tracks are not offered; messages, streams and RPC are."""
    message = SignalResponse()
    message.request_response.reason = Reason.UNSUPPORTED_TYPE
    message.request_response.message = "data tracks are not supported"
    message.request_response.publish_data_track.CopyFrom(request)
    session.send(message)


# -- subscriptions


def _subscription(session: ParticipantSession, request: UpdateSubscription) -> None:
    sids = [*request.track_sids, *(sid for entry in request.participant_tracks for sid in entry.track_sids)]
    session.room.subscriptions.request(session.participant, sids, request.subscribe)


def _track_setting(session: ParticipantSession, request: UpdateTrackSettings) -> None:
    session.room.subscriptions.apply_settings(session.participant, request)


def _subscription_permission(session: ParticipantSession, request: SubscriptionPermission) -> None:
    session.room.subscriptions.set_permission(session.participant, request)


def _sync_state(session: ParticipantSession, state: SyncState) -> None:
    """The client's view after a resume: its subscriptions, switched-off tracks, and the data it has got."""
    _subscription(session, state.subscription)
    for sid in state.track_sids_disabled:
        subscription = session.participant.subscriptions.get(TrackSid(sid))
        if subscription is not None:
            subscription.set_wish(LayerWish(enabled=False))
    last = {entry.publisher_sid: entry.last_seq for entry in state.datachannel_receive_states}
    # Why a second before the loss: packets sent just before it may still have been on their way.
    session.room.data.replay(session.participant, last, session.lost_at_us - 1_000_000)


# -- about oneself


def _update_metadata(session: ParticipantSession, request: UpdateParticipantMetadata) -> None:
    if not session.participant.grants.can_update_own_metadata:
        _respond(session, request.request_id, Reason.NOT_ALLOWED, ErrorCode.GRANT_MISSING)
        return
    person = session.participant
    try:
        name = names.clean_name(request.name) if request.name else None
        metadata = names.check_metadata(request.metadata) if request.metadata else None
        attributes = names.check_attributes(dict(request.attributes))
        names.check_attributes({**person.attributes, **attributes})
    except TongchuangError as error:
        _respond(session, request.request_id, Reason.LIMIT_EXCEEDED, error.code)
        return
    rights.set_profile(session.room, person, name=name, metadata=metadata, attributes=attributes)
    _respond(session, request.request_id, Reason.OK)


def _leave(session: ParticipantSession, _: object) -> None:
    session.leave(DisconnectReason.CLIENT_INITIATED)


def _ping(session: ParticipantSession, _: int) -> None:
    session.send(SignalResponse(pong=int(session.clock.now().timestamp() * 1000)))


def _ping_req(session: ParticipantSession, ping: Ping) -> None:
    message = SignalResponse()
    message.pong_resp.last_ping_timestamp = ping.timestamp
    message.pong_resp.timestamp = int(session.clock.now().timestamp() * 1000)
    session.send(message)


def _simulate(session: ParticipantSession, scenario: SimulateScenario) -> None:
    simulate(session, scenario)


HANDLERS: dict[str, Callable[[ParticipantSession, Any], None]] = {
    "offer": _offer,
    "answer": _answer,
    "trickle": _trickle,
    "add_track": _add_track,
    "mute": _mute,
    "subscription": _subscription,
    "track_setting": _track_setting,
    "leave": _leave,
    "update_layers": _update_layers,
    "subscription_permission": _subscription_permission,
    "sync_state": _sync_state,
    "simulate": _simulate,
    "ping": _ping,
    "ping_req": _ping_req,
    "update_metadata": _update_metadata,
    "update_audio_track": _update_audio_track,
    "update_video_track": _update_video_track,
    "publish_data_track_request": _refuse_data_track,
}
