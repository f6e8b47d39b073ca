"""A media server's people in memory, with the words that the webhooks would bring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from livekit.protocol.models import ParticipantInfo

from server.classroom.media import MediaPerson, MediaTrack
from server.errors import ErrorCode, Unavailable

Told = Callable[[str, str, str, str], Awaitable[None]]


class FakeMedia:
    """Implements `MediaControl`. `is_away`: nobody answers."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, MediaPerson]] = {}
        self.log: list[tuple[str, str, str]] = []
        self.is_away = False
        self._count = 0

    def join(self, room: str, identity: str, device: str = "", sources: Collection[str] = ()) -> str:
        """As with a token: the sid."""
        self._count += 1
        sid = f"PA_{self._count}"
        tracks = tuple(
            MediaTrack(sid=f"TR_{sid}_{source}", source=source, is_muted=False) for source in sorted(sources)
        )
        person = MediaPerson(identity=identity, sid=sid, device=device, sources=frozenset(sources), tracks=tracks)
        self.rooms.setdefault(room, {})[identity] = person
        return sid

    def leave(self, room: str, identity: str) -> str:
        return self.rooms[room].pop(identity).sid

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE, "away")

    async def people(self, room: str) -> tuple[MediaPerson, ...]:
        self._answer()
        return tuple(self.rooms.get(room, {}).values())

    async def participants(self, room: str) -> Sequence[ParticipantInfo]:
        self._answer()
        return [ParticipantInfo(identity=one.identity, sid=one.sid) for one in await self.people(room)]

    async def remove(self, room: str, identity: str) -> None:
        self._answer()
        self.rooms.get(room, {}).pop(identity, None)
        self.log.append(("remove", identity, ""))

    async def mute(self, room: str, identity: str, track_sid: str) -> None:
        self._answer()
        person = self.rooms[room][identity]
        tracks = tuple(replace(track, is_muted=track.is_muted or track.sid == track_sid) for track in person.tracks)
        self.rooms[room][identity] = replace(person, tracks=tracks)
        self.log.append(("mute", identity, track_sid))

    async def permit(self, room: str, identity: str, sources: Collection[str]) -> None:
        self._answer()
        if (person := self.rooms.get(room, {}).get(identity)) is not None:
            self.rooms[room][identity] = replace(person, sources=frozenset(sources))
        self.log.append(("permit", identity, " ".join(sorted(sources))))

    async def delete(self, room: str) -> None:
        self._answer()
        self.rooms.pop(room, None)
        self.log.append(("delete", room, ""))

    async def close(self) -> None:
        """Nothing to close."""
