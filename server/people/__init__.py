"""Schools, accounts, roles, class groups and rosters, and the log of what was done to them."""

from __future__ import annotations

from server.people.account_service import AccountService
from server.people.audit import SYSTEM, AuditFilter, AuditLog, AuditPage
from server.people.bundle import People, build_people
from server.people.class_group_service import ClassGroupService
from server.people.mail import Mailer, NoMailer, SmtpMailer, parse_smtp_url
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
from server.people.roster import (
    MAX_STUDENTS,
    PROBLEM_TEXTS,
    RosterLine,
    RosterPreview,
    RosterProblem,
    decode_roster,
    parse_roster,
)
from server.people.roster_service import RosterService
from server.people.school_service import SchoolService
from server.people.seed import Seed, seed_people
from server.people.sign_ins import SIGN_IN_MAX_AGE_S
from server.people.text import clean_email, clean_line, clean_name, email_key
from server.people.token import hash_of, new_token

__all__ = [
    "ACCOUNT_ROLES",
    "LANGUAGES",
    "MAX_STUDENTS",
    "PROBLEM_TEXTS",
    "SCHOOL_ROLES",
    "SIGN_IN_MAX_AGE_S",
    "SYSTEM",
    "Account",
    "AccountService",
    "AuditEntry",
    "AuditFilter",
    "AuditLog",
    "AuditPage",
    "ClassGroup",
    "ClassGroupService",
    "Language",
    "Mailer",
    "NoMailer",
    "OneTimeLink",
    "People",
    "Role",
    "RosterLine",
    "RosterPreview",
    "RosterProblem",
    "RosterService",
    "School",
    "SchoolAuthorisation",
    "SchoolService",
    "Seed",
    "SignedIn",
    "SmtpMailer",
    "Student",
    "build_people",
    "clean_email",
    "clean_line",
    "clean_name",
    "decode_roster",
    "email_key",
    "hash_of",
    "new_token",
    "parse_roster",
    "parse_smtp_url",
    "seed_people",
]
