"""Fresh tokens for those who are in a room, so that a resume an hour later is admitted (media.md a.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from livekit.protocol.rtc import SignalResponse

from server.clock import Clock
from server.rooms.access_token import mint
from server.signaling.participant_session import ParticipantSession

# Why 10 minutes: long enough for any outage that a resume survives, short for a token that somebody copies.
TOKEN_TTL = timedelta(minutes=10)


class FreshTokens:
    """Signs with the key that the participant's own token was signed with."""

    def __init__(self, keys: Mapping[str, str], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def send(self, session: ParticipantSession) -> None:
        """With the rights and the profile that the participant has now."""
        person = session.participant
        token = mint(
            person.claims.key,
            self._keys[person.claims.key],
            identity=person.identity,
            grants=person.grants,
            now=self._clock.now(),
            ttl=TOKEN_TTL,
            name=person.name,
            metadata=person.metadata,
            attributes=person.attributes,
        )
        session.send(SignalResponse(refresh_token=token))
