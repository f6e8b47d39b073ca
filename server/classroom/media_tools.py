"""The leads' tools that act on running media: the server mutes, no page is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from server.classroom.media import MediaControl
from server.classroom.model import State
from server.ids import LessonId, PersonId
from server.lessons import room_of

# A share is stopped with its sound.
_TOGETHER = {"screen_share": ("screen_share", "screen_share_audio")}


async def mute(
    media: MediaControl, state: State, lesson_id: LessonId, by: PersonId, whom: Collection[str] | str, source: str
) -> None:
    """All at once, so that the last one is as fast as the first. Raises Unavailable."""
    room = room_of(lesson_id)
    chosen = _chosen(state, by, whom)
    sources = _TOGETHER.get(source, (source,))
    calls = [
        media.mute(room, person.identity, track.sid)
        for person in await media.people(room)
        if person.identity in chosen
        for track in person.tracks
        if track.source in sources and not track.is_muted
    ]
    await asyncio.gather(*calls)


def _chosen(state: State, by: PersonId, whom: Collection[str] | str) -> frozenset[str]:
    if whom == "everyone":
        return frozenset(state.people) - {by}
    if whom == "pupils":
        # A class that shares one microphone speaks through its big screen.
        return frozenset(person.person for person in state.people.values() if not person.is_teacher)
    return frozenset(whom)
