"""From a request to somebody at the room's door: who it is, by which right, and under which name they come in."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from server.access import Action, Adult, Pupil, Subject, Viewer, authorise
from server.classroom.hub import Hub, Room
from server.classroom.lobby import Visitor
from server.classroom.model import LessonInfo
from server.classroom.protocol import Connect
from server.errors import Conflict, ErrorCode, NotFound, Unauthorized
from server.ids import AccountId, LessonId, PersonId
from server.lessons import LessonFacts, LessonService, SideKey, adult_person, pupil_person, screen_person
from server.pair import LocalizedText


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody who may connect."""

    viewer: Adult | Pupil
    visitor: Visitor


async def let_through(hub: Hub, lessons: LessonService, viewer: Viewer, wish: Connect, connection: str) -> Entrance:
    """Raises Unauthorized, NotFound (also for a foreign lesson), Forbidden, Conflict(LESSON_STATE)."""
    if not isinstance(viewer, Adult | Pupil):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED)
    lesson_id = LessonId(wish.lesson)
    authorise(viewer, Action.ROOM_CONNECT, Subject(lesson=await existing(lessons, lesson_id)))
    room = await hub.open(lesson_id)
    if isinstance(viewer, Pupil):
        return Entrance(viewer, _pupil(viewer, room, wish, connection))
    if wish.screen is not None:
        authorise(viewer, Action.ROOM_SCREEN_TOKEN, Subject(lesson=room.facts, side=wish.screen))
        return Entrance(viewer, _screen(_info(room), wish.screen, connection))
    await _open_lobby(hub, lessons, room, viewer.account.id)
    person = adult_person(viewer.account.id)
    return Entrance(viewer, Visitor(person=person, name=viewer.account.name, connection=connection))


async def existing(lessons: LessonService, lesson_id: LessonId) -> LessonFacts:
    """Raises NotFound."""
    facts = await lessons.facts(lesson_id)
    if facts is None:
        raise NotFound(ErrorCode.NOT_FOUND, "no such lesson")
    return facts


async def _open_lobby(hub: Hub, lessons: LessonService, room: Room, by: AccountId) -> None:
    """A lead who enters the room shortly before the lesson opens the lobby by it; earlier, nothing happens."""
    if _info(room).is_early:
        with contextlib.suppress(Conflict):
            await lessons.open_lobby(room.lesson_id, by=by)
            await hub.refresh(room.lesson_id)


def _pupil(pupil: Pupil, room: Room, wish: Connect, connection: str) -> Visitor:
    assert room.facts is not None
    side = next(side for side in room.facts.sides if side.class_group_id == pupil.class_group_id)
    return Visitor(
        person=pupil_person(pupil.student_id),
        name=LocalizedText(pupil.name, pupil.name),
        connection=connection,
        side=side.key,
        device=pupil.device_id,
        is_companion=wish.companion,
    )


def _screen(lesson: LessonInfo, side: SideKey, connection: str) -> Visitor:
    return Visitor(person=screen_person(side), name=lesson.side(side).class_group, connection=connection, side=side)


def _info(room: Room) -> LessonInfo:
    assert room.state.lesson is not None
    return room.state.lesson


def person_of(viewer: Adult | Pupil, screen: SideKey | None = None) -> PersonId:
    """The identity in the media room."""
    if isinstance(viewer, Pupil):
        return pupil_person(viewer.student_id)
    return adult_person(viewer.account.id) if screen is None else screen_person(screen)
