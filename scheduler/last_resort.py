"""What to offer when no single change opens an hour: hours that neither class has thought of, or other weeks.

Tried only after `relax` found nothing, so that an empty answer never ends without a way on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

from scheduler.expand import Party
from scheduler.explain import date_names
from scheduler.model import SCHOOL_WEEK, Names, Tier, Window, WindowKind, clock_text
from scheduler.nearby import Nearby
from scheduler.search import Query

# Half a year: beyond that a class is another class.
_FARTHEST_WEEKS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Resort:
    code: str
    text: Names
    query: Query


# What schools do offer when they are asked: an hour before the first bell, the afternoon, the early evening, Saturday.
_ASKED: tuple[tuple[WindowKind, int, int, Names], ...] = (
    (WindowKind.BEFORE_SCHOOL, 7 * 60, 8 * 60, Names(en="on school days", zh="上課日")),
    (WindowKind.AFTER_SCHOOL, 15 * 60 + 30, 18 * 60, Names(en="on school days", zh="上課日")),
    (WindowKind.EVENING, 18 * 60, 21 * 60 + 30, Names(en="on school days, from home", zh="上課日在家")),
    (WindowKind.SATURDAY, 9 * 60, 12 * 60, Names(en="on Saturdays", zh="週六")),
)
_SATURDAY = frozenset({5})


def last_resorts(query: Query, nearby: Nearby) -> Iterator[Resort]:
    """The least sacrifice first; each is a whole question that may be searched."""
    wide = replace(query, worst_tier=Tier.SATURDAY)
    for side in ("a", "b"):
        for asked in _ASKED:
            yield _offer(wide, ((side, asked),))
    for first, second in product(_ASKED, _ASKED):
        yield _offer(wide, (("a", first), ("b", second)))
    for weeks in range(1, _FARTHEST_WEEKS + 1):
        later = replace(query, from_on=query.from_on + timedelta(weeks=weeks))
        # Why here and not by the caller: only the first week that has hours is worth a word.
        if nearby.tally(later).slots:
            on = date_names(later.from_on)
            text = Names(en=f"The {query.weeks} weeks from {on.en}", zh=f"改在{on.zh}起的 {query.weeks} 週")
            yield Resort(code="later_weeks", text=text, query=later)
            return


def _offer(query: Query, asked: tuple[tuple[str, tuple[WindowKind, int, int, Names]], ...]) -> Resort:
    en, zh = [], []
    for side, (kind, start, end, when) in asked:
        party = query.a if side == "a" else query.b
        opened = _with_window(party, kind, start, end, query.minimum_willingness)
        query = replace(query, a=opened) if side == "a" else replace(query, b=opened)
        span = f"{clock_text(start)}-{clock_text(end)}"
        en.append(f"{party.school.name.en} offers {span} {when.en}")
        zh.append(f"{party.school.name.zh}開放{when.zh} {span}")
    return Resort(code="offer_new_hours", text=Names(en=", and ".join(en), zh="，且".join(zh)), query=query)


def _with_window(party: Party, kind: WindowKind, start: int, end: int, willingness: int) -> Party:
    window = Window(
        kind=kind,
        willingness=max(willingness, 1),
        weekdays=_SATURDAY if kind is WindowKind.SATURDAY else SCHOOL_WEEK,
        start_minute=start,
        end_minute=end,
    )
    return replace(party, group=replace(party.group, windows=(*party.group.windows, window)))
