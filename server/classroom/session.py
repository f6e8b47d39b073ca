"""One connected page: who it is, in which lesson, and whether it may do what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.access import Action, Adult, Pupil, Subject, authorise
from server.classroom.hub import Hub, Room
from server.classroom.model import Person, State
from server.errors import ErrorCode, Forbidden, NotFound
from server.ids import AccountId, LessonId, PersonId

# What somebody may do who waits in the lobby; everything else is answered with "please wait".
IN_THE_LOBBY = frozenset({Action.ROOM_CONNECT, Action.ROOM_SYNC, Action.REPORT_RAISE})


@dataclass(slots=True)
class Session:
    """`connection`: this page among all of all processes. `viewer` is looked up again from time to time,
    an adult by `token`, the sign-in."""

    connection: str
    lesson_id: LessonId
    person: PersonId
    viewer: Adult | Pupil
    token: str = field(default="", repr=False)

    @property
    def account(self) -> AccountId | None:
        return self.viewer.account.id if isinstance(self.viewer, Adult) else None

    def room(self, hub: Hub) -> Room:
        """Raises NotFound for a page that was sent away."""
        room = hub.rooms.get(self.lesson_id)
        if room is None or self.connection not in room.viewers:
            raise NotFound(ErrorCode.NOT_FOUND, "not connected to a lesson")
        return room

    def ask(self, hub: Hub, action: Action) -> State:
        """The room's state, when the right is there. Raises Forbidden, NotFound, Conflict."""
        room = self.room(hub)
        person = room.state.find(self.person)
        is_in = person is not None and person.is_admitted and person.connection == self.connection
        if not is_in and action not in IN_THE_LOBBY:
            raise Forbidden(ErrorCode.NOT_ADMITTED)
        side = None if person is None else person.side
        authorise(self.viewer, action, Subject(lesson=room.facts, is_admitted=is_in, side=side))
        return room.state

    def me(self, state: State) -> Person:
        return state.people[self.person]
