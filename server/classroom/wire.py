"""Values of the room as JSON: texts in both languages, instants, the lesson, a person's name and place. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.classroom.model import LessonInfo, Person, State, What
from server.pair import LocalizedText

Json = dict[str, Any]


def lesson_json(lesson: LessonInfo) -> Json:
    return {
        "id": lesson.id,
        "title": text_json(lesson.title),
        "state": lesson.state,
        "starts_at": instant(lesson.starts_at),
        "ends_at": instant(lesson.ends_at),
        "minutes": round((lesson.ends_at - lesson.starts_at).total_seconds() / 60),
        "adults_needed": lesson.adults_needed,
        "sides": [
            {
                "key": side.key,
                "side": str(side.side),
                "school": text_json(side.school),
                "place": text_json(side.place),
                "zone": side.zone,
                "class_group": text_json(side.class_group),
                "mode": "class_to_class" if side.is_class_to_class else "individual",
            }
            for side in lesson.sides
        ],
    }


def who_json(person: Person) -> Json:
    return {
        "person": person.person,
        "name": text_json(person.name),
        "side": person.side,
        "role": str(person.role),
    }


def allowed_json(state: State, person: Person) -> dict[str, bool]:
    return {str(what): state.may(person, what) for what in What}


def text_json(text: LocalizedText) -> dict[str, str]:
    return {"en": text.en, "zh-Hant-TW": text.zh}


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
