"""Lessons: scheduled live meetings. Now the demo lesson that is always live; calendars and series come with theirs."""

from __future__ import annotations

from server.lessons.demo import DEMO_LESSON, DEMO_LESSON_ID
from server.lessons.facts import LessonFacts, LessonState, SideFacts
from server.lessons.lesson import Lesson, Person
from server.lessons.ports import LessonRepository
from server.lessons.repository import SqlLessonRepository

__all__ = [
    "DEMO_LESSON",
    "DEMO_LESSON_ID",
    "Lesson",
    "LessonFacts",
    "LessonRepository",
    "LessonState",
    "Person",
    "SideFacts",
    "SqlLessonRepository",
]
