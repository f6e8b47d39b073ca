"""What a room needs of a participant's connection: one port, owned here, implemented in `signaling`."""

from __future__ import annotations

from typing import Protocol

from livekit.protocol.models import DisconnectReason
from livekit.protocol.rtc import LeaveRequest, SignalResponse


class ParticipantLink(Protocol):
    """The way to one participant. No call blocks or raises; what cannot be sent now is dropped or kept, bounded."""

    def send(self, message: SignalResponse) -> None:
        """Queue one signalling message; dropped while the WebSocket is away (resume sends fresh state)."""
        ...

    def send_encoded(self, message: bytes) -> None:
        """As `send`, for a message that many receive and that was serialised once."""
        ...

    def refresh_subscriptions(self) -> None:
        """The set of tracks that this participant receives has changed: negotiate, soon and once."""
        ...

    def stop_receiving(self, track_sid: str) -> None:
        """The participant's own track has ended by the server's will: take no more media for it."""
        ...

    def send_data(self, label: str, payload: bytes) -> bool:
        """Send or queue (bounded) on a data channel. False = dropped, and counted."""
        ...

    def disconnect(self, reason: DisconnectReason, action: LeaveRequest.Action) -> None:
        """Say why, then close the WebSocket and the media. Idempotent."""
        ...
