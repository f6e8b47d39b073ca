"""Find an hour: two class groups, weeks and minutes in; a two-zone week grid and a ranked list out. A GET, no script.

The search runs in a thread: a pair takes some milliseconds, an empty answer with its relaxations twice as many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final
from urllib.parse import quote_plus, urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scheduler import Answer, Names, Query, Relaxation, Slot, Tier, find_overlaps, to_local
from server.lessons import ClassHours, KnownHours, hours_of
from server.pages.forms import empty_is_none
from server.pages.scheduling.week_grid import Week, weeks_of
from server.pair import LocalizedText

# A term; longer questions belong to a series.
MOST_WEEKS: Final = 18
# What one reads before scrolling on; the rest stands behind a link.
SHOWN_AT_FIRST: Final = 12
# Bells and calendars are known within these; a date far outside is a slip of the finger.
FIRST_DATE: Final = date(2020, 1, 1)
LAST_DATE: Final = date(2040, 12, 31)

TIERS: Final[Mapping[Tier, LocalizedText]] = {
    Tier.BOTH_IN_CLASS: LocalizedText("Both in lesson time", "兩邊都在正課時間"),
    Tier.SELF_STUDY: LocalizedText("Also self-study and lunch", "也可用早自習與午休"),
    Tier.AFTER_SCHOOL: LocalizedText("Also before and after school", "也可在上學前與放學後"),
    Tier.EVENING: LocalizedText("Also evenings at home", "也可晚上在家"),
    Tier.SATURDAY: LocalizedText("Also Saturdays", "也可週六"),
}
# The short name of a tier on a chip and in the legend.
TIER_NAMES: Final[Mapping[Tier, LocalizedText]] = {
    Tier.BOTH_IN_CLASS: LocalizedText("lesson time", "正課"),
    Tier.SELF_STUDY: LocalizedText("self-study or lunch", "早自習或午休"),
    Tier.AFTER_SCHOOL: LocalizedText("before or after school", "上學前或放學後"),
    Tier.EVENING: LocalizedText("evening at home", "晚上在家"),
    Tier.SATURDAY: LocalizedText("Saturday", "週六"),
}


class HourQuestion(BaseModel):
    """The query string. What cannot be read takes its default: a link that was cut still leads to the form."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    a: str = ""
    b: str = ""
    weeks: int = Field(4, ge=1, le=MOST_WEEKS)
    minutes: int = Field(0, ge=0, le=240)  # 0: the shorter of both classes' periods
    from_on: Annotated[date | None, BeforeValidator(empty_is_none)] = Field(
        None, alias="from", ge=FIRST_DATE, le=LAST_DATE
    )
    tier: Tier = Tier.SATURDAY
    all: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> HourQuestion:
        values: dict[str, str] = dict(query)
        while True:
            try:
                return cls.model_validate(values)
            except ValidationError as error:
                for one in error.errors():
                    values.pop(str(one["loc"][0]), None)

    def link(self, **changes: object) -> str:
        """The address of a question like this one."""
        values = {
            "a": self.a,
            "b": self.b,
            "weeks": self.weeks,
            "minutes": self.minutes or "",
            "from": self.from_on or "",
            "tier": self.tier,
            **changes,
        }
        return "/hours?" + urlencode({name: str(value) for name, value in values.items() if value != ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One half of the answer, for the page."""

    known: ClassHours
    hours: KnownHours

    @property
    def zone(self) -> str:
        return self.hours.party.school.zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What would open more; `link` asks that question, where it can be asked in a link."""

    text: LocalizedText
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    a: Side
    b: Side
    minutes: int
    from_on: date
    weeks: tuple[Week, ...]
    slots: tuple[Slot, ...]
    more: int
    none_because: tuple[LocalizedText, ...]
    suggestions: tuple[Suggestion, ...]
    tzdata: str

    def proposal(self, slot: Slot) -> str:
        """The address of the form that proposes this very hour, anchored to A's wall."""
        return "/lessons/new?" + self._hour(slot)

    def series(self, slot: Slot) -> str:
        """The address of the form that makes a term of this hour."""
        return "/series/new?" + self._hour(slot)

    def _hour(self, slot: Slot) -> str:
        a, b = self.a.known.class_group_id, self.b.known.class_group_id
        return (
            f"group_a={_quoted(a)}&group_b={_quoted(b)}&date={slot.a.on.isoformat()}&start={_quoted(slot.a.start)}"
            f"&zone={_quoted(slot.a.zone)}&minutes={self.minutes}"
        )


# Why kept: a page has some sixty such addresses, of the same few words.
_quoted = lru_cache(maxsize=1_024)(quote_plus)


def text_of(names: Names) -> LocalizedText:
    """The scheduler's pair of texts as ours."""
    return LocalizedText(names.en, names.zh)


async def find(question: HourQuestion, chosen: Mapping[str, ClassHours], now: datetime) -> Found | None:
    """None while one of the two classes is not chosen (or not one that the viewer may choose)."""
    a, b = chosen.get(question.a), chosen.get(question.b)
    if a is None or b is None or a is b:
        return None
    return await asyncio.to_thread(_search, question, a, b, now)


def _search(question: HourQuestion, a: ClassHours, b: ClassHours, now: datetime) -> Found:
    left, right = Side(known=a, hours=hours_of(a)), Side(known=b, hours=hours_of(b))
    minutes = question.minutes or min(side.hours.party.group.lesson_minutes for side in (left, right))
    # Tomorrow, because nobody answers a proposal for this afternoon.
    from_on = question.from_on or to_local(now, left.zone).date() + timedelta(days=1)
    query = Query(
        a=left.hours.party,
        b=right.hours.party,
        from_on=from_on,
        weeks=question.weeks,
        minutes=max(minutes, 5),
        worst_tier=question.tier,
    )
    answer = find_overlaps(query)
    shown = answer.slots if question.all else answer.slots[:SHOWN_AT_FIRST]
    return Found(
        a=left,
        b=right,
        minutes=query.minutes,
        from_on=from_on,
        weeks=weeks_of(answer.slots, zone_a=left.zone, zone_b=right.zone, from_on=from_on, weeks=query.weeks),
        slots=shown,
        more=len(answer.slots) - len(shown),
        none_because=tuple(text_of(reason.text) for reason in answer.none_because),
        suggestions=_suggestions(question, answer),
        tzdata=answer.tzdata,
    )


def _suggestions(question: HourQuestion, answer: Answer) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(text=text_of(one.text), link=_link(question, answer.query, one)) for one in answer.relaxations
    )


def _link(question: HourQuestion, asked: Query, relaxation: Relaxation) -> str | None:
    """Only what the question itself can say: parties are changed by their schools, not by a link."""
    then = relaxation.query
    if then.a is not asked.a or then.b is not asked.b or then.weeks > MOST_WEEKS:
        return None
    changes = {"weeks": then.weeks, "minutes": then.minutes, "from": then.from_on, "tier": then.worst_tier}
    return question.link(**changes)
