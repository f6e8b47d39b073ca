"""Two schools with a lesson that is about to begin, written into a data folder before the server starts on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.classroom import CardService
from server.clock import SystemClock
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, StudentId
from server.keys import kept_secret
from server.lessons import LessonState, Proposal, Sheet, adult_person, build_lessons, pupil_person, room_of
from server.pair import LocalizedText, Side
from server.people import (
    Account,
    ClassGroup,
    Role,
    School,
    SchoolAuthorisation,
    Seed,
    Student,
    build_people,
    seed_people,
)
from server.storage import Database, database_url_for

SIDES = {"a": (Side.TAIWAN, "Asia/Taipei"), "b": (Side.UNITED_STATES, "America/Phoenix")}
LEADS = {key: AccountId(f"ac_bench_{key}") for key in SIDES}
MINUTES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    person: str
    side: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    person: str
    side: str
    # Of the cookie of somebody who is signed in.
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolDay:
    """Whom there is, and the lesson that they come to: its lobby is open."""

    lesson_id: str
    room: str
    leads: tuple[Lead, ...]
    pupils: tuple[Pupil, ...]


def _seed(pupils: int, now: datetime) -> Seed:
    schools, accounts, groups, students, papers = [], [], [], [], []
    for key, (side, zone) in SIDES.items():
        school, group = SchoolId(f"sc_bench_{key}"), ClassGroupId(f"cg_bench_{key}")
        name = LocalizedText(f"Bench school {key}", f"測試學校 {key}")
        schools.append(School(id=school, side=side, name=name, place=name, zone=zone, language="en", is_demo=True))
        accounts.append(
            Account(
                id=LEADS[key], school_id=school, email=f"{LEADS[key]}@example.org", name=name, language="en",
                roles=frozenset({Role.TEACHER}), verified_at=now, disabled_at=None, has_password=False,
            )
        )  # fmt: skip
        groups.append(ClassGroup(id=group, school_id=school, name=name, grade="5", archived_at=None))
        students += [
            Student(
                id=StudentId(f"st_bench_{key}{number}"), class_group_id=group, display_name=f"Pupil {key}{number}",
                position=number, removed_at=None,
            )
            for number in range(pupils)
        ]  # fmt: skip
        papers.append(
            SchoolAuthorisation(
                id=f"sa_bench_{key}", class_group_id=group, school_id=school, given_by="the head",
                given_on=now.date(), text_version="1", recorded_by=LEADS[key], recorded_at=now, revoked_at=None,
            )
        )  # fmt: skip
    return Seed(
        schools=tuple(schools),
        accounts=tuple(accounts),
        class_groups=tuple(groups),
        students=tuple(students),
        authorisations=tuple(papers),
    )


async def prepare_school_day(data: Path, pupils_per_class: int, database_url: str = "") -> SchoolDay:
    """`data` is a migrated data folder that no server uses yet."""
    clock = SystemClock()
    now = clock.now()
    database = Database(database_url_for(data, database_url))
    try:
        await seed_people(database, _seed(pupils_per_class, now), now)
        people = build_people(database, clock, is_demo=True)
        lessons = build_lessons(database, people, clock).lessons
        starts = (now + timedelta(minutes=5)).astimezone(ZoneInfo(SIDES["a"][1]))
        lesson = await lessons.propose(
            Proposal(
                title=LocalizedText("A class of many", "一堂多人的課"),
                class_groups=(ClassGroupId("cg_bench_a"), ClassGroupId("cg_bench_b")),
                leads=(LEADS["a"], LEADS["b"]),
                date=starts.date(),
                start=starts.time().replace(second=0, microsecond=0),
                minutes=MINUTES,
            ),
            by=LEADS["a"],
        )
        await lessons.confirm(lesson.id, by=LEADS["b"])
        await lessons.check_consent(lesson.id, by=LEADS["a"])
        await lessons.open_lobby(lesson.id, by=LEADS["a"])
        cards = CardService(database, people, clock, await asyncio.to_thread(kept_secret, data, "card-secret"))
        pupils = [
            Pupil(person=pupil_person(card.student.id), side=key, code=card.code)
            for key in SIDES
            for card in await cards.print(ClassGroupId(f"cg_bench_{key}"), LEADS[key])
        ]
        leads = [
            Lead(person=adult_person(account), side=key, token=(await people.accounts.sign_in_as(account)).token)
            for key, account in LEADS.items()
        ]
        await people.close()
        return SchoolDay(lesson_id=lesson.id, room=room_of(lesson.id), leads=tuple(leads), pupils=tuple(pupils))
    finally:
        await database.close()


async def attendance_of(data: Path, lesson_id: str, database_url: str = "") -> tuple[LessonState, Sheet]:
    """What stands in the database afterwards."""
    clock = SystemClock()
    database = Database(database_url_for(data, database_url))
    try:
        people = build_people(database, clock, is_demo=True)
        sheet = await build_lessons(database, people, clock).attendance.sheet(LessonId(lesson_id))
        await people.close()
        return sheet.lesson.state, sheet
    finally:
        await database.close()
