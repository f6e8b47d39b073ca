"""What one packet-level participant is to do: whom it joins as, what it publishes, what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from livekit.api import AccessToken, VideoGrants

from bench.client.publish import AudioPlan, VideoPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantOptions:
    url: str
    key: str = ""
    secret: str = ""
    room: str = ""
    identity: str
    token: str = ""
    """As the product gave it; without one, `key` and `secret` sign one with every right in `room`."""
    video: VideoPlan | None = None
    audio: AudioPlan | None = None
    share: VideoPlan | None = None
    audio_sections: int = 1
    """Empty sections to receive on from the start; more are added when the server asks for them."""
    video_sections: int = 1
    tile: tuple[int, int] | None = None
    """Ask for each video at this size, as a page with adaptive stream does."""
    tiles: int | None = None
    """So many videos are on the page, the others are turned off; None = all are on it."""
    gro: bool = False
    stamps: bool = False
    with_gcm: bool = True
    setup: str = "actpass"
    """``passive`` leaves the server no choice but to be the DTLS client."""
    seed: int = 1
    dynacast: bool = True
    notes_arrivals: bool = False
    """Keep when each stream's newest packet came (`Participant.arrivals`)."""

    def own_token(self) -> str:
        grants = VideoGrants(room_join=True, room=self.room)
        return AccessToken(self.key, self.secret).with_identity(self.identity).with_grants(grants).to_jwt()
