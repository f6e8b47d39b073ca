"""Both tables of scheduling.md §4.1, reproduced from school files.

Table 1 counts 07:30-16:30 as instruction. Where table 2 passes over a period that straddles a boundary, the worse tier
counts: Guam's senior-high P5 (15:05-15:55) and Hawaii's P2 (15:10-16:00) are after_school, California's elementary P1
in daylight time (17:40-18:20) and P2 in standard time (17:30-18:10) are evening.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scheduler import Payer, Tier
from tests.unit.scheduler.build import TAIWAN_ELEMENTARY, TAIWAN_SENIOR_HIGH, american, slots, taiwan

DAYLIGHT = date(2026, 10, 21)  # a Wednesday
STANDARD = date(2026, 12, 9)  # another
IN_CLASS, AFTER, EVENING, TAIWAN_EVENING = "in_class", "after", "evening", "taiwan_evening"

# zone, dates, Taiwan ahead by hours, US day, what → (Taiwan from, to)
TABLE_1 = [
    (
        "Pacific/Guam",
        (DAYLIGHT, STANDARD),
        -2,
        0,
        {IN_CLASS: "07:30-13:30", AFTER: "13:30-16:00", EVENING: "16:00-16:30"},
    ),
    (
        "Pacific/Honolulu",
        (DAYLIGHT, STANDARD),
        18,
        -1,
        {IN_CLASS: "07:30-09:30", AFTER: "09:30-12:00", EVENING: "12:00-14:30"},
    ),
    ("America/Anchorage", (DAYLIGHT,), 16, -1, {AFTER: "07:30-10:00", EVENING: "10:00-12:30"}),
    ("America/Anchorage", (STANDARD,), 17, -1, {IN_CLASS: "07:30-08:30", AFTER: "08:30-11:00", EVENING: "11:00-13:30"}),
    ("America/Los_Angeles", (DAYLIGHT,), 15, -1, {AFTER: "07:30-09:00", EVENING: "09:00-11:30"}),
    ("America/Los_Angeles", (STANDARD,), 16, -1, {AFTER: "07:30-10:00", EVENING: "10:00-12:30"}),
    ("America/Phoenix", (DAYLIGHT, STANDARD), 15, -1, {AFTER: "07:30-09:00", EVENING: "09:00-11:30"}),
    ("America/Shiprock", (DAYLIGHT,), 14, -1, {AFTER: "07:30-08:00", EVENING: "08:00-10:30"}),
    ("America/Shiprock", (STANDARD,), 15, -1, {AFTER: "07:30-09:00", EVENING: "09:00-11:30"}),
    ("America/Denver", (DAYLIGHT,), 14, -1, {AFTER: "07:30-08:00", EVENING: "08:00-10:30"}),
    ("America/Denver", (STANDARD,), 15, -1, {AFTER: "07:30-09:00", EVENING: "09:00-11:30"}),
    ("America/Chicago", (DAYLIGHT,), 13, -1, {EVENING: "07:30-09:30", TAIWAN_EVENING: "21:00-21:30"}),
    ("America/Chicago", (STANDARD,), 14, -1, {AFTER: "07:30-08:00", EVENING: "08:00-10:30"}),
    ("America/New_York", (DAYLIGHT,), 12, -1, {EVENING: "07:30-08:30", TAIWAN_EVENING: "20:00-21:30"}),
    ("America/New_York", (STANDARD,), 13, -1, {EVENING: "07:30-09:30", TAIWAN_EVENING: "21:00-21:30"}),
]
KEYS = {
    (Tier.BOTH_IN_CLASS, Payer.NONE): IN_CLASS,
    (Tier.AFTER_SCHOOL, Payer.B): AFTER,
    (Tier.EVENING, Payer.B): EVENING,
    (Tier.EVENING, Payer.A): TAIWAN_EVENING,
}
ROWS_1 = [(zone, on, ahead, day, wanted) for zone, dates, ahead, day, wanted in TABLE_1 for on in dates]


@pytest.mark.parametrize(("zone", "on", "ahead", "day", "wanted"), ROWS_1, ids=[f"{r[0]}-{r[1]}" for r in ROWS_1])
def test_table_1(zone: str, on: date, ahead: int, day: int, wanted: dict[str, str]) -> None:
    monday = on - timedelta(days=on.weekday())
    found = {}
    for slot in slots(taiwan(), american(zone), monday, minutes=5):
        if slot.a.on != on:
            continue
        # Never both at home at once, in any zone: such a slot has no key.
        key = KEYS[slot.tier, slot.payer]
        assert key not in found, "one unbroken run each"
        first, last = slot.first_start_at + timedelta(hours=8), slot.last_start_at + timedelta(hours=8, minutes=5)
        found[key] = f"{first:%H:%M}-{last:%H:%M}"
        us_day = 0 if key == TAIWAN_EVENING else day
        assert (slot.b.on - slot.a.on).days == us_day
        start = timedelta(hours=int(slot.a.start[:2]), minutes=int(slot.a.start[3:])) - timedelta(hours=ahead)
        minutes = start // timedelta(minutes=1) % 1_440
        assert slot.b.start == f"{minutes // 60:02d}:{minutes % 60:02d}"
    assert found == wanted


C, A, E, N = Tier.BOTH_IN_CLASS, Tier.AFTER_SCHOOL, Tier.EVENING, None
# zone, dates, elementary P1..P7, senior high P1..P7
TABLE_2: list[tuple[str, tuple[date, ...], list[Tier | None], list[Tier | None]]] = [
    ("Pacific/Guam", (DAYLIGHT, STANDARD), [C, C, C, C, A, A, A], [C, C, C, C, A, A, A]),
    ("Pacific/Honolulu", (DAYLIGHT, STANDARD), [C, A, A, A, E, N, N], [C, A, A, A, E, N, N]),
    ("America/Los_Angeles", (DAYLIGHT,), [E, E, E, N, N, N, N], [A, E, E, N, N, N, N]),
    ("America/Phoenix", (DAYLIGHT, STANDARD), [E, E, E, N, N, N, N], [A, E, E, N, N, N, N]),
    ("America/Denver", (STANDARD,), [E, E, E, N, N, N, N], [A, E, E, N, N, N, N]),
    ("America/Shiprock", (STANDARD,), [E, E, E, N, N, N, N], [A, E, E, N, N, N, N]),
    ("America/Los_Angeles", (STANDARD,), [A, E, E, E, N, N, N], [A, A, E, E, N, N, N]),
    ("America/Denver", (DAYLIGHT,), [E, E, N, N, N, N, N], [E, E, N, N, N, N, N]),
    ("America/Shiprock", (DAYLIGHT,), [E, E, N, N, N, N, N], [E, E, N, N, N, N, N]),
    ("America/Chicago", (DAYLIGHT,), [E, N, N, N, N, N, N], [E, N, N, N, N, N, N]),
    ("America/Chicago", (STANDARD,), [E, E, N, N, N, N, N], [E, E, N, N, N, N, N]),
    ("America/New_York", (DAYLIGHT,), [N, N, N, N, N, N, N], [N, N, N, N, N, N, N]),
    ("America/New_York", (STANDARD,), [E, N, N, N, N, N, N], [E, N, N, N, N, N, N]),
]
STARTS = {
    "elementary": ("08:40", "09:30", "10:30", "11:20", "13:30", "14:20", "15:20"),
    "senior_high": ("08:10", "09:10", "10:10", "11:10", "13:05", "14:00", "14:55"),
}
ROWS_2 = [
    (zone, on, level, minutes, tiers)
    for zone, dates, elementary, senior in TABLE_2
    for on in dates
    for level, minutes, tiers in (("elementary", 40, elementary), ("senior_high", 50, senior))
]


@pytest.mark.parametrize(
    ("zone", "on", "level", "minutes", "tiers"), ROWS_2, ids=[f"{r[0]}-{r[1]}-{r[2]}" for r in ROWS_2]
)
def test_table_2(zone: str, on: date, level: str, minutes: int, tiers: list[Tier | None]) -> None:
    periods = TAIWAN_ELEMENTARY if level == "elementary" else TAIWAN_SENIOR_HIGH
    monday = on - timedelta(days=on.weekday())
    found = slots(taiwan(periods, "[{kind: instruction}]"), american(zone), monday, minutes=minutes)
    by_start = {slot.a.start: slot.tier for slot in found if slot.a.on == on}
    assert by_start == {start: tier for start, tier in zip(STARTS[level], tiers, strict=True) if tier is not None}
    assert all(slot.first_start_at == slot.last_start_at for slot in found), "a lesson fills its period"


@pytest.mark.parametrize("zone", ["America/Phoenix", "America/Los_Angeles"])
def test_morning_self_study_opens_after_school_there(zone: str) -> None:
    """§4.1: a 07:40 start is 16:40 in Arizona and in California's daylight time."""
    class_ = taiwan(TAIWAN_ELEMENTARY, "[{kind: instruction}, {kind: self_study, start: 07:40, end: 08:40}]")
    found = [s for s in slots(class_, american(zone), date(2026, 10, 19)) if s.a.on == DAYLIGHT and s.tier is A]
    assert [(s.a.start, s.b.start, s.a.window, s.b.window, s.payer) for s in found] == [
        ("07:40", "16:40", "self_study", "after_school", Payer.B)
    ]
    assert f"{found[0].last_start_at + timedelta(hours=8):%H:%M}" == "08:20", "any later, and it runs beyond 18:00"


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "America/Phoenix", "Pacific/Honolulu", "America/New_York"])
def test_only_tuesday_to_friday_mornings_of_taiwan_meet_the_mainland(zone: str) -> None:
    """§1.2: Taiwan Monday is US Sunday, US Friday is Taiwan Saturday."""
    mornings = [s for s in slots(taiwan(), american(zone), date(2026, 10, 19), minutes=30) if s.payer is not Payer.A]
    assert {s.a.weekday for s in mornings} == {"tue", "wed", "thu", "fri"}
    assert {s.b.weekday for s in mornings} == {"mon", "tue", "wed", "thu"}


def test_guam_meets_on_the_same_date_all_week() -> None:
    found = slots(taiwan(), american("Pacific/Guam"), date(2026, 10, 19))
    assert {(s.a.weekday, s.b.weekday) for s in found} == {(day, day) for day in ("mon", "tue", "wed", "thu", "fri")}
