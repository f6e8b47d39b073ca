"""Who is asking: nobody known, a signed-in adult, or a pupil who holds a seat. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.ids import ClassGroupId, LessonId, SchoolId, StudentId
from server.people import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Nobody that we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adult:
    """`csrf` must come back in every form, as the field `csrf` or the header `X-CSRF-Token`."""

    account: Account
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """Holds the card of one student for one lesson, on one device."""

    student_id: StudentId
    class_group_id: ClassGroupId
    school_id: SchoolId
    name: str
    lesson_id: LessonId
    device_id: str = field(repr=False)


Viewer = Visitor | Adult | Pupil
