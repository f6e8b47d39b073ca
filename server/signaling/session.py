"""The life of one participant's session as a table: which event is possible when, what follows (media.md §a.3, §a.10).

Pure: the caller performs the effects. A pair that is not in the table is not an error but nothing to do, such as a
socket that closes after the participant has left; `EDGES` lists everything that is possible, for tests and diagrams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class SessionState(StrEnum):
    CONNECTING = "connecting"
    """The WebSocket is open, nothing is decided yet."""
    JOINED = "joined"
    """In the room; media does not flow yet."""
    ACTIVE = "active"
    """In the room with media."""
    AWAY = "away"
    """In the room without a WebSocket: may resume until the grace time is over."""
    ENDED = "ended"


class SessionEvent(StrEnum):
    ADMITTED = "admitted"
    REFUSED = "refused"
    MEDIA_CONNECTED = "media_connected"
    MEDIA_FAILED = "media_failed"
    SOCKET_LOST = "socket_lost"
    RESUMED = "resumed"
    """Another WebSocket with this participant's sid; MEDIA_CONNECTED follows at once if media never stopped."""
    GRACE_OVER = "grace_over"
    LEFT = "left"
    """The client said so."""
    REMOVED = "removed"
    """The server said so: kicked, duplicate identity, room deleted, shutdown."""


class Effect(StrEnum):
    """In the order in which they are listed in an edge."""

    ENTER_ROOM = "enter_room"
    SEND_JOIN = "send_join"
    SEND_LEAVE = "send_leave"
    ACTIVATE = "activate"
    SWAP_SOCKET = "swap_socket"
    SEND_RECONNECT = "send_reconnect"
    START_GRACE = "start_grace"
    CANCEL_GRACE = "cancel_grace"
    EXIT_ROOM = "exit_room"
    CLOSE_SOCKET = "close_socket"
    CLOSE_MEDIA = "close_media"


@dataclass(frozen=True, slots=True)
class Step:
    state: SessionState
    effects: tuple[Effect, ...]


_S, _E, _F = SessionState, SessionEvent, Effect
_END = (_F.EXIT_ROOM, _F.CLOSE_MEDIA)
_TELL_AND_END = (_F.EXIT_ROOM, _F.SEND_LEAVE, _F.CLOSE_SOCKET, _F.CLOSE_MEDIA)
_RESUME = (_F.SWAP_SOCKET, _F.SEND_RECONNECT)


def _present(state: SessionState) -> dict[tuple[SessionState, SessionEvent], Step]:
    """What may happen while somebody is in the room with a WebSocket, with or without media."""
    return {
        (state, _E.MEDIA_FAILED): Step(_S.ENDED, _TELL_AND_END),
        (state, _E.SOCKET_LOST): Step(_S.AWAY, (_F.START_GRACE,)),
        (state, _E.RESUMED): Step(state, _RESUME),
        (state, _E.LEFT): Step(_S.ENDED, (_F.EXIT_ROOM, _F.CLOSE_SOCKET, _F.CLOSE_MEDIA)),
        (state, _E.REMOVED): Step(_S.ENDED, _TELL_AND_END),
    }


EDGES: Mapping[tuple[SessionState, SessionEvent], Step] = MappingProxyType(
    {
        (_S.CONNECTING, _E.ADMITTED): Step(_S.JOINED, (_F.SEND_JOIN, _F.ENTER_ROOM)),
        (_S.CONNECTING, _E.REFUSED): Step(_S.ENDED, (_F.SEND_LEAVE, _F.CLOSE_SOCKET)),
        (_S.CONNECTING, _E.REMOVED): Step(_S.ENDED, (_F.SEND_LEAVE, _F.CLOSE_SOCKET)),
        (_S.CONNECTING, _E.SOCKET_LOST): Step(_S.ENDED, ()),
        **_present(_S.JOINED),
        (_S.JOINED, _E.MEDIA_CONNECTED): Step(_S.ACTIVE, (_F.ACTIVATE,)),
        **_present(_S.ACTIVE),
        (_S.AWAY, _E.RESUMED): Step(_S.JOINED, (_F.CANCEL_GRACE, *_RESUME)),
        (_S.AWAY, _E.GRACE_OVER): Step(_S.ENDED, _END),
        (_S.AWAY, _E.MEDIA_FAILED): Step(_S.ENDED, (_F.CANCEL_GRACE, *_END)),
        (_S.AWAY, _E.LEFT): Step(_S.ENDED, (_F.CANCEL_GRACE, *_END)),
        (_S.AWAY, _E.REMOVED): Step(_S.ENDED, (_F.CANCEL_GRACE, *_END)),
    }
)


def transition(state: SessionState, event: SessionEvent) -> Step:
    """The next state and what to do; an event that means nothing now changes nothing."""
    return EDGES.get((state, event), Step(state, ()))
