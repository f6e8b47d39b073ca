"""What each word of the media server changes in the recorded connections of one lesson. Pure.

Words may come twice, late, in any order, or not at all when a worker died; the rows that result are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from server.lessons.attendance import LeftBy, Presence, joined_again, left_again


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """`presence.left_at` is set: the word has the whole connection, so that a lost `joined` does not matter."""

    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStarted:
    """A room of that name began anew: who was in an earlier one (on a worker that died) is not there any more."""

    room_sid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFinished:
    room_sid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The media server was asked who is there. `known`: the connections that were open before it was asked."""

    known: frozenset[str]
    present: tuple[Presence, ...]
    at: datetime


Told = Joined | Left | RoomStarted | RoomFinished | Compared


def changed_by(presences: Collection[Presence], told: Told) -> Sequence[Presence]:
    """The connections that are new or different after it."""
    by_sid = {presence.sid: presence for presence in presences}
    match told:
        case Joined():
            after = [joined_again(by_sid.get(told.presence.sid), told.presence)]
        case Left():
            after = [left_again(by_sid.get(told.presence.sid), told.presence)]
        case RoomStarted():
            after = [_ended(one, told.at) for one in presences if one.is_open and _is_of_another(one, told.room_sid)]
        case RoomFinished():
            its = [one for one in presences if one.is_open and one.room_sid == told.room_sid]
            after = [replace(_ended(one, told.at), is_interrupted=False) for one in its]
        case Compared():
            there = {presence.sid for presence in told.present}
            gone = [one for one in presences if one.is_open and one.sid in told.known and one.sid not in there]
            new = [one for one in told.present if one.sid not in by_sid]
            # A wrong guess of an earlier look: the media server did not say that they left, and they are there.
            back = [one for one in presences if one.left_by is LeftBy.GUESSED and one.sid in there]
            after = [*(_ended(one, told.at) for one in gone), *new, *(_reopened(one) for one in back)]
        case _:
            assert_never(told)
    return [one for one in after if by_sid.get(one.sid) != one]


def _is_of_another(presence: Presence, room_sid: str) -> bool:
    return bool(presence.room_sid) and presence.room_sid != room_sid


def _reopened(presence: Presence) -> Presence:
    return replace(presence, left_at=None, left_by=None, is_interrupted=False)


def _ended(presence: Presence, at: datetime) -> Presence:
    return replace(presence, left_at=max(at, presence.joined_at), left_by=LeftBy.GUESSED, is_interrupted=True)
