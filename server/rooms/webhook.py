"""Webhooks as LiveKit makes them: a `WebhookEvent` in proto-JSON and a token over its SHA-256 (livekit_webhook.proto).

Receivers verify with livekit-api's `WebhookReceiver`: the header `Authorization` holds a JWT signed with the API
secret, whose `sha256` claim is the base64 digest of the body, byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.protobuf.json_format import MessageToJson
from livekit.protocol.models import ParticipantInfo, Room, TrackInfo
from livekit.protocol.webhook import WebhookEvent

from server.rooms.access_token import mint
from server.rooms.events import RoomEventKind
from server.rooms.grants import VideoGrants

CONTENT_TYPE = "application/webhook+json"
# Why 5 minutes: LiveKit's; each try signs anew, so it only has to cover one delivery.
TOKEN_TTL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """What goes over the wire."""

    body: bytes
    authorization: str


def build_event(
    kind: RoomEventKind,
    *,
    now: datetime,
    room: Room,
    participant: ParticipantInfo | None = None,
    track: TrackInfo | None = None,
) -> WebhookEvent:
    """A copy of what happened, with an id of its own, by which receivers drop what came twice."""
    return WebhookEvent(
        event=kind.value,
        id=f"EV_{secrets.token_hex(8)}",
        created_at=int(now.timestamp()),
        room=room,
        participant=participant,
        track=track,
    )


def sign(event: WebhookEvent, *, key: str, secret: str, now: datetime) -> SignedWebhook:
    """Body and token for one delivery."""
    body = MessageToJson(event, indent=None).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = mint(key, secret, identity="", grants=VideoGrants(), now=now, ttl=TOKEN_TTL, sha256=digest)
    return SignedWebhook(body=body, authorization=token)
