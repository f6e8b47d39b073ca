"""From wall clocks to UTC: a class group's windows, day by day, as bitsets of one grid.

school zone + bells in effect + calendar + closures + windows + teachers and rooms → `Availability`. What a cause took
away is kept beside it, so that an empty answer can say why (guide scheduling.md §1.1-1.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache

from scheduler import zone
from scheduler.availability import Availability, Ground, by_tier, union
from scheduler.calendars import DayPlan, plan_day
from scheduler.interval import CELL_MINUTES, Grid, Interval, to_minute
from scheduler.kept import Kept
from scheduler.model import (
    DAY_PART_MINUTES,
    MINUTES_A_DAY,
    ClassGroup,
    ClosureMode,
    Confidence,
    DatedBusy,
    PaintedHour,
    Period,
    School,
    WeeklyBusy,
    WindowKind,
)
from scheduler.window import Stretch, painted_stretches, stretches

_DAY = timedelta(days=1)
_ALMOST_A_MINUTE = timedelta(seconds=59, microseconds=999_999)


@dataclass(frozen=True, slots=True)
class Party:
    """A class group of a school.

    `busy`: instants at which the class has something else, such as a lesson that was agreed on; `teachers_busy`: at
    which one of its teachers has, as calendars read from elsewhere tell it.
    """

    school: School
    group: ClassGroup
    busy: tuple[Interval, ...] = ()
    teachers_busy: tuple[Interval, ...] = ()

    @property
    def id(self) -> str:
        return str(self.group.id)

    @property
    def values(self) -> tuple[object, ...]:
        """All that an answer about it depends on: parties are put together anew for each question, these are not."""
        return tuple(getattr(self, one.name) for one in fields(self))


# Some 20 kB each: a platform's classes over the weeks that are asked about on one day.
_kept: Kept[Availability] = Kept(512)


def expand(party: Party, grid: Grid, *, minimum_willingness: int = 1, keep: bool = False) -> Availability:
    """All windows of a class group whose willingness suffices, over the whole grid.

    `keep`: for questions that come again; what is only tried out would push them from the memory.
    """
    values, rest = party.values, (grid, minimum_willingness)
    found = _kept.get(values, rest)
    if found is None:
        found = _Expansion(party, grid, minimum_willingness).run()
        if keep:
            _kept.put(values, rest, found)
    return found


def teachers_busy(party: Party, grid: Grid) -> int:
    """Cells at which a teacher is busy whom that class needs."""
    return _Expansion(party, grid, 1).teachers_busy()


def forget() -> None:
    """Everything that is kept: for tests and figures of the work itself."""
    _kept.forget()


def local_dates(grid: Grid, school: School) -> Iterable[date]:
    """Every local date that the grid touches, and the one before (its evening may reach past midnight)."""
    first, stop = grid.instant_of(0), grid.instant_of(grid.cells)
    on = zone.to_local(first, school.zone_on(first.date())).date() - _DAY
    # Why a day more: a dated zone override may be ahead of the zone that the last date was read in.
    last = zone.to_local(stop, school.zone_on(stop.date())).date() + _DAY
    while on <= last:
        yield on
        on += _DAY


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a class offers on every day with these bells and this weekday: bits of the day's own cells from midnight.

    `late`, `late_starts`: beyond midnight, where the next day's clock has a say; laid one by one.
    """

    periods: tuple[Period, ...]
    offered: tuple[tuple[WindowKind, int, int], ...]
    late: tuple[Stretch, ...]
    stretches: tuple[Stretch, ...]
    starts: int
    late_starts: tuple[int, ...]


