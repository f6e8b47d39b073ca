"""The demo lesson: fictional people, always live, so that a first visitor sees the product work. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.pair import LocalizedText, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    seat: str
    side: Side
    name: LocalizedText
    place: LocalizedText
    # IANA zone
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLesson:
    """Unlike a scheduled `Lesson` it has no time and no state."""

    id: str
    room: str
    title: LocalizedText
    people: tuple[DemoPerson, ...]

    def person_in(self, seat: str) -> DemoPerson | None:
        return next((person for person in self.people if person.seat == seat), None)


DEMO_LESSON = DemoLesson(
    id="demo",
    room="lesson-demo",
    title=LocalizedText("Two mornings", "兩地晨光"),
    people=(
        DemoPerson(
            seat="lin",
            side=Side.TAIWAN,
            name=LocalizedText("Ms. Lin", "林老師"),
            place=LocalizedText("Taipei", "臺北"),
            zone="Asia/Taipei",
        ),
        DemoPerson(
            seat="ortega",
            side=Side.UNITED_STATES,
            name=LocalizedText("Mr. Ortega", "歐特加老師"),
            place=LocalizedText("Tucson", "土桑"),
            # Arizona keeps standard time all year, which makes the dual clock worth a look twice a year.
            zone="America/Phoenix",
        ),
    ),
)


def demo_lesson_json(lesson: DemoLesson) -> dict[str, Any]:
    """As `/api/v1/demo/lesson` and the demo page give it."""

    def both(text: LocalizedText) -> dict[str, str]:
        return {"en": text.en, "zh-Hant-TW": text.zh}

    return {
        "id": lesson.id,
        "room": lesson.room,
        "title": both(lesson.title),
        "is_always_live": True,
        "people": [
            {
                "seat": one.seat,
                "side": str(one.side),
                "name": both(one.name),
                "place": both(one.place),
                "zone": one.zone,
            }
            for one in lesson.people
        ],
    }
