"""The part that proposing and moving share: an hour on one side's clock, and how it reads on both before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from server.lessons import Lesson, SideKey, require_wall_time
from server.pages.forms import DATE, problem
from server.pages.lessons.moments import Stay, days_apart, stay
from server.pages.lessons.reading import Versioned
from server.pair import LocalizedText
from server.people import ClassGroup, School

Anchor = Literal["mine", "partner"]
ANCHOR_TEXT: Final[Mapping[Anchor, LocalizedText]] = {
    "mine": LocalizedText("Ours", "我方"),
    "partner": LocalizedText("Theirs", "對方"),
}
# School is over by then in most time zones; a pair that means it may still send it.
_EARLY, _LATE = time(6, 0), time(21, 30)
SATURDAY: Final = 5
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2100, 1, 1)


def _near(value: date) -> date:
    """Calendars end, and zones are known for some years only; the service says what is too far."""
    if not _FIRST <= value <= _LAST:
        raise problem(DATE)
    return value


class HourForm(Versioned):
    """`mine`, `partner`: class groups. Date and start are the anchor's."""

    mine: str
    partner: str
    anchor: Anchor = "mine"
    date: Annotated[date, AfterValidator(_near)]
    start: time
    minutes: int = Field(ge=10, le=180)
    step: Literal["look", "send", "back"] = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """One half of the second step."""

    group_id: str
    group_name: LocalizedText
    school_name: LocalizedText
    place: LocalizedText
    stay: Stay


def walls_of(form: HourForm, mine: tuple[School, ClassGroup], partner: tuple[School, ClassGroup]) -> tuple[Wall, Wall]:
    """Raises InvalidInput when the clocks skip or repeat that time on the anchor's side."""
    anchor = mine if form.anchor == "mine" else partner
    starts_at = require_wall_time(form.date, form.start, anchor[0].zone)
    ends_at = starts_at + timedelta(minutes=form.minutes)
    first, second = (_wall(school, group, starts_at, ends_at) for school, group in (mine, partner))
    return first, second


def _wall(school: School, group: ClassGroup, starts_at: datetime, ends_at: datetime) -> Wall:
    return Wall(
        group_id=group.id,
        group_name=group.name,
        school_name=school.name,
        place=school.place,
        stay=stay(starts_at, ends_at, school.side, school.zone),
    )


def walls_of_lesson(
    lesson: Lesson, mine: tuple[School, ClassGroup], partner: tuple[School, ClassGroup]
) -> tuple[Wall, Wall]:
    first, second = (_wall(school, group, lesson.starts_at, lesson.ends_at) for school, group in (mine, partner))
    return first, second


def apart(walls: tuple[Wall, Wall]) -> LocalizedText | None:
    """That one side's day is another, said in words: it is what people get wrong."""
    shift = days_apart(walls[0].stay, walls[1].stay)
    if shift == 0:
        return None
    there = walls[1].place
    if shift < 0:
        return LocalizedText(f"In {there.en} it is still the day before.", f"在{there.zh}還是前一天。")
    return LocalizedText(f"In {there.en} it is already the next day.", f"在{there.zh}已經是隔天。")


def warnings_of(walls: tuple[Wall, Wall]) -> list[LocalizedText]:
    """What is allowed but worth a second look."""
    found = []
    for wall in walls:
        start = wall.stay.starts.time()
        if not _EARLY <= start <= _LATE:
            found.append(LocalizedText(f"It is night in {wall.place.en}.", f"那時{wall.place.zh}是深夜。"))
        elif wall.stay.date.weekday() >= SATURDAY:
            found.append(LocalizedText(f"It is the weekend in {wall.place.en}.", f"那天{wall.place.zh}是週末。"))
    return found


def places_json(groups: Mapping[str, School]) -> str:
    """For the element that shows both clocks while an hour is chosen: class group → where it is."""
    return json.dumps(
        {
            group: {
                "side": str(school.side),
                "zone": school.zone,
                "place": {"en": school.place.en, "zh-Hant-TW": school.place.zh},
            }
            for group, school in groups.items()
        },
        ensure_ascii=False,
    )


def anchor_key(form: HourForm, own: SideKey) -> SideKey:
    other: SideKey = "b" if own == "a" else "a"
    return own if form.anchor == "mine" else other
