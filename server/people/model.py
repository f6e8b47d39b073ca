"""Schools, adults, class groups and pupils as values. Pure. Of a pupil there is a display name, nothing else (C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, StudentId
from server.pair import LocalizedText, Side

Language = Literal["en", "zh-Hant-TW"]
LANGUAGES: tuple[Language, Language] = ("en", "zh-Hant-TW")


class Role(StrEnum):
    """What an account may be. `student` belongs to rosters only: no account has it (C1)."""

    COORDINATOR = "coordinator"
    TEACHER = "teacher"
    STUDENT = "student"
    LIAISON_OFFICER = "liaison_officer"
    IT_ADMINISTRATOR = "it_administrator"


# Those of one school, which its coordinator may give; the others are of the whole installation.
SCHOOL_ROLES = frozenset({Role.COORDINATOR, Role.TEACHER})
ACCOUNT_ROLES = SCHOOL_ROLES | {Role.LIAISON_OFFICER, Role.IT_ADMINISTRATOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """`zone`: IANA. `language`: what its people read first."""

    id: SchoolId
    side: Side
    name: LocalizedText
    place: LocalizedText
    zone: str
    language: Language
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An adult. Without a school only for roles of the whole installation."""

    id: AccountId
    school_id: SchoolId | None
    email: str
    name: LocalizedText
    language: Language
    roles: frozenset[Role]
    # False until an invitation was accepted: there is no password yet
    has_password: bool
    verified_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def is_verified(self) -> bool:
        """C19: may lead, may see pupils' names."""
        return self.verified_at is not None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroup:
    id: ClassGroupId
    school_id: SchoolId
    name: LocalizedText
    grade: str
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """`position`: order of the roster, from 1. A removed one stays for the attendance of past lessons."""

    id: StudentId
    class_group_id: ClassGroupId
    display_name: str
    position: int
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolAuthorisation:
    """The school's word that these pupils may take part (C3). `given_by`: who signed for the school, as written."""

    id: str
    class_group_id: ClassGroupId
    school_id: SchoolId
    given_by: str
    given_on: date
    text_version: str
    recorded_by: AccountId
    recorded_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing done to people or their data (C20). `detail` has ids and counts, never a pupil's name or a secret."""

    seq: int
    at: datetime
    # an account id, `pupil-…`, or `system` for commands and demo data
    actor: str
    # `noun.verb`, e.g. `account.verified`
    action: str
    # what it was done to, by id
    subject: str
    school_id: SchoolId | None = None
    lesson_id: LessonId | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """`token` is the cookie's value; only its hash is stored."""

    token: str = field(repr=False)
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """`path` such as `/invitation/…`: whoever has it can use it once until `expires_at`."""

    path: str = field(repr=False)
    expires_at: datetime
    is_mailed: bool = False
    account: Account | None = None
