"""Two schools with a lesson, a third that has nothing to do with it, and everybody who might ask. Pure values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from server.access import Adult, Pupil, Subject, Viewer, Visitor
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, StudentId
from server.lessons import LessonFacts, LessonState, SideFacts
from server.pair import LocalizedText
from server.people import Account, Role

EARLIER = datetime(2026, 9, 1, tzinfo=UTC)
SCHOOL_A, SCHOOL_B, SCHOOL_C = SchoolId("sc_a"), SchoolId("sc_b"), SchoolId("sc_c")
GROUP_A, GROUP_B, GROUP_C = ClassGroupId("cg_a"), ClassGroupId("cg_b"), ClassGroupId("cg_c")


def account(name: str, school: SchoolId | None, *roles: Role, is_verified: bool = True) -> Account:
    return Account(
        id=AccountId(f"ac_{name}"),
        school_id=school,
        email=f"{name}@needle.example",
        name=LocalizedText(f"Needle {name}", f"針 {name}"),
        language="en",
        roles=frozenset(roles),
        has_password=True,
        verified_at=EARLIER if is_verified else None,
    )


T, C, IT, LO = Role.TEACHER, Role.COORDINATOR, Role.IT_ADMINISTRATOR, Role.LIAISON_OFFICER
ACCOUNTS = {
    one.id.removeprefix("ac_"): one
    for one in (
        account("lead_a", SCHOOL_A, T),
        account("co_a", SCHOOL_A, T),
        account("substitute_a", SCHOOL_A, T, C),
        account("unverified_co_a", SCHOOL_A, T, is_verified=False),
        # was made the lead, and then became a liaison officer only
        account("roleless_co_a", SCHOOL_A, LO),
        replace(account("disabled_co_a", SCHOOL_A, T, C, IT), disabled_at=EARLIER),
        account("teacher_a", SCHOOL_A, T),
        account("unverified_a", SCHOOL_A, T, C, IT, is_verified=False),
        account("coordinator_a", SCHOOL_A, C),
        account("lead_b", SCHOOL_B, T),
        account("coordinator_b", SCHOOL_B, C),
        account("teacher_c", SCHOOL_C, T),
        account("coordinator_c", SCHOOL_C, T, C),
        account("liaison", None, LO),
        account("it", None, IT),
    )
}


def pupil(name: str, group: ClassGroupId, school: SchoolId, lesson: str) -> Pupil:
    return Pupil(
        student_id=StudentId(f"st_{name}"),
        class_group_id=group,
        school_id=school,
        name=f"Needle pupil {name}",
        lesson_id=LessonId(lesson),
        device_id=f"device-{name}",
    )


LESSON = LessonFacts(
    id=LessonId("le_1"),
    state=LessonState.PROPOSED,
    sides=(
        SideFacts(
            key="a",
            school_id=SCHOOL_A,
            class_group_id=GROUP_A,
            lead=ACCOUNTS["lead_a"].id,
            co_teachers=frozenset(
                ACCOUNTS[name].id for name in ("co_a", "unverified_co_a", "roleless_co_a", "disabled_co_a")
            ),
            substitute=ACCOUNTS["substitute_a"].id,
        ),
        SideFacts(key="b", school_id=SCHOOL_B, class_group_id=GROUP_B, lead=ACCOUNTS["lead_b"].id),
    ),
)

VIEWERS: dict[str, Viewer] = {
    "visitor": Visitor(),
    **{name: Adult(account=one, csrf="word") for name, one in ACCOUNTS.items()},
    "waiting_pupil": pupil("waiting", GROUP_A, SCHOOL_A, "le_1"),
    "admitted_pupil": pupil("admitted", GROUP_B, SCHOOL_B, "le_1"),
    # holds a card of this lesson's class for another lesson, or this lesson's seat with another class
    "pupil_of_other_lesson": pupil("other", GROUP_A, SCHOOL_A, "le_2"),
    "pupil_of_other_class": pupil("foreign", GROUP_C, SCHOOL_C, "le_1"),
}


def lesson_subject(viewer: str, state: LessonState) -> Subject:
    """About side a of the lesson."""
    return Subject(lesson=replace(LESSON, state=state), side="a", is_admitted=viewer == "admitted_pupil")
