"""Two schools with their adults, class groups and authorisations, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from server.ids import AccountId, ClassGroupId, SchoolId, StudentId
from server.pair import LocalizedText, Side
from server.people import Account, ClassGroup, Role, School, Student
from tests.fakes.lessons import (
    BROWN,
    CHEN,
    DIAZ,
    LIN,
    ORTEGA,
    TAIPEI,
    TAIPEI_CLASS,
    TUCSON,
    TUCSON_CLASS,
    WANG,
)

VERIFIED_AT = datetime(2026, 9, 1, tzinfo=UTC)
NAMES = {
    LIN: ("Ms. Lin", "林老師"),
    CHEN: ("Mr. Chen", "陳老師"),
    WANG: ("Ms. Wang", "王老師"),
    ORTEGA: ("Mr. Ortega", "歐特加老師"),
    BROWN: ("Ms. Brown", "布朗老師"),
    DIAZ: ("Mr. Díaz", "迪亞斯老師"),
}


def make_account(account_id: AccountId, school_id: SchoolId | None, *, is_verified: bool = True) -> Account:
    name = NAMES.get(account_id, (account_id, account_id))
    return Account(
        id=account_id,
        school_id=school_id,
        email=f"{account_id}@example.edu",
        name=LocalizedText(*name),
        language="zh-Hant-TW" if school_id == TAIPEI else "en",
        roles=frozenset({Role.TEACHER}),
        has_password=True,
        verified_at=VERIFIED_AT if is_verified else None,
    )


class FakeDirectory:
    """Implements `Directory`. Lin, Chen, Wang teach in Taipei; Ortega, Brown, Diaz in Tucson; Wang is not verified."""

    def __init__(self) -> None:
        self.people: dict[AccountId, Account] = {
            account_id: make_account(account_id, school_id, is_verified=account_id != WANG)
            for school_id, ids in ((TAIPEI, (LIN, CHEN, WANG)), (TUCSON, (ORTEGA, BROWN, DIAZ)))
            for account_id in ids
        }
        self.its_schools: dict[SchoolId, School] = {
            TAIPEI: School(
                id=TAIPEI,
                side=Side.TAIWAN,
                name=LocalizedText("Sunrise School", "晨光國小"),
                place=LocalizedText("Taipei", "臺北"),
                zone="Asia/Taipei",
                language="zh-Hant-TW",
            ),
            TUCSON: School(
                id=TUCSON,
                side=Side.UNITED_STATES,
                name=LocalizedText("Saguaro School", "仙人掌學校"),
                place=LocalizedText("Tucson", "土桑"),
                zone="America/Phoenix",
                language="en",
            ),
        }
        self.groups: dict[ClassGroupId, ClassGroup] = {
            TAIPEI_CLASS: ClassGroup(
                id=TAIPEI_CLASS, school_id=TAIPEI, name=LocalizedText("Class 5A", "五年甲班"), grade="5"
            ),
            TUCSON_CLASS: ClassGroup(
                id=TUCSON_CLASS, school_id=TUCSON, name=LocalizedText("Room 12", "12 號教室"), grade="5"
            ),
        }
        self.pupils: dict[StudentId, Student] = {}
        self.add_pupils(TAIPEI_CLASS, "小明", "小華")
        self.add_pupils(TUCSON_CLASS, "Ana", "Ben")
        self.authorised = {TAIPEI_CLASS, TUCSON_CLASS}

    def add_pupils(self, class_group_id: ClassGroupId, *names: str) -> None:
        for name in names:
            student_id = StudentId(f"st_{len(self.pupils) + 1}")
            position = 1 + len([one for one in self.pupils.values() if one.class_group_id == class_group_id])
            self.pupils[student_id] = Student(
                id=student_id, class_group_id=class_group_id, display_name=name, position=position
            )

    async def accounts(self, ids: Collection[AccountId]) -> Mapping[AccountId, Account]:
        return {one: self.people[one] for one in ids if one in self.people}

    async def schools(self, ids: Collection[SchoolId]) -> Mapping[SchoolId, School]:
        return {one: self.its_schools[one] for one in ids if one in self.its_schools}

    async def class_groups(self, ids: Collection[ClassGroupId]) -> Mapping[ClassGroupId, ClassGroup]:
        return {one: self.groups[one] for one in ids if one in self.groups}

    async def is_authorised(self, class_group_id: ClassGroupId) -> bool:
        return class_group_id in self.authorised

    async def students(self, class_group_id: ClassGroupId) -> tuple[Student, ...]:
        its = [one for one in self.pupils.values() if one.class_group_id == class_group_id and one.removed_at is None]
        return tuple(sorted(its, key=lambda one: one.position))

    async def find_student(self, student_id: StudentId) -> Student | None:
        return self.pupils.get(student_id)
