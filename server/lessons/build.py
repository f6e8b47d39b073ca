"""Lessons put together: one bundle that the composition root makes and hands on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from server.availability import ClassTeachers, OutsideCalendars, OutsideStore, PaintedHours
from server.clock import Clock
from server.http.fetching import Fetcher
from server.lessons.answer_links import AnswerLinks
from server.lessons.attendance_repository import SqlAttendanceRepository
from server.lessons.attendance_service import AttendanceService
from server.lessons.changes import LessonChanges
from server.lessons.classes import Classes
from server.lessons.clock_rules import ClockRules
from server.lessons.directory import Directory, PeopleDirectory
from server.lessons.fairness_service import FairnessService
from server.lessons.feed import CalendarFeeds
from server.lessons.hours_desk import HoursDesk
from server.lessons.keeper import LessonKeeper
from server.lessons.mails import NOBODY, LessonMails
from server.lessons.painting_desk import PaintingDesk
from server.lessons.reminder_job import ReminderJob
from server.lessons.reply_desk import ReplyDesk
from server.lessons.repository import SqlLessonRepository
from server.lessons.school_file import SchoolFiles
from server.lessons.series import SeriesRepository
from server.lessons.series_service import SeriesService
from server.lessons.service import LessonService
from server.lessons.term_records import TermRecords
from server.lessons.term_service import TermService
from server.outbox import OutboxRepository
from server.people import People
from server.sealing import Seal
from server.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    lessons: LessonService
    attendance: AttendanceService
    keeper: LessonKeeper
    directory: Directory
    answers: AnswerLinks
    reply_desk: ReplyDesk
    feeds: CalendarFeeds
    series: SeriesService
    terms: TermService
    fairness: FairnessService
    school_files: SchoolFiles
    hours_desk: HoursDesk
    painted: PaintedHours
    painting_desk: PaintingDesk
    class_teachers: ClassTeachers
    outside_calendars: OutsideCalendars
    classes: Classes
    reminders: ReminderJob
    letters: OutboxRepository
    clock_rules: ClockRules


def build_lessons(
    database: Database,
    people: People,
    clock: Clock,
    *,
    origin: str = "",
    fetcher: Fetcher | None = None,
    seal: Seal | None = None,
) -> Lessons:
    """`origin`: where links in mails lead. `fetcher`: reads calendars elsewhere; None for one that trusts nobody.
    `seal`: of their addresses; None where nobody adds or reads one."""
    directory = PeopleDirectory(people)
    repository = SqlLessonRepository(database, people.audit)
    answers = AnswerLinks(database, repository, clock)
    mails = LessonMails(directory, origin, answers.make, organizer=people.mailer.sender or NOBODY)
    changes = LessonChanges(lessons=repository, directory=directory, clock=clock, mails=mails)
    lessons = LessonService(lessons=repository, directory=directory, clock=clock, changes=changes)
    attendance = AttendanceService(
        attendance=SqlAttendanceRepository(database, people.audit),
        lessons=lessons,
        changes=changes,
        directory=directory,
        clock=clock,
    )
    letters = OutboxRepository(database)
    files, series = SchoolFiles(database, clock), SeriesRepository(database)
    painted, teachers = PaintedHours(database, clock), ClassTeachers(database)
    outside = OutsideStore(database, seal)
    classes = Classes(
        database=database,
        people=people,
        files=files,
        painted=painted,
        teachers=teachers,
        calendars=outside,
        lessons=repository,
        clock=clock,
    )
    views = SeriesService(
        lessons=lessons, series=series, letters=letters, directory=directory, clock=clock, origin=origin
    )
    return Lessons(
        lessons=lessons,
        attendance=attendance,
        keeper=LessonKeeper(lessons=lessons, attendance=attendance, clock=clock),
        directory=directory,
        answers=answers,
        reply_desk=ReplyDesk(lessons=lessons, directory=directory, audit=people.audit),
        feeds=CalendarFeeds(database, repository, directory, clock, origin=origin),
        series=views,
        terms=TermService(
            lessons=lessons,
            repository=repository,
            views=views,
            series=series,
            records=TermRecords(database),
            letters=letters,
            directory=directory,
            mails=mails,
            find_classes=partial(classes.hours, with_agreed=False, with_archived=True),
            clock=clock,
            origin=origin,
        ),
        fairness=FairnessService(
            lessons=repository,
            attendance=SqlAttendanceRepository(database),
            find_classes=partial(classes.hours, with_agreed=False, with_archived=True),
            clock=clock,
        ),
        school_files=files,
        hours_desk=HoursDesk(
            people=people,
            lessons=lessons,
            files=files,
            list_classes=classes.bells,
            find_classes=classes.hours,
            clock=clock,
        ),
        painted=painted,
        painting_desk=PaintingDesk(people=people, painted=painted, teachers=teachers, classes=classes, clock=clock),
        class_teachers=teachers,
        outside_calendars=OutsideCalendars(outside, fetcher or Fetcher(), clock),
        classes=classes,
        reminders=ReminderJob(
            lessons_in=repository.in_states,
            find_lesson=repository.find,
            directory=directory,
            letters=letters,
            clock=clock,
            origin=origin,
        ),
        letters=letters,
        clock_rules=ClockRules(database, changes, clock),
    )
