"""From an hour to a term: the question of the series form, and the plan that answers it.

The plan is computed anew when it is sent, and only starts that stand in it are taken: a form cannot smuggle another in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler import Anchor, PlannedLesson, Query, SeriesError, SeriesPlan, Slot, plan_series, resolve
from server.lessons import MOST_LESSONS, ClassHours, hours_of
from server.pair import LocalizedText

# Breaks and exam weeks between the lessons: a series may stretch over so many weeks more than it has lessons.
_SLACK_WEEKS: Final = 10
_MOST_WEEKS: Final = 60
LEAVE_OUT: Final = "none"

NOT_PLANNABLE = LocalizedText(
    "A series cannot begin at this hour, or the weeks do not hold so many lessons. "
    "Please choose another hour or fewer lessons.",
    "無法從這個時間開始排課，或週數不足以排入這麼多堂。請改選其他時間或減少堂數。",
)


class SeriesQuestion(BaseModel):
    """`date` and `start`: of the first lesson, on A's wall. `anchor`: whose clock stays when the other's changes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    group_a: str = ""
    group_b: str = ""
    on: Annotated[date, Field(alias="date")]
    start: time
    minutes: int = Field(ge=10, le=180)
    lessons: int = Field(8, ge=1, le=MOST_LESSONS)
    every_weeks: int = Field(1, ge=1, le=4)
    anchor: Literal["a", "b"] = "a"

    @classmethod
    def read(cls, values: Mapping[str, object]) -> SeriesQuestion | None:
        """None when the hour itself cannot be read; other nonsense takes its default."""
        left = dict(values)
        while True:
            try:
                return cls.model_validate(left)
            except ValidationError as error:
                wrong = {str(one["loc"][0]) for one in error.errors()}
                if wrong & {"date", "on", "start", "minutes"}:
                    return None
                for name in wrong:
                    left.pop(name, None)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Fields of a form that asks the same again."""
        return [
            ("group_a", self.group_a),
            ("group_b", self.group_b),
            ("date", self.on.isoformat()),
            ("start", f"{self.start:%H:%M}"),
            ("minutes", str(self.minutes)),
            ("lessons", str(self.lessons)),
            ("every_weeks", str(self.every_weeks)),
            ("anchor", self.anchor),
        ]

    @property
    def link(self) -> str:
        return "/series/new?" + urlencode(self.hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """`plan` None: it cannot be, as `NOT_PLANNABLE` says."""

    a: ClassHours
    b: ClassHours
    plan: SeriesPlan | None


def plan_for(question: SeriesQuestion, a: ClassHours, b: ClassHours) -> Planned:
    """Reads school files when it is first asked: call it in a thread."""
    left, right = hours_of(a).party, hours_of(b).party
    start_at = resolve(datetime.combine(question.on, question.start), left.school.zone).at
    weeks = min(question.lessons * question.every_weeks + _SLACK_WEEKS, _MOST_WEEKS)
    try:
        query = Query(a=left, b=right, from_on=question.on, weeks=weeks, minutes=question.minutes)
        plan = plan_series(
            query, start_at, question.lessons, every_weeks=question.every_weeks, anchor=Anchor(question.anchor)
        )
    except (SeriesError, ValueError, OverflowError):
        return Planned(a=a, b=b, plan=None)
    return Planned(a=a, b=b, plan=plan)


def key_of(slot: Slot) -> str:
    """How a form names a start."""
    return f"{slot.start_at:%Y%m%dT%H%MZ}"


def start_of_key(key: str) -> datetime | None:
    """The start that such a name means."""
    try:
        return datetime.strptime(key, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def chosen_slots(plan: SeriesPlan, values: Mapping[str, object]) -> list[Slot]:
    """What the form chose for each lesson, in order; those that were left out are not there."""
    found = [_choice(lesson, str(values.get(f"slot_{lesson.number}", ""))) for lesson in plan.lessons]
    return [slot for slot in found if slot is not None]


def _choice(lesson: PlannedLesson, wanted: str) -> Slot | None:
    if wanted == LEAVE_OUT:
        return None
    offered: Sequence[Slot] = (lesson.slot,) if lesson.slot is not None else lesson.replacements
    return next((slot for slot in offered if key_of(slot) == wanted), offered[0] if offered else None)


def wall_start(slot: Slot, anchor: str) -> tuple[date, time]:
    side = slot.a if anchor == "a" else slot.b
    return side.on, time.fromisoformat(side.start)
