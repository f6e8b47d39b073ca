"""Lessons put together: one bundle that the composition root makes and hands on."""

from __future__ import annotations

from dataclasses import dataclass

from server.clock import Clock
from server.lessons.attendance_repository import SqlAttendanceRepository
from server.lessons.attendance_service import AttendanceService
from server.lessons.changes import LessonChanges
from server.lessons.directory import Directory, PeopleDirectory
from server.lessons.mails import LessonMails
from server.lessons.repository import SqlLessonRepository
from server.lessons.service import LessonService
from server.people import People
from server.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    lessons: LessonService
    attendance: AttendanceService
    directory: Directory


def build_lessons(database: Database, people: People, clock: Clock, *, origin: str = "") -> Lessons:
    """`origin`: where links in mails lead."""
    directory = PeopleDirectory(people)
    repository = SqlLessonRepository(database, people.audit)
    mails = LessonMails(directory, origin)
    changes = LessonChanges(lessons=repository, directory=directory, clock=clock, mails=mails)
    lessons = LessonService(lessons=repository, directory=directory, clock=clock, changes=changes)
    attendance = AttendanceService(
        attendance=SqlAttendanceRepository(database, people.audit),
        lessons=lessons,
        changes=changes,
        directory=directory,
        clock=clock,
    )
    return Lessons(lessons=lessons, attendance=attendance, directory=directory)
