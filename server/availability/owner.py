"""Whose hours they are: an adult's own, a class group's, or a whole school's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.ids import AccountId, ClassGroupId, SchoolId


class OwnerKind(StrEnum):
    ACCOUNT = "account"
    CLASS_GROUP = "class_group"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True)
class Owner:
    kind: OwnerKind
    id: str

    @classmethod
    def account(cls, account_id: AccountId) -> Owner:
        return cls(OwnerKind.ACCOUNT, account_id)

    @classmethod
    def class_group(cls, class_group_id: ClassGroupId) -> Owner:
        return cls(OwnerKind.CLASS_GROUP, class_group_id)

    @classmethod
    def school(cls, school_id: SchoolId) -> Owner:
        return cls(OwnerKind.SCHOOL, school_id)
