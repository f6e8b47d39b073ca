"""The demo lesson: fictional people, always live, so that a first visitor sees the product work."""

from __future__ import annotations

from server.lessons.lesson import Lesson, Person
from server.pair import LocalizedText, Side

DEMO_LESSON_ID = "demo"

DEMO_LESSON = Lesson(
    id=DEMO_LESSON_ID,
    room="lesson-demo",
    title=LocalizedText("Two mornings", "兩地晨光"),
    is_always_live=True,
    people=(
        Person(
            seat="lin",
            side=Side.TAIWAN,
            name=LocalizedText("Ms. Lin", "林老師"),
            place=LocalizedText("Taipei", "臺北"),
            zone="Asia/Taipei",
        ),
        Person(
            seat="ortega",
            side=Side.UNITED_STATES,
            name=LocalizedText("Mr. Ortega", "歐特加老師"),
            place=LocalizedText("Tucson", "土桑"),
            # Arizona keeps standard time all year, which makes the dual clock worth a look twice a year.
            zone="America/Phoenix",
        ),
    ),
)
