"""What a change of the room means at the media server: who may be in it, and what each may publish. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.classroom.guard import may_have_media
from server.classroom.model import Person, State, What
from server.ids import PersonId

# LiveKit's names of publish sources; a share comes with its sound.
SOURCES: Mapping[What, tuple[str, ...]] = {
    What.MICROPHONE: ("microphone",),
    What.CAMERA: ("camera",),
    What.SCREEN_SHARE: ("screen_share", "screen_share_audio"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """`moved`: whose seat went to another device; they are told after the old one is out."""

    remove: tuple[PersonId, ...] = ()
    moved: tuple[PersonId, ...] = ()
    permit: Mapping[PersonId, frozenset[str]]
    close: bool = False


def sources_of(state: State, person: Person) -> frozenset[str]:
    """What somebody may publish now, by LiveKit's names."""
    return frozenset(source for what, names in SOURCES.items() if state.may(person, what) for source in names)


def may_be_in_media(state: State, key: PersonId) -> bool:
    """An adult of an open lesson always; pupils and screens when let in and not alone (C14)."""
    is_adult = state.lesson is not None and state.lesson.role_of(key) is not None
    return may_stay_in_media(state, key) and (is_adult or may_have_media(state))


def may_stay_in_media(state: State, key: PersonId) -> bool:
    """Of who is in already. That adults are missing ends it by the way back to the lobby, when their grace is over, and
    not before the grace has begun: between an adult's leaving and that, others look at the state as well.
    """
    lesson = state.lesson
    if lesson is None or not lesson.is_open:
        return False
    if lesson.role_of(key) is not None:
        return True
    person = state.find(key)
    return person is not None and not person.is_teacher and person.is_admitted


def effects(before: State, after: State) -> Effects:
    """From the states alone, so that no event can be forgotten here."""
    was_open = before.lesson is not None and before.lesson.is_open
    if was_open and (after.lesson is None or not after.lesson.is_open):
        return Effects(permit={}, close=True)
    keys = [key for key in after.people if before.people.get(key) is not after.people[key]]
    if before.lesson is not after.lesson or before.permissions is not after.permissions:
        keys = list(after.people)
    remove = [key for key in keys if may_be_in_media(before, key) and not may_stay_in_media(after, key)]
    moved = [key for key in keys if _has_moved(before.find(key), after.people[key])]
    permit: dict[PersonId, frozenset[str]] = {}
    for key in keys:
        was, now = before.find(key), after.people[key]
        if (
            now.is_admitted
            and was is not None
            and was.is_admitted
            and sources_of(before, was) != sources_of(after, now)
        ):
            permit[key] = sources_of(after, now)
    return Effects(remove=tuple(remove), moved=tuple(moved), permit=permit)


def _has_moved(was: Person | None, now: Person) -> bool:
    return was is not None and was.is_admitted and now.is_admitted and was.device != now.device
