"""Who is speaking: levels of all microphones of a room, told to clients as changes only."""

from __future__ import annotations

from collections.abc import Mapping

from livekit.protocol.models import SpeakerInfo

# Why 1/8: clients draw a few steps; smaller changes would be a message per tick and nothing to see.
_STEP = 0.125


class Speakers:
    """Keeps what clients were told last; `update` gives what is new."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def update(self, levels: Mapping[str, float]) -> list[SpeakerInfo]:
        """`levels`: participant sid → 0..1, speaking ones only. Returns changes; level 0 = has stopped."""
        changes: list[SpeakerInfo] = []
        for sid, level in levels.items():
            rounded = max(_STEP, round(level / _STEP) * _STEP)
            if self._told.get(sid) != rounded:
                self._told[sid] = rounded
                changes.append(SpeakerInfo(sid=sid, level=rounded, active=True))
        for sid in [sid for sid in self._told if sid not in levels]:
            del self._told[sid]
            changes.append(SpeakerInfo(sid=sid, level=0.0, active=False))
        return changes

    def current(self) -> list[SpeakerInfo]:
        """For somebody who joins while others speak."""
        return [SpeakerInfo(sid=sid, level=level, active=True) for sid, level in self._told.items()]

    def forget(self, sid: str) -> None:
        self._told.pop(sid, None)
