"""What happens by time on a worker: packets' deadlines, speakers, quality, fresh tokens, rooms that end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from livekit.protocol.models import ConnectionQuality
from livekit.protocol.rtc import SignalResponse, SpeakersChanged

from server.clock import Clock, until_next
from server.rooms.registry import RoomRegistry
from server.rooms.room import Room
from server.sfu.description import MediaKind
from server.sfu.hub import MediaHub
from server.sfu.quality import QualityLevel
from server.signaling.fresh_token import FreshTokens
from server.signaling.joining import Joiner
from server.signaling.participant_session import ParticipantSession

log = structlog.get_logger("tongchuang.ticker")

# Reasons: while packets come the hub ticks with them, and a repair may wait 50 ms when they stop; who only listens may
# wait longer. 300 ms is a syllable or two; clients draw quality every few seconds; tokens live 10 minutes, so one half
# as old still has 5.
HUB_SOON_S = 0.05
HUB_TICK_S = 0.2
SPEAKERS_S = 0.3
EXPIRE_S = 1.0
QUALITY_S = 5.0
REFRESH_S = 300.0

_QUALITY = {
    QualityLevel.EXCELLENT: ConnectionQuality.EXCELLENT,
    QualityLevel.GOOD: ConnectionQuality.GOOD,
    QualityLevel.POOR: ConnectionQuality.POOR,
    QualityLevel.LOST: ConnectionQuality.LOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerPorts:
    registry: RoomRegistry
    joiner: Joiner
    hub: MediaHub
    clock: Clock
    tokens: FreshTokens


class Ticker:
    """One task per rhythm; a fault in one beat is logged and the next beat comes."""

    def __init__(self, ports: TickerPorts) -> None:
        self._registry = ports.registry
        self._joiner = ports.joiner
        self._hub = ports.hub
        self._clock = ports.clock
        self._tokens = ports.tokens

    async def run(self) -> None:
        loop = asyncio.get_running_loop()

        def soon() -> None:
            loop.call_later(HUB_SOON_S, _try, self._hub.tick_soon)

        self._hub.watch(soon)
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(HUB_TICK_S, self._hub.tick))
            group.create_task(_every(SPEAKERS_S, self.tell_speakers))
            group.create_task(_every(EXPIRE_S, self.expire))
            group.create_task(_every(QUALITY_S, self.tell_quality))
            group.create_task(_every(REFRESH_S, self.refresh_tokens))

    def expire(self) -> None:
        self._registry.expire()
        self._joiner.forget_gone()

    def tell_speakers(self) -> None:
        now_us = self._clock.monotonic_us()
        for room in self._registry:
            changes = room.speakers.update(_levels(room, now_us))
            if changes:
                room.broadcast(SignalResponse(speakers_changed=SpeakersChanged(speakers=changes)))

    def tell_quality(self) -> None:
        """Each participant hears of itself and of those it receives."""
        now_us = self._clock.monotonic_us()
        known = {sid: _quality(session, now_us) for sid, session in self._joiner.sessions.items()}
        for sid, session in self._joiner.sessions.items():
            owners = {sub.publication.owner.sid for sub in session.participant.subscriptions.values()}
            message = SignalResponse()
            for owner in (sid, *(owner for owner in owners if owner != sid)):
                if owner in known:
                    quality, score = known[owner]
                    message.connection_quality.updates.add(participant_sid=owner, quality=quality, score=score)
            session.send(message)

    def refresh_tokens(self) -> None:
        """Clients use the newest token when they come back."""
        for session in self._joiner.sessions.values():
            self._tokens.send(session)


def _levels(room: Room, now_us: int) -> dict[str, float]:
    levels: dict[str, float] = {}
    for person in room.participants.values():
        if person.is_hidden:
            continue
        for publication in person.publications.values():
            if publication.kind is not MediaKind.AUDIO or publication.up is None or publication.info.muted:
                continue
            heard = publication.up.audio_level(now_us)
            if heard.is_active:
                levels[person.sid] = max(levels.get(person.sid, 0.0), heard.level)
    return levels


def _quality(session: ParticipantSession, now_us: int) -> tuple[ConnectionQuality, float]:
    if session.is_media_silent:
        # Clients that hear this of themselves for ten seconds start over, which is what a dead path needs.
        return ConnectionQuality.LOST, 0.0
    measured = session.media.quality(now_us)
    return _QUALITY[measured.level], measured.score


async def _every(seconds: float, beat: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(until_next(seconds, loop.time()))
        _try(beat)


def _try(beat: Callable[[], None]) -> None:
    try:
        beat()
    except Exception:
        # Why so wide: one room's fault must not stop everybody's clock.
        log.exception("tick_failed", beat=getattr(beat, "__qualname__", "?"))
