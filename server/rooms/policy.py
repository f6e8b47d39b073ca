"""Who may hear, see and know whom: pure answers, asked by `Room` before every effect."""

from __future__ import annotations

from livekit.protocol.models import TrackSource
from livekit.protocol.rtc import SubscriptionPermission

# Tracks of these sources share a stream, so that browsers keep lips and voice together (media.md a.7).
_SCREEN_SOURCES = frozenset({TrackSource.SCREEN_SHARE, TrackSource.SCREEN_SHARE_AUDIO})


def stream_name(requested: str, source: TrackSource) -> str:
    """The MediaStream a track belongs to when its publisher named none."""
    if requested:
        return requested
    return "screen" if source in _SCREEN_SOURCES else "camera"


def is_subscription_permitted(
    permission: SubscriptionPermission | None, *, identity: str, participant_sid: str, track_sid: str
) -> bool:
    """Whether the publisher lets this participant subscribe; no permission ever sent means everybody may."""
    if permission is None or permission.all_participants:
        return True
    for entry in permission.track_permissions:
        is_named = (
            entry.participant_identity == identity
            if entry.participant_identity
            else (entry.participant_sid == participant_sid and bool(participant_sid))
        )
        if is_named and (entry.all_tracks or track_sid in entry.track_sids):
            return True
    return False
