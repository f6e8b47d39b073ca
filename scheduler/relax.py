"""What would open more: changes to a query, each tried out, with the slots that it really adds.

A promise is the difference of what two complete searches find, so that accepting it yields exactly what was said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scheduler.calendars import plan_day
from scheduler.causes import _TIER_NAMES
from scheduler.expand import Party
from scheduler.explain import weekday_names
from scheduler.last_resort import last_resorts
from scheduler.model import TIERS, Names, Window, WindowKind, clock_text
from scheduler.nearby import Nearby
from scheduler.search import MAX_WEEKS, Query, Sides, Tally
from scheduler.slot import Slot

# A list that people read to its end.
MOST_SHOWN = 6
# How far a school day is stretched to see what that would give: half an hour is asked often, an hour rarely.
_STRETCHES_MINUTES = (30, 60)
_SHORTEST_LESSON_MINUTES = 20
# Nobody is asked to school before six or kept up beyond ten.
_EARLIEST_MINUTE, _LATEST_MINUTE = 6 * 60, 22 * 60

_NOTHING = Tally(0, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """`query`: the question as it would be then; searching it finds `gain_slots` more."""

    code: str
    gain_slots: int
    gain_dates: int
    text: Names
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idea:
    code: str
    en: str
    zh: str
    query: Query
    effort: int


def relaxations(query: Query, sides: Sides, slots: Sequence[Slot]) -> list[Relaxation]:
    """The best of each code, by gain for their effort; only those that add slots. `sides`: the query's calendars.

    An empty answer gets at least one, as long as there are any hours within half a year or a window to ask for.
    """
    nearby, now = Nearby(query, sides), Tally(len(slots), frozenset(slot.a.on for slot in slots))
    found: list[tuple[float, Relaxation]] = []
    for idea in _ideas(query):
        tried = _tried(idea.code, Names(en=idea.en, zh=idea.zh), idea.query, nearby, now)
        if tried is not None:
            found.append((-tried.gain_slots / idea.effort, tried))
    found.sort(key=lambda pair: pair[0])
    if not found and not slots:
        return _last(query, nearby)
    offers = [one for _, one in found]
    shown: list[Relaxation] = []
    for relaxation in offers:
        # Why: a worse tier that gives no more than a better one is no offer.
        if any(_is_milder(one, relaxation) and one.gain_slots >= relaxation.gain_slots for one in offers):
            continue
        if sum(one.code == relaxation.code for one in shown) < 2:
            shown.append(relaxation)
    return shown[:MOST_SHOWN]


def _last(query: Query, nearby: Nearby) -> list[Relaxation]:
    """The first two kinds of help that help at all; in the order of sacrifice."""
    shown: dict[str, Relaxation] = {}
    for resort in last_resorts(query, nearby):
        if resort.code not in shown:
            tried = _tried(resort.code, resort.text, resort.query, nearby, _NOTHING)
            if tried is not None:
                shown[resort.code] = tried
    return list(shown.values())


def _is_milder(one: Relaxation, other: Relaxation) -> bool:
    """Both accept a tier, and `one` the better of the two."""
    is_acceptance = one.code.startswith("accept_") and other.code.startswith("accept_")
    return is_acceptance and one.query.worst_tier.order < other.query.worst_tier.order


def _tried(code: str, text: Names, query: Query, nearby: Nearby, now: Tally) -> Relaxation | None:
    """What it really adds to what there is `now`; None when nothing."""
    then = nearby.tally(query)
    gain, added = then.slots - now.slots, len(then.dates - now.dates)
    if gain <= 0:
        return None
    plural = "" if gain == 1 else "s"
    return Relaxation(
        code=code,
        gain_slots=gain,
        gain_dates=added,
        text=Names(
            en=f"{text.en}: +{gain} slot{plural} on {added} more date{'' if added == 1 else 's'}",
            zh=f"{text.zh}：多 {gain} 個時段（多 {added} 天）",
        ),
        query=query,
    )


def _ideas(query: Query) -> Iterator[_Idea]:
    yield from _accept_more(query)
    yield from _offer_more(query)
    yield from _people_and_rooms(query)
    yield from _stretch_days(query)
    for minutes in range(query.minutes - 5, _SHORTEST_LESSON_MINUTES - 1, -5):
        yield _Idea(
            code="shorter_lesson",
            en=f"Lessons of {minutes} instead of {query.minutes} minutes",
            zh=f"一節課由 {query.minutes} 分鐘縮為 {minutes} 分鐘",
            query=replace(query, minutes=minutes),
            effort=2 + (query.minutes - minutes) // 5,
        )
    if query.weeks * 2 <= MAX_WEEKS:
        yield _Idea(
            code="more_weeks",
            en=f"{query.weeks * 2} weeks instead of {query.weeks}",
            zh=f"由 {query.weeks} 週放寬為 {query.weeks * 2} 週",
            query=replace(query, weeks=query.weeks * 2),
            effort=4,
        )


def _accept_more(query: Query) -> Iterator[_Idea]:
    for tier in TIERS[query.worst_tier.order + 1 :]:
        yield _Idea(
            code=f"accept_{tier}",
            en=f"Accept the tier “{_TIER_NAMES[tier].en}”",
            zh=f"接受「{_TIER_NAMES[tier].zh}」",
            query=replace(query, worst_tier=tier),
            effort=2 * tier.order,
        )


def _offer_more(query: Query) -> Iterator[_Idea]:
    """Windows that exist but are not offered."""
    for side, party in (("a", query.a), ("b", query.b)):
        for kind in sorted({w.kind for w in party.group.windows if w.willingness < query.minimum_willingness}):
            windows = tuple(
                replace(w, willingness=query.minimum_willingness)
                if w.kind is kind and w.willingness < query.minimum_willingness
                else w
                for w in party.group.windows
            )
            yield _Idea(
                code=f"offer_{kind}",
                en=f"{party.school.name.en} offers {_KINDS[kind].en}",
                zh=f"{party.school.name.zh}開放{_KINDS[kind].zh}",
                query=_with_windows(query, side, windows),
                effort=6,
            )


_KINDS = {
    WindowKind.INSTRUCTION: Names(en="lesson time", zh="正課時間"),
    WindowKind.SELF_STUDY: Names(en="morning self-study", zh="早自習"),
    WindowKind.LUNCH: Names(en="lunch", zh="午休"),
    WindowKind.BEFORE_SCHOOL: Names(en="time before school", zh="上學前的時間"),
    WindowKind.AFTER_SCHOOL: Names(en="time after school", zh="放學後的時間"),
    WindowKind.EVENING: Names(en="evenings at home", zh="晚上在家的時間"),
    WindowKind.SATURDAY: Names(en="Saturdays", zh="週六"),
}


def _people_and_rooms(query: Query) -> Iterator[_Idea]:
    for side, party in (("a", query.a), ("b", query.b)):
        group = party.group
        if any(teacher.weekly or teacher.dated for teacher in group.teachers):
            for teacher in group.teachers:
                rest = tuple(one for one in group.teachers if one is not teacher)
                yield _Idea(
                    code="without_teacher",
                    # A teacher may go without a name: then nobody learns from this who is busy.
                    en=f"Without {teacher.name or 'one of the teachers'} of {party.school.name.en}",
                    zh=f"{party.school.name.zh}的{teacher.name or '其中一位老師'}不必在場",
                    query=_with_party(query, side, replace(party, group=replace(group, teachers=rest))),
                    effort=4,
                )
        if any(room.weekly or room.dated for room in group.rooms) or any(not room.has_video for room in group.rooms):
            yield _Idea(
                code="another_room",
                en=f"Another room with video equipment at {party.school.name.en}",
                zh=f"{party.school.name.zh}另找一間視訊教室",
                query=_with_party(query, side, replace(party, group=replace(group, rooms=()))),
                effort=2,
            )


def _stretch_days(query: Query) -> Iterator[_Idea]:
    """Start earlier or stay later on one weekday."""
    for side, party in (("a", query.a), ("b", query.b)):
        for weekday in range(5):
            on = query.from_on.fromordinal(query.from_on.toordinal() + (weekday - query.from_on.weekday()) % 7)
            first, ends = plan_day(party.school, on).first_bell, _latest_end(party, weekday)
            for minutes in _STRETCHES_MINUTES:
                if first is not None and first - minutes >= _EARLIEST_MINUTE:
                    yield _stretched(
                        query, side, party, weekday, WindowKind.BEFORE_SCHOOL, first - minutes, first, minutes
                    )
                if ends is not None and ends[1] + minutes <= _LATEST_MINUTE:
                    yield _stretched(query, side, party, weekday, ends[0], ends[1], ends[1] + minutes, minutes)


def _latest_end(party: Party, weekday: int) -> tuple[WindowKind, int] | None:
    """The last offered window of that weekday after school, which is what would be lengthened."""
    ends = [
        (w.end_minute, w.kind)
        for w in party.group.windows
        if w.end_minute is not None
        and weekday in w.weekdays
        and w.willingness > 0
        and w.kind in (WindowKind.AFTER_SCHOOL, WindowKind.EVENING)
    ]
    return (max(ends)[1], max(ends)[0]) if ends else None


def _stretched(
    query: Query, side: str, party: Party, weekday: int, kind: WindowKind, start: int, end: int, minutes: int
) -> _Idea:
    window = Window(
        kind=kind,
        willingness=max(query.minimum_willingness, 1),
        weekdays=frozenset({weekday}),
        start_minute=start,
        end_minute=end,
    )
    day, name = weekday_names(weekday), party.school.name
    early = kind is WindowKind.BEFORE_SCHOOL
    clock = clock_text(start if early else end)
    return _Idea(
        code="start_earlier" if early else "stay_later",
        en=f"{name.en}: {'start' if early else 'until'} {clock} on {day.en}",
        zh=f"{name.zh}{day.zh}{'提早到' if early else '延後到'} {clock}",
        query=_with_windows(query, side, (*party.group.windows, window)),
        effort=1 + minutes // 30 + (0 if early else 1),
    )


def _with_windows(query: Query, side: str, windows: tuple[Window, ...]) -> Query:
    party = query.a if side == "a" else query.b
    return _with_party(query, side, replace(party, group=replace(party.group, windows=windows)))


def _with_party(query: Query, side: str, party: Party) -> Query:
    return replace(query, a=party) if side == "a" else replace(query, b=party)
