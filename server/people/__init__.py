"""Schools, accounts, roles, class groups and rosters, and the log of what was done to them."""

from __future__ import annotations

from server.people.model import (
    ACCOUNT_ROLES,
    LANGUAGES,
    SCHOOL_ROLES,
    Account,
    AuditEntry,
    ClassGroup,
    Language,
    OneTimeLink,
    Role,
    School,
    SchoolAuthorisation,
    SignedIn,
    Student,
)

__all__ = [
    "ACCOUNT_ROLES",
    "LANGUAGES",
    "SCHOOL_ROLES",
    "Account",
    "AuditEntry",
    "ClassGroup",
    "Language",
    "OneTimeLink",
    "Role",
    "School",
    "SchoolAuthorisation",
    "SignedIn",
    "Student",
]