class _Expansion:
    def __init__(self, party: Party, grid: Grid, minimum_willingness: int) -> None:
        self.party, self.school, self.group, self.grid = party, party.school, party.group, grid
        self.minimum, self.full = minimum_willingness, grid.full
        self.kinds: dict[WindowKind, int] = defaultdict(int)
        self.lost: dict[str, dict[WindowKind, int]] = defaultdict(lambda: defaultdict(int))
        self.willing = [0, 0, 0, 0]
        self.unconfirmed = self.starts = self.closed = self.distance = 0
        self.is_dated = any(one.dates is not None or one.first_on or one.last_on for one in self.group.windows)
        self.shapes: dict[object, _Shape] = {}
        # Where an hour was offered by hand, the windows say nothing any more. What is withheld stays in them, so that
        # it can be told what it took; `class_busy` takes it away.
        self.by_hand = union(self._painted(hour) for hour in party.group.painted if hour.willingness)

    def run(self) -> Availability:
        for on in local_dates(self.grid, self.school):
            self._add_day(plan_day(self.school, on), self.school.zone_on(on))
        removed = {
            "closure": self.closed,
            "distance_teaching": self.distance,
            "class_busy": self._class_busy(),
            "teacher_busy": self.teachers_busy(),
            "room_busy": self._rooms_busy(),
        }
        ground = Ground(dict(self.kinds), removed, self.by_hand)
        reach, lost = ground.reach(), {**self.lost, **ground.lost()}
        return Availability(
            label=str(self.group.id),
            grid=self.grid,
            kinds=ground.kinds(),
            up_to=reach.up_to,
            home=reach.home,
            eager=self.willing[3],
            reluctant=self.willing[1] & ~self.willing[2] & ~self.willing[3],
            unconfirmed=self.unconfirmed,
            starts=self.starts,
            lost={cause: masks for cause, kinds in lost.items() if (masks := by_tier(kinds))[-1]},
            ground=ground,
        )

    def _add_day(self, plan: DayPlan, key: str) -> None:
        shape, base = self._shape(plan), _base(plan.on, key)
        place, astray = divmod((base or 0) - self.grid.origin_minute, CELL_MINUTES)
        if base is None or astray:
            self._add_slowly(plan, shape, key)
        else:
            full = self.full
            for kind, willingness, cells in shape.offered:
                self._lay(plan, kind, willingness, (cells << place if place >= 0 else cells >> -place) & full)
            for stretch in shape.late:
                self._lay(plan, stretch.kind, stretch.willingness, self._bits(plan.on, stretch, key))
            self.starts |= (shape.starts << place if place >= 0 else shape.starts >> -place) & full
            self._add_starts(plan.on, shape.late_starts, key)
        for hour in self.group.painted:
            if hour.on == plan.on and hour.willingness:
                for stretch in painted_stretches(hour, plan):
                    self._offer(plan, stretch.kind, stretch.willingness, self._bits(plan.on, stretch, key))
        if plan.confidence is Confidence.UNCONFIRMED:
            self.unconfirmed |= self._touching(plan.on, 0, MINUTES_A_DAY, key)
        for closure in plan.closures:
            bits = self._touching(plan.on, *DAY_PART_MINUTES[closure.part], key)
            if closure.mode is ClosureMode.CLOSED:
                self.closed |= bits
            elif not self.group.joins_from_home:
                self.distance |= bits

    def _add_slowly(self, plan: DayPlan, shape: _Shape, key: str) -> None:
        """On a day on which a clock changes, or whose midnight is off the grid's beat."""
        for stretch in shape.stretches:
            self._lay(plan, stretch.kind, stretch.willingness, self._bits(plan.on, stretch, key))
        self._add_starts(plan.on, {period.start_minute for period in plan.periods}, key)

    def _lay(self, plan: DayPlan, kind: WindowKind, willingness: int, bits: int) -> None:
        """What a window offers, where nobody offered an hour by hand."""
        self._offer(plan, kind, willingness, bits & ~self.by_hand if self.by_hand else bits)

    def _offer(self, plan: DayPlan, kind: WindowKind, willingness: int, bits: int) -> None:
        if plan.closed_by is not None:
            self.lost[str(plan.closed_by)][kind] |= bits if willingness >= self.minimum else 0
        elif willingness < self.minimum:
            self.lost["not_offered"][kind] |= bits
        else:
            self.kinds[kind] |= bits
            self.willing[willingness] |= bits

    def _add_starts(self, on: date, minutes: Iterable[int], key: str) -> None:
        for minute in minutes:
            for first, _ in utc_spans(on, minute, minute + CELL_MINUTES, key):
                self.starts |= self.grid.inside(first, first + CELL_MINUTES)

    def _shape(self, plan: DayPlan) -> _Shape:
        """A term has a handful: the same bells, weekday by weekday. Windows with dates of their own make one a day."""
        dated = plan.on if self.is_dated else None
        place = (id(plan.periods), plan.on.weekday(), plan.timetable_on.weekday(), dated)
        found = self.shapes.get(place)
        if found is None or found.periods is not plan.periods:
            found = self.shapes[place] = _shape_of(tuple(stretches(self.group, plan)), plan.periods)
        return found

    def _painted(self, hour: PaintedHour) -> int:
        return self._touching(hour.on, hour.start_minute, hour.end_minute, self.school.zone_on(hour.on))

    def _class_busy(self) -> int:
        """Cells that the class withholds, or has something else in."""
        withheld = union(self._painted(hour) for hour in self.group.painted if not hour.willingness)
        return withheld | self._instants(self.party.busy)

    def _instants(self, intervals: Iterable[Interval]) -> int:
        """Every cell that they graze; seconds round outwards."""
        return union(
            self.grid.touching(to_minute(one.start_at), to_minute(one.end_at + _ALMOST_A_MINUTE)) for one in intervals
        )

    def teachers_busy(self) -> int:
        """Cells at which a needed teacher is busy."""
        busy = union(self._busy(teacher.weekly, teacher.dated) for teacher in self.group.teachers)
        return busy | self._instants(self.party.teachers_busy)

    def _rooms_busy(self) -> int:
        """Cells at which no room with video equipment is free; whoever is at home needs none."""
        if not self.group.rooms:
            return 0
        rooms = self.full
        for room in self.group.rooms:
            if room.has_video:
                rooms &= self._busy(room.weekly, room.dated)
        return rooms & ~self.kinds.get(WindowKind.EVENING, 0)

    def _busy(self, weekly: Iterable[WeeklyBusy], dated: Iterable[DatedBusy]) -> int:
        bits = 0
        for one in dated:
            bits |= self._touching(one.on, one.start_minute, one.end_minute, self.school.zone_on(one.on))
        for rule in weekly:
            for on in local_dates(self.grid, self.school):
                if on.weekday() in rule.weekdays and (rule.first_on or on) <= on <= (rule.last_on or on):
                    bits |= self._touching(on, rule.start_minute, rule.end_minute, self.school.zone_on(on))
        return bits

    def _bits(self, on: date, stretch: Stretch, key: str) -> int:
        bits = 0
        for first, stop in utc_spans(on, stretch.start_minute, stretch.end_minute, key):
            bits |= self.grid.inside(first, stop)
        return bits

    def _touching(self, on: date, start_minute: int, end_minute: int, key: str) -> int:
        """From the first reading of the start to the last of the end: a busy hour covers both passes of a fold."""
        base = _base(on, key)
        if base is not None and end_minute <= MINUTES_A_DAY:
            return self.grid.touching(base + start_minute, base + end_minute)
        first = zone.resolve(_wall(on, start_minute), key).at
        return self.grid.touching(to_minute(first), to_minute(zone.resolve(_wall(on, end_minute), key).later_at))


