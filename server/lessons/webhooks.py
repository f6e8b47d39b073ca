"""The media server's webhooks, as LiveKit signs them: attendance first, then whoever else must react.

Answered with 200 only once it is stored: a media server repeats what was not taken. The same word twice is taken once
(by its id), over all app processes. It is the same with the embedded media server and with any other LiveKit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from aiohttp import web
from livekit.api import TokenVerifier, WebhookReceiver
from livekit.protocol.models import DisconnectReason, TrackSource
from livekit.protocol.webhook import WebhookEvent

from server.errors import ErrorCode, InvalidInput, Unauthorized
from server.ids import LessonId, PersonId
from server.lessons.attendance import LeftBy
from server.lessons.attendance_service import AttendanceService, counts, presence_of
from server.lessons.lesson import lesson_of_room
from server.lessons.presence_log import Joined, Left, RoomFinished, RoomStarted, Told

log = structlog.get_logger("tongchuang.webhooks")

WEBHOOK_PATH = "/webhooks/livekit"
# Somebody left on purpose, or was made to; every other end is a connection that failed and may come back.
_MEANT = frozenset(
    {
        DisconnectReason.CLIENT_INITIATED,
        DisconnectReason.PARTICIPANT_REMOVED,
        DisconnectReason.ROOM_DELETED,
        DisconnectReason.ROOM_CLOSED,
    }
)
_SOURCES = {
    TrackSource.MICROPHONE: "microphone",
    TrackSource.CAMERA: "camera",
    TrackSource.SCREEN_SHARE: "screen_share",
    TrackSource.SCREEN_SHARE_AUDIO: "screen_share_audio",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSeen:
    """A webhook of a lesson's room, the first time it came. `event`: LiveKit's name, such as `participant_joined`."""

    id: str
    event: str
    lesson_id: LessonId
    room_sid: str
    at: datetime
    person: PersonId | None = None
    sid: str = ""
    track_sid: str = ""
    track_source: str = ""
    raw: WebhookEvent = field(repr=False)


WebhookListener = Callable[[WebhookSeen], None]


def add_webhooks(
    app: web.Application,
    *,
    keys: Mapping[str, str],
    attendance: AttendanceService,
    listeners: Sequence[WebhookListener] = (),
) -> None:
    """POST /webhooks/livekit. `keys`: those that the media server may sign with."""
    receivers = [WebhookReceiver(TokenVerifier(key, secret)) for key, secret in keys.items()]

    async def receive(request: web.Request) -> web.Response:
        event = await _verified(request, receivers)
        lesson_id = lesson_of_room(event.room.name)
        if lesson_id is None:
            return web.Response(status=200)
        seen = _seen(event, lesson_id)
        if await attendance.take(lesson_id, told_by(event, lesson_id), event_id=event.id[:64]):
            for listener in listeners:
                try:
                    listener(seen)
                except Exception:
                    log.exception("webhook_listener_failed", webhook_event=event.event)
        return web.Response(status=200)

    app.router.add_post(WEBHOOK_PATH, receive)


async def _verified(request: web.Request, receivers: Sequence[WebhookReceiver]) -> WebhookEvent:
    """Raises Unauthorized unless one of our keys signed exactly this body."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        raise Unauthorized(ErrorCode.TOKEN_MISSING, "webhook")
    try:
        body = (await request.read()).decode()
    except UnicodeDecodeError:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "webhook is no UTF-8") from None
    reasons = []
    for receiver in receivers:
        try:
            return receiver.receive(body, token)
        except Exception as error:
            # Why all: the library raises its own, jwt's and protobuf's; whatever it is, this is no webhook of ours.
            reasons.append(type(error).__name__)
    log.warning("webhook_refused", reasons=reasons)
    raise Unauthorized(ErrorCode.TOKEN_FORGED, "webhook")


def told_by(event: WebhookEvent, lesson_id: LessonId) -> Told | None:
    """What it says about who is there; None for tracks and the like."""
    at = datetime.fromtimestamp(event.created_at, UTC)
    match event.event:
        case "room_started":
            return RoomStarted(room_sid=event.room.sid, at=at)
        case "room_finished":
            return RoomFinished(room_sid=event.room.sid, at=at)
        case "participant_joined" if counts(event.participant):
            return Joined(presence=presence_of(lesson_id, event.room.sid, event.participant, at))
        case "participant_left" | "participant_connection_aborted" if counts(event.participant):
            return _left(event, lesson_id, at)
        case _:
            return None


def _left(event: WebhookEvent, lesson_id: LessonId, at: datetime) -> Left:
    info = event.participant
    open_one = presence_of(lesson_id, event.room.sid, info, at)
    presence = replace(
        open_one,
        joined_at=min(open_one.joined_at, at),
        left_at=at,
        left_by=LeftBy.TOLD,
        is_interrupted=info.disconnect_reason not in _MEANT,
    )
    return Left(presence=presence)


def _seen(event: WebhookEvent, lesson_id: LessonId) -> WebhookSeen:
    return WebhookSeen(
        id=event.id,
        event=event.event,
        lesson_id=lesson_id,
        room_sid=event.room.sid,
        at=datetime.fromtimestamp(event.created_at, UTC),
        person=PersonId(event.participant.identity) if event.participant.identity else None,
        sid=event.participant.sid,
        track_sid=event.track.sid,
        track_source=_SOURCES.get(event.track.source, ""),
        raw=event,
    )
