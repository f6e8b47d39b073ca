"""What is put together again from kept calendars is what whole expansions and whole searches give, bit for bit."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plans import FIRST_DATES, ZONES, random_party
from scheduler import Interval, PaintedHour, Party, Query, Tier
from scheduler.model import Room, RoomId, Teacher, TeacherId, WeeklyBusy, Window, WindowKind, ZoneOverride
from scheduler.nearby import Nearby
from scheduler.search import Tally, expand_sides, search
from tests.unit.scheduler.build import TAIWAN_ELEMENTARY, american, taiwan

seeds = st.integers(min_value=0, max_value=2**32 - 1)


def troubled(rng: random.Random, first_on: date) -> Party:
    """A random class with painted hours, rooms, more teachers, agreed lessons and, seldom, a clock of its own."""
    party = random_party(rng, first_on)
    days = [first_on + timedelta(days=day) for day in range(-1, 30)]
    group = party.group
    if rng.random() < 0.5:
        begins = [rng.randrange(80, 280) * 5 for _ in range(rng.randrange(5))]
        painted = [
            PaintedHour(
                on=rng.choice(days),
                start_minute=begin + rng.choice((0, 0, 3)),
                end_minute=begin + rng.randrange(1, 40) * 5,
                willingness=rng.randrange(4),
            )
            for begin in begins
        ]
        group = replace(group, painted=tuple(painted))
    if rng.random() < 0.6:
        rule = WeeklyBusy(weekdays=frozenset(rng.sample(range(7), 3)), start_minute=480, end_minute=1_260)
        more = Teacher(id=TeacherId("u"), name="u", weekly=(rule,))
        rooms = tuple(
            Room(id=RoomId(str(index)), name="r", has_video=rng.random() < 0.8, weekly=(rule,) * rng.randrange(2))
            for index in range(rng.randrange(3))
        )
        group = replace(group, teachers=(*group.teachers, more)[: rng.randrange(3)], rooms=rooms)
    school = party.school
    if rng.random() < 0.15:
        first = rng.choice(days)
        override = ZoneOverride(first_on=first, last_on=first + timedelta(days=4), zone=rng.choice(ZONES))
        school = replace(school, zone_overrides=(override,))
    return Party(school, group, busy=instants(rng, first_on), teachers_busy=instants(rng, first_on))


def instants(rng: random.Random, first_on: date) -> tuple[Interval, ...]:
    midnight = datetime(first_on.year, first_on.month, first_on.day, tzinfo=UTC)
    starts = [midnight + timedelta(minutes=rng.randrange(30_000)) for _ in range(rng.choice((0, 0, 2)))]
    return tuple(Interval(at, at + timedelta(minutes=rng.randrange(1, 400))) for at in starts)


def random_query(rng: random.Random) -> Query:
    first_on = rng.choice(FIRST_DATES)
    return Query(
        a=troubled(rng, first_on),
        b=troubled(rng, first_on),
        others=tuple(troubled(rng, first_on) for _ in range(rng.random() < 0.2)),
        from_on=first_on,
        weeks=rng.randrange(1, 4),
        minutes=rng.choice((20, 40, 45, 90)),
        worst_tier=rng.choice(list(Tier)),
        minimum_willingness=rng.choice((1, 1, 2, 3)),
        busy=instants(rng, first_on),
    )


def random_window(rng: random.Random, query: Query) -> Window:
    """Of any kind and at any hour, also beyond midnight and in the hours at which clocks change."""
    start = rng.randrange(288) * 5 + rng.choice((0, 0, 2))
    dated = frozenset(query.from_on + timedelta(days=day) for day in rng.sample(range(21), 5))
    return Window(
        kind=rng.choice(list(WindowKind)),
        willingness=rng.randrange(4),
        weekdays=frozenset(rng.sample(range(7), rng.randrange(1, 6))),
        start_minute=rng.choice((start, start, None)),
        end_minute=min(start + rng.randrange(1, 120) * 5, 2_880),
        first_on=rng.choice((None, None, query.from_on + timedelta(days=3))),
        dates=rng.choice((None, None, None, dated)),
    )


def changed(rng: random.Random, party: Party, query: Query) -> Party:
    group = party.group
    what = rng.randrange(6)
    if what == 0:
        windows = tuple(replace(one, willingness=max(one.willingness, 3)) for one in group.windows)
        return replace(party, group=replace(group, windows=windows))
    if what == 1:
        return replace(party, group=replace(group, teachers=group.teachers[1:], rooms=()))
    if what == 2:
        return replace(party, group=replace(group, rooms=()))
    if what == 3:
        return replace(party, group=replace(group, windows=group.windows[1:], crosses_breaks=True))
    windows = tuple(random_window(rng, query) for _ in range(rng.randrange(1, 3)))
    return replace(party, group=replace(group, windows=(*group.windows, *windows)))


def nearby_queries(rng: random.Random, query: Query) -> list[Query]:
    return [
        query,
        *(replace(query, a=changed(rng, query.a, query)) for _ in range(4)),
        *(replace(query, b=changed(rng, query.b, query), worst_tier=Tier.SATURDAY) for _ in range(4)),
        replace(query, a=changed(rng, query.a, query), b=changed(rng, query.b, query)),
        replace(query, minutes=25, worst_tier=rng.choice(list(Tier))),
        replace(query, weeks=query.weeks * 2),
        replace(query, weeks=query.weeks + 1, a=changed(rng, query.a, query)),
        *(replace(query, from_on=query.from_on + timedelta(weeks=weeks)) for weeks in (1, 2, 9, 3)),
        replace(query, from_on=query.from_on + timedelta(weeks=1), b=changed(rng, query.b, query)),
    ]


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_the_same_is_counted_as_a_whole_search_finds(seed: int) -> None:
    rng = random.Random(seed)
    query = random_query(rng)
    nearby = Nearby(query, expand_sides(query))
    for then in nearby_queries(rng, query):
        slots = search(then)
        assert nearby.tally(then) == Tally(len(slots), frozenset(slot.a.on for slot in slots))


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_a_calendar_put_together_again_is_the_whole_expansion(seed: int) -> None:
    rng = random.Random(seed)
    query = random_query(rng)
    sides = expand_sides(query)
    nearby = Nearby(query, sides)
    for then in nearby_queries(rng, query):
        whole = expand_sides(then)
        found = nearby.calendars(then)
        assert [(one.up_to, one.home) for one in found] == [(one.up_to, one.home) for one in whole.all]


def test_an_evening_at_home_gives_back_what_only_the_room_took() -> None:
    """Whoever is at home needs no room: then the afternoon beside the evening is free of it too."""
    room = "rooms: [{id: r, name: R, has_video: false}]"
    windows = "[{kind: after_school, end: 20:00}]"
    a = taiwan(TAIWAN_ELEMENTARY, windows, extra=room, group="    rooms: [r]")
    query = Query(a=a, b=american("America/Phoenix"), from_on=date(2026, 10, 19))
    evening = Window(kind=WindowKind.EVENING, start_minute=19 * 60, end_minute=21 * 60)
    then = replace(query, a=replace(a, group=replace(a.group, windows=(*a.group.windows, evening))))
    nearby = Nearby(query, expand_sides(query))
    after_school = Tier.AFTER_SCHOOL.order
    assert nearby.calendars(query)[0].up_to[after_school] == 0
    assert nearby.calendars(then)[0].up_to[after_school] == expand_sides(then).a.up_to[after_school] != 0


def test_where_an_hour_was_offered_by_hand_a_window_more_says_nothing() -> None:
    """Offered, but less gladly than is asked for: nor does the window give it."""
    monday = date(2026, 10, 19)
    hour = PaintedHour(on=monday, start_minute=19 * 60, end_minute=20 * 60, willingness=1)
    a = taiwan(TAIWAN_ELEMENTARY, "[{kind: instruction}]")
    a = replace(a, group=replace(a.group, painted=(hour,)))
    query = Query(a=a, b=american("America/Phoenix"), from_on=monday, weeks=1, minimum_willingness=2)
    evening = Window(kind=WindowKind.EVENING, start_minute=19 * 60, end_minute=21 * 60)
    then = replace(query, a=replace(a, group=replace(a.group, windows=(*a.group.windows, evening))))
    found, whole = Nearby(query, expand_sides(query)).calendars(then)[0], expand_sides(then).a
    assert (found.up_to, found.home) == (whole.up_to, whole.home)


def test_another_willingness_is_another_question() -> None:
    query = random_query(random.Random(1))
    nearby = Nearby(query, expand_sides(query))
    with pytest.raises(ValueError, match="willingness"):
        nearby.tally(replace(query, minimum_willingness=query.minimum_willingness % 3 + 1))
