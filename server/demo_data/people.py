"""The demo's schools, adults, class groups and rosters as values of `server.people`, with lasting ids. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.demo_data.schools import DEMO_SCHOOLS, DemoSchool, DemoTeacher
from server.ids import AccountId, ClassGroupId, SchoolId, StudentId
from server.pair import LocalizedText, Side
from server.people import Account, ClassGroup, Role, School, SchoolAuthorisation, Seed, Student

# Why an account of a school: only those of demo schools can be signed in without a password.
ADMINISTRATOR_SCHOOL = "tw-taipei-chenguang"
ADMINISTRATOR = DemoTeacher(key="it", name=LocalizedText("IT administrator", "資訊管理員"))
# The school whose authorisation is still missing, so that the consent check has something to say.
WITHOUT_AUTHORISATION = "us-az-redmesa"
TEXT_VERSION = "demo-1"


def account_id(key: str) -> AccountId:
    return AccountId(f"ac_demo_{key}")


def student_id(group_id: str, number: int) -> StudentId:
    return StudentId(f"st_demo_{group_id}_{number:02d}")


def demo_people(now: datetime) -> Seed:
    """Everybody verified, nobody with a password."""
    return Seed(
        schools=tuple(_school(school) for school in DEMO_SCHOOLS),
        accounts=(
            *(_account(school, one, now) for school in DEMO_SCHOOLS for one in school.teachers),
            _administrator(now),
        ),
        class_groups=tuple(_class_group(school) for school in DEMO_SCHOOLS),
        students=tuple(student for school in DEMO_SCHOOLS for student in _students(school)),
        authorisations=tuple(
            _authorisation(school, now) for school in DEMO_SCHOOLS if school.id != WITHOUT_AUTHORISATION
        ),
    )


def _school(school: DemoSchool) -> School:
    return School(
        id=SchoolId(school.id),
        side=school.side,
        name=school.name,
        place=school.place,
        zone=school.zone,
        language="zh-Hant-TW" if school.side is Side.TAIWAN else "en",
        is_demo=True,
    )


def _account(school: DemoSchool, teacher: DemoTeacher, now: datetime) -> Account:
    return Account(
        id=account_id(teacher.key),
        school_id=SchoolId(school.id),
        email=f"{teacher.key}@{school.mail_domain}",
        name=teacher.name,
        language="zh-Hant-TW" if school.side is Side.TAIWAN else "en",
        roles=frozenset({Role.COORDINATOR if teacher.is_coordinator else Role.TEACHER}),
        has_password=False,
        verified_at=now,
    )


def _administrator(now: datetime) -> Account:
    return Account(
        id=account_id(ADMINISTRATOR.key),
        school_id=SchoolId(ADMINISTRATOR_SCHOOL),
        email="it@demo.example",
        name=ADMINISTRATOR.name,
        language="en",
        roles=frozenset({Role.IT_ADMINISTRATOR}),
        has_password=False,
        verified_at=now,
    )


def _class_group(school: DemoSchool) -> ClassGroup:
    return ClassGroup(
        id=ClassGroupId(school.group_id), school_id=SchoolId(school.id), name=school.group_name, grade=school.grade
    )


def _students(school: DemoSchool) -> list[Student]:
    group = ClassGroupId(school.group_id)
    return [
        Student(id=student_id(group, number), class_group_id=group, display_name=name, position=number)
        for number, name in enumerate(school.pupils(), start=1)
    ]


def _authorisation(school: DemoSchool, now: datetime) -> SchoolAuthorisation:
    given = now - timedelta(days=30)
    return SchoolAuthorisation(
        id=f"au_demo_{school.group_id}",
        class_group_id=ClassGroupId(school.group_id),
        school_id=SchoolId(school.id),
        given_by="示範主任" if school.side is Side.TAIWAN else "Demo principal",
        given_on=given.date(),
        text_version=TEXT_VERSION,
        recorded_by=account_id(school.lead.key),
        recorded_at=given,
    )
