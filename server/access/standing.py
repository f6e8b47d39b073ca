"""How a viewer stands towards what an action is about. Pure: facts in, a set of standings out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from server.access.viewer import Adult, Pupil, Viewer
from server.ids import AccountId, SchoolId
from server.lessons import LessonFacts, SideFacts
from server.people import SCHOOL_ROLES, Account, Role


class Standing(StrEnum):
    """Rights come from these only. Those of a school or a lesson need a verified adult (C19)."""

    # everybody
    VISITOR = "visitor"
    # any signed-in adult
    SIGNED_IN = "signed_in"
    VERIFIED = "verified"
    # the account itself is the subject
    SELF = "self"
    # of the whole installation
    IT_ADMINISTRATOR = "it_administrator"
    LIAISON_OFFICER = "liaison_officer"
    # of the subject's school; the first also when not verified yet
    MEMBER_OF_SCHOOL = "member_of_school"
    TEACHER_OF_SCHOOL = "teacher_of_school"
    COORDINATOR_OF_SCHOOL = "coordinator_of_school"
    # of the subject's lesson: lead, co-teacher or substitute of either side; `_side`: of the subject's side
    LEAD_OF_LESSON = "lead_of_lesson"
    LEAD_OF_SIDE = "lead_of_side"
    COORDINATOR_OF_LESSON = "coordinator_of_lesson"
    COORDINATOR_OF_SIDE = "coordinator_of_side"
    # named in it, but not verified yet, or without a teacher's role
    EXPECTED_IN_LESSON = "expected_in_lesson"
    # holds a card of one of its class groups; `_admitted`: a lead let this pupil in
    PUPIL_OF_LESSON = "pupil_of_lesson"
    PUPIL_ADMITTED = "pupil_admitted"


# These say nothing about the subject: with them alone its existence is not confirmed.
UNRELATED = frozenset({Standing.VISITOR, Standing.SIGNED_IN, Standing.VERIFIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an action is about. Nothing given: a place of one's own, such as the dashboard.

    `school_id`: of a school, or of the class group or account concerned. `account`: the account concerned.
    `side`: the half of the lesson concerned, by its key. `is_admitted`: of the asking pupil, by the classroom's store.
    """

    school_id: SchoolId | None = None
    account: AccountId | None = None
    lesson: LessonFacts | None = None
    side: str | None = None
    is_admitted: bool = False

    @property
    def is_place(self) -> bool:
        return self.school_id is None and self.account is None and self.lesson is None


PLACE = Subject()


def standings(viewer: Viewer, subject: Subject) -> frozenset[Standing]:
    """Everything that holds; always at least `visitor`."""
    found = {Standing.VISITOR}
    if isinstance(viewer, Adult):
        found.update(_of_adult(viewer.account, subject))
    elif isinstance(viewer, Pupil):
        found.update(_of_pupil(viewer, subject))
    return frozenset(found)


def _of_adult(account: Account, subject: Subject) -> Iterator[Standing]:
    if account.is_disabled:
        return
    yield Standing.SIGNED_IN
    if subject.account == account.id:
        yield Standing.SELF
    if account.is_verified:
        yield Standing.VERIFIED
        if Role.IT_ADMINISTRATOR in account.roles:
            yield Standing.IT_ADMINISTRATOR
        # A liaison officer knows schools, not their lessons.
        if Role.LIAISON_OFFICER in account.roles and subject.lesson is None:
            yield Standing.LIAISON_OFFICER
    if subject.school_id is not None:
        yield from _of_school(account, subject.school_id)
    if subject.lesson is not None:
        yield from _of_lesson(account, subject.lesson, subject.side)


def _of_school(account: Account, school_id: SchoolId) -> Iterator[Standing]:
    if account.school_id != school_id:
        return
    yield Standing.MEMBER_OF_SCHOOL
    if account.is_verified:
        if Role.TEACHER in account.roles:
            yield Standing.TEACHER_OF_SCHOOL
        if Role.COORDINATOR in account.roles:
            yield Standing.COORDINATOR_OF_SCHOOL


def _of_lesson(account: Account, lesson: LessonFacts, side_key: str | None) -> Iterator[Standing]:
    for side in lesson.sides:
        is_concerned = side.key == side_key
        if account.id in side.adults:
            yield from _of_named_adult(account, is_concerned=is_concerned)
        if _coordinates(account, side):
            yield Standing.COORDINATOR_OF_LESSON
            if is_concerned:
                yield Standing.COORDINATOR_OF_SIDE


def _of_named_adult(account: Account, *, is_concerned: bool) -> Iterator[Standing]:
    # Who lost the role leads no more, though the lesson still names them.
    if not (account.is_verified and account.roles & SCHOOL_ROLES):
        yield Standing.EXPECTED_IN_LESSON
        return
    yield Standing.LEAD_OF_LESSON
    if is_concerned:
        yield Standing.LEAD_OF_SIDE


def _coordinates(account: Account, side: SideFacts) -> bool:
    return account.is_verified and Role.COORDINATOR in account.roles and account.school_id == side.school_id


def _of_pupil(pupil: Pupil, subject: Subject) -> Iterator[Standing]:
    lesson = subject.lesson
    if lesson is None or lesson.id != pupil.lesson_id:
        return
    if any(side.class_group_id == pupil.class_group_id for side in lesson.sides):
        yield Standing.PUPIL_OF_LESSON
        if subject.is_admitted:
            yield Standing.PUPIL_ADMITTED
