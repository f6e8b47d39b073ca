"""From an hour to a term: the question of the series form, and the plan that answers it.

The plan is computed anew when it is sent, and only starts that stand in it are taken: a form cannot smuggle another in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler import PlannedLesson, SeriesPlan, Slot
from server.lessons import MOST_LESSONS, ClassHours, WantedSeries, plan_wanted
from server.pair import LocalizedText

LEAVE_OUT: Final = "none"

NOT_PLANNABLE = LocalizedText(
    "A series cannot begin at this hour, or the weeks do not hold so many lessons. "
    "Please choose another hour or fewer lessons.",
    "無法從這個時間開始排課，或週數不足以排入這麼多堂。請改選其他時間或減少堂數。",
)


NOTHING_CHOSEN = LocalizedText(
    "Every lesson is left out. Please keep one at least.", "每一堂都略過了，請至少保留一堂。"
)
PLAN_CHANGED = LocalizedText(
    "The plan is not the one that you looked at: an hour was given away meanwhile, or this teacher has a lesson then. "
    "Please look at it once more. Nothing was proposed.",
    "計畫與您剛才看到的不同：有時段剛被談定，或這位老師當時已有課。請再確認一次，目前尚未送出任何提議。",
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
    wanted = WantedSeries(
        on=question.on,
        start=question.start,
        minutes=question.minutes,
        lessons=question.lessons,
        every_weeks=question.every_weeks,
        anchor=question.anchor,
    )
    return Planned(a=a, b=b, plan=plan_wanted(wanted, a, b))


def key_of(slot: Slot) -> str:
    """How a form names a start."""
    return f"{slot.start_at:%Y%m%dT%H%MZ}"


def start_of_key(key: str) -> datetime | None:
    """The start that such a name means."""
    try:
        return datetime.strptime(key, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def chosen_slots(plan: SeriesPlan, values: Mapping[str, object]) -> list[Slot] | None:
    """What the form chose for each lesson, in order; those that were left out are not there.

    None when a choice is no part of the plan (any more): nobody proposes an hour that they have not seen.
    """
    found: list[Slot] = []
    for lesson in plan.lessons:
        wanted = str(values.get(f"slot_{lesson.number}", ""))
        if wanted == LEAVE_OUT:
            continue
        slot = next((one for one in _offered(lesson) if key_of(one) == wanted), None)
        if slot is None:
            return None
        found.append(slot)
    return found


def _offered(lesson: PlannedLesson) -> tuple[Slot, ...]:
    return (lesson.slot,) if lesson.slot is not None else lesson.replacements


def wall_start(slot: Slot, anchor: str) -> tuple[date, time]:
    side = slot.a if anchor == "a" else slot.b
    return side.on, time.fromisoformat(side.start)