def _shape_of(offered: tuple[Stretch, ...], periods: tuple[Period, ...]) -> _Shape:
    early: dict[tuple[WindowKind, int], int] = {}
    for one in offered:
        if one.end_minute <= MINUTES_A_DAY:
            bits = early.get((one.kind, one.willingness), 0) | _cells(one.start_minute, one.end_minute)
            early[one.kind, one.willingness] = bits
    minutes = {period.start_minute for period in periods}
    starts = 0
    for minute in minutes:
        if minute + CELL_MINUTES <= MINUTES_A_DAY:
            starts |= _cells(minute, minute + CELL_MINUTES)
    return _Shape(
        periods=periods,
        offered=tuple((kind, willingness, bits) for (kind, willingness), bits in early.items()),
        late=tuple(one for one in offered if one.end_minute > MINUTES_A_DAY),
        stretches=offered,
        starts=starts,
        late_starts=tuple(minute for minute in minutes if minute + CELL_MINUTES > MINUTES_A_DAY),
    )


def _cells(start_minute: int, end_minute: int) -> int:
    """Bits of the cells from midnight that lie wholly inside."""
    first, stop = -(-start_minute // CELL_MINUTES), end_minute // CELL_MINUTES
    return ((1 << (stop - first)) - 1) << first if stop > first else 0


def utc_spans(on: date, start_minute: int, end_minute: int, key: str) -> list[tuple[int, int]]:
    """A local stretch as spans of minutes since 1970, without times that occur twice and not across a clock change.

    On a day without a change, which is nearly every day, this is one addition.
    """
    base = _base(on, key)
    if base is not None and end_minute <= MINUTES_A_DAY:
        return [(base + start_minute, base + end_minute)]
    first = to_minute(zone.resolve(_wall(on, start_minute), key).at)
    stop = to_minute(zone.resolve(_wall(on, end_minute), key).at)
    spans = [(first, stop)] if stop > first else []
    day = zone.midnight(on, key)
    for change in zone.changes(key, day - _DAY, day + 3 * _DAY):
        at, fold = to_minute(change.at), -change.shift // timedelta(minutes=1)
        # A fold repeats `fold` minutes on both sides of the change; of a gap only the seam itself is avoided.
        cut = (at - fold, at + fold) if fold > 0 else (at - CELL_MINUTES, at)
        spans = [piece for span in spans for piece in _without(span, cut)]
    return spans


def _without(span: tuple[int, int], cut: tuple[int, int]) -> list[tuple[int, int]]:
    pieces = [(span[0], min(span[1], cut[0])), (max(span[0], cut[1]), span[1])]
    return [(first, stop) for first, stop in pieces if first < stop]


def _wall(on: date, minute: int) -> datetime:
    return datetime(on.year, on.month, on.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall clock reading


@lru_cache(maxsize=8_192)  # two years of a dozen zones
def _base(on: date, key: str) -> int | None:
    """Midnight as minutes since 1970 when no clock changes on that date, else None."""
    today, tomorrow = zone.resolve(_wall(on, 0), key), zone.resolve(_wall(on, MINUTES_A_DAY), key)
    if today.existence is zone.Existence.ONCE is tomorrow.existence and tomorrow.at - today.at == _DAY:
        return to_minute(today.at)
    return None
