"""Lessons: scheduled live meetings of two class groups, their states, their notices and their attendance."""

from __future__ import annotations

from server.lessons import commands
from server.lessons.demo import DEMO_LESSON, DemoLesson, DemoPerson, demo_lesson_json
from server.lessons.facts import SIDE_KEYS, LessonFacts, LessonState, SideFacts, SideKey
from server.lessons.hours import ClassHours, KnownHours, hours_of
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
from server.lessons.notice import Notice, NoticeKind
from server.lessons.ports import LessonRepository
from server.lessons.repository import SqlLessonRepository

__all__ = [
    "DEMO_LESSON",
    "EDGES",
    "LOBBY_OPENS_BEFORE",
    "SIDE_KEYS",
    "ClassHours",
    "DemoLesson",
    "DemoPerson",
    "KnownHours",
    "Lesson",
    "LessonFacts",
    "LessonRepository",
    "LessonSide",
    "LessonState",
    "Mode",
    "Notice",
    "NoticeKind",
    "SideFacts",
    "SideKey",
    "SqlLessonRepository",
    "WallTime",
    "adult_person",
    "allowed",
    "commands",
    "demo_lesson_json",
    "facts_of",
    "hours_of",
    "lesson_of_room",
    "load_zones",
    "pupil_person",
    "require_wall_time",
    "room_of",
    "screen_person",
    "transition",
    "wall_time",
]
