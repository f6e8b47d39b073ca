"""Lessons: scheduled live meetings of two class groups, their states, their notices and their attendance."""

from __future__ import annotations

from server.lessons import commands
from server.lessons.answer_links import AnswerLink, AnswerLinks, LinkState
from server.lessons.attendance import Correction, Interval, Row, Sheet
from server.lessons.attendance_csv import file_name as attendance_file_name
from server.lessons.attendance_service import AttendanceService, ListParticipants
from server.lessons.bell import WARNS_BEFORE, Bell, bell_of
from server.lessons.build import Lessons, build_lessons
from server.lessons.calendar_entry import calendar_entry
from server.lessons.calendar_reply import DECLINED_WITHOUT_REASON, CalendarReply, read_calendar_reply
from server.lessons.changes import LessonChanges
from server.lessons.classes import Classes
from server.lessons.clock_notice import AfterChange, ClockNotice, clock_notices, other_side
from server.lessons.demo import DEMO_LESSON, DemoLesson, DemoPerson, demo_lesson_json
from server.lessons.directory import Directory, PeopleDirectory
from server.lessons.facts import SIDE_KEYS, LessonFacts, LessonState, SideFacts, SideKey
from server.lessons.fairness import FairnessBooks, PairBook
from server.lessons.fairness_lines import LEDGER_KINDS, LedgerLine, ledger_lines, ledger_names
from server.lessons.fairness_service import FairnessService
from server.lessons.feed import CalendarFeeds, FeedFile
from server.lessons.hits import Hit
from server.lessons.hours import ClassHours, ClassName, KnownHours, hours_of, starting_file
from server.lessons.hours_desk import HoursDesk, HoursNow
from server.lessons.keeper import LessonKeeper
from server.lessons.lesson import (
    LOBBY_OPENS_BEFORE,
    Lesson,
    LessonSide,
    Mode,
    adult_person,
    facts_of,
    lesson_of_room,
    pupil_person,
    room_of,
    screen_person,
)
from server.lessons.local_time import WallTime, load_zones, require_wall_time, wall_time
from server.lessons.machine import EDGES, allowed, transition
from server.lessons.mails import LessonMails, heading_of
from server.lessons.notice import Notice, NoticeKind
from server.lessons.painting_desk import Easel, PaintingDesk
from server.lessons.ports import Done, LessonRepository
from server.lessons.proposal import Proposal, require_leader
from server.lessons.reminder_job import ReminderJob
from server.lessons.reply_desk import HandedIn, ReplyDesk
from server.lessons.repository import SqlLessonRepository
from server.lessons.school_file import SchoolFile, SchoolFiles
from server.lessons.school_hours import (
    Closed,
    FileProblem,
    check_file,
    closure_entry,
    closures_of,
    with_closure,
    without_closure,
)
from server.lessons.school_values import (
    bells_in,
    calendar_in,
    placed,
    template_bells,
    values_of,
    with_key,
    written,
    years_in,
)
from server.lessons.seed import SeedLesson, SeedPresence, add_presences, add_series, lessons_with_prefix, remove_lessons
from server.lessons.series import Series
from server.lessons.series_plan import WantedSeries, plan_wanted
from server.lessons.series_service import MOST_LESSONS, NotDone, SeriesService, SeriesView
from server.lessons.service import LessonService
from server.lessons.term import Scope, TermPlan, change_scope, coming, place_term, seen_of, start_on
from server.lessons.term_records import ClockChoice, TermNote
from server.lessons.term_service import TermService
from server.lessons.webhooks import WEBHOOK_PATH, WebhookSeen, add_webhooks

__all__ = [
    "DECLINED_WITHOUT_REASON",
    "DEMO_LESSON",
    "EDGES",
    "LEDGER_KINDS",
    "LOBBY_OPENS_BEFORE",
    "MOST_LESSONS",
    "SIDE_KEYS",
    "WARNS_BEFORE",
    "WEBHOOK_PATH",
    "AfterChange",
    "AnswerLink",
    "AnswerLinks",
    "AttendanceService",
    "Bell",
    "CalendarFeeds",
    "CalendarReply",
    "ClassHours",
    "ClassName",
    "Classes",
    "ClockChoice",
    "ClockNotice",
    "Closed",
    "Correction",
    "DemoLesson",
    "DemoPerson",
    "Directory",
    "Done",
    "Easel",
    "FairnessBooks",
    "FairnessService",
    "FeedFile",
    "FileProblem",
    "HandedIn",
    "Hit",
    "HoursDesk",
    "HoursNow",
    "Interval",
    "KnownHours",
    "LedgerLine",
    "Lesson",
    "LessonChanges",
    "LessonFacts",
    "LessonKeeper",
    "LessonMails",
    "LessonRepository",
    "LessonService",
    "LessonSide",
    "LessonState",
    "Lessons",
    "LinkState",
    "ListParticipants",
    "Mode",
    "NotDone",
    "Notice",
    "NoticeKind",
    "PaintingDesk",
    "PairBook",
    "PeopleDirectory",
    "Proposal",
    "ReminderJob",
    "ReplyDesk",
    "Row",
    "SchoolFile",
    "SchoolFiles",
    "Scope",
    "SeedLesson",
    "SeedPresence",
    "Series",
    "SeriesService",
    "SeriesView",
    "Sheet",
    "SideFacts",
    "SideKey",
    "SqlLessonRepository",
    "TermNote",
    "TermPlan",
    "TermService",
    "WallTime",
    "WantedSeries",
    "WebhookSeen",
    "add_presences",
    "add_series",
    "add_webhooks",
    "adult_person",
    "allowed",
    "attendance_file_name",
    "bell_of",
    "bells_in",
    "build_lessons",
    "calendar_entry",
    "calendar_in",
    "change_scope",
    "check_file",
    "clock_notices",
    "closure_entry",
    "closures_of",
    "coming",
    "commands",
    "demo_lesson_json",
    "facts_of",
    "heading_of",
    "hours_of",
    "ledger_lines",
    "ledger_names",
    "lesson_of_room",
    "lessons_with_prefix",
    "load_zones",
    "other_side",
    "place_term",
    "placed",
    "plan_wanted",
    "pupil_person",
    "read_calendar_reply",
    "remove_lessons",
    "require_leader",
    "require_wall_time",
    "room_of",
    "screen_person",
    "seen_of",
    "start_on",
    "starting_file",
    "template_bells",
    "transition",
    "values_of",
    "wall_time",
    "with_closure",
    "with_key",
    "without_closure",
    "written",
    "years_in",
]
