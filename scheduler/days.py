"""A school's dates on a grid: those that are alike put together, and what the wall clock says of each as UTC bits.

Why together: a term has a handful of kinds of day. What a class offers is worked out once for each, and the days' cells
are then put one after another as bytes, which is far cheaper than setting them in a long int day by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from scheduler import zone
from scheduler.calendars import DayCause, DayPlan, plan_day
from scheduler.interval import CELL_MINUTES, Grid, to_minute, union
from scheduler.kept import Kept
from scheduler.model import (
    DAY_PART_MINUTES,
    MINUTES_A_DAY,
    ClassGroup,
    ClosureMode,
    Confidence,
    DatedBusy,
    School,
    WeeklyBusy,
    Window,
    WindowKind,
)
from scheduler.window import Stretch, stretches, stretches_of

_DAY = timedelta(days=1)
_CELLS_A_DAY = MINUTES_A_DAY // CELL_MINUTES
_BYTES_A_DAY = _CELLS_A_DAY // 8
# Why those dates are closed, what the hours are to the class, and how willing it is.
_Offer = tuple[DayCause | None, WindowKind, int]
_WHOLE_DAY = (1 << _CELLS_A_DAY) - 1


def local_dates(grid: Grid, school: School) -> Iterable[date]:
    """Every local date that the grid touches, and the one before (its evening may reach past midnight)."""
    first, stop = grid.instant_of(0), grid.instant_of(grid.cells)
    on = zone.to_local(first, school.zone_on(first.date())).date() - _DAY
    # Why a day more: a dated zone override may be ahead of the zone that the last date was read in.
    last = zone.to_local(stop, school.zone_on(stop.date())).date() + _DAY
    while on <= last:
        yield on
        on += _DAY


@dataclass(slots=True)
class Alike:
    """Dates of the same weekday with the same bells and standing: `plan` is that of the first of them.

    `bells`: what a window's hours depend on, if it has no dates of its own.
    `odd`: those on which a clock changes or whose midnight is off the grid's beat.
    """

    plan: DayPlan
    bells: object
    dates: list[date] = field(default_factory=list)
    odd: list[date] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """Kinds of day, day after day from the cell `place` on; no clock changes between."""

    place: int
    alike: list[int]


class _Hours:
    """What is offered on all dates with the same bells. `late`: beyond midnight, where the next day's clock has a say.

    `cells`: the others, as cells of the day.
    """

    def __init__(self, offered: Iterable[Stretch]) -> None:
        self.early: list[Stretch] = []
        self.late: list[Stretch] = []
        self.cells: dict[tuple[WindowKind, int], int] = defaultdict(int)
        for one in offered:
            if one.end_minute > MINUTES_A_DAY:
                self.late.append(one)
            else:
                self.early.append(one)
                self.cells[one.kind, one.willingness] |= _cells(one.start_minute, one.end_minute)


class SchoolDays:
    """`starts`: cells at which a period begins. `closed`, `distance`: what closures take, by their mode."""

    def __init__(self, school: School, grid: Grid) -> None:
        self.school, self.grid = school, grid
        self.closed = self.distance = 0
        self._alike: list[Alike] = []
        self._rows: list[_Row] = []
        self.dates = tuple(local_dates(grid, school))
        self._sort()
        self.starts = self._starts()
        self.unconfirmed = self._unconfirmed()

    def offered(self, group: ClassGroup) -> Iterator[tuple[DayCause | None, WindowKind, int, int]]:
        """What the group's windows offer: why those dates are closed, kind, willingness and cells."""
        dated = tuple(one for one in group.windows if _is_dated(one))
        always = replace(group, windows=tuple(one for one in group.windows if not _is_dated(one))) if dated else group
        days: dict[_Offer, dict[int, int]] = defaultdict(dict)
        slow: dict[_Offer, int] = defaultdict(int)
        by_bells: dict[object, _Hours] = {}
        for index, alike in enumerate(self._alike):
            closed_by = alike.plan.closed_by
            hours = by_bells.get(alike.bells)
            if hours is None:
                hours = by_bells[alike.bells] = _Hours(stretches(always, alike.plan))
            for (kind, willingness), cells in hours.cells.items():
                days[closed_by, kind, willingness][index] = cells
            for dates, found in ((alike.odd, hours.early), (alike.dates, hours.late)):
                for one in found if dates else ():
                    slow[closed_by, one.kind, one.willingness] |= self.lay_on(dates, one.start_minute, one.end_minute)
            for on in alike.dates if dated else ():
                for one in stretches(replace(group, windows=dated), alike.plan._replace(on=on)):
                    slow[closed_by, one.kind, one.willingness] |= self.lay_on((on,), one.start_minute, one.end_minute)
        for what in {**days, **slow}:
            yield *what, self._laid(days.get(what, {})) | slow.get(what, 0)

    def offered_by(self, window: Window, group: ClassGroup) -> int:
        """What that one window offers the group on the dates that are not closed."""
        if _is_dated(window):
            alone = self.offered(replace(group, windows=(window,)))
            return union(bits for closed_by, _, _, bits in alone if closed_by is None)
        days: dict[int, int] = defaultdict(int)
        slow = 0
        for index, alike in enumerate(self._alike):
            for one in stretches_of(window, group, alike.plan) if alike.plan.closed_by is None else ():
                dates = alike.dates
                if one.end_minute <= MINUTES_A_DAY:
                    days[index] |= _cells(one.start_minute, one.end_minute)
                    dates = alike.odd
                if dates:
                    slow |= self.lay_on(dates, one.start_minute, one.end_minute)
        return self._laid(days) | slow

    def on_weekdays(self, weekdays: Container[int]) -> int:
        """All cells of those local weekdays, but for times that occur twice."""
        meant = {index: one for index, one in enumerate(self._alike) if one.plan.on.weekday() in weekdays}
        odd = [on for one in meant.values() for on in one.odd]
        return self._laid(dict.fromkeys(meant, _WHOLE_DAY)) | self.lay_on(odd, 0, MINUTES_A_DAY)

    def lay_on(self, dates: Iterable[date], start_minute: int, end_minute: int) -> int:
        """Cells wholly inside that stretch of the wall clock, date by date."""
        bits = 0
        for on in dates:
            for first, stop in utc_spans(on, start_minute, end_minute, self.school.zone_on(on)):
                bits |= self.grid.inside(first, stop)
        return bits

    def touching(self, on: date, start_minute: int, end_minute: int) -> int:
        """From the first reading of the start to the last of the end: a busy hour covers both passes of a fold."""
        key = self.school.zone_on(on)
        base = _base(on, key)
        if base is not None and end_minute <= MINUTES_A_DAY:
            return self.grid.touching(base + start_minute, base + end_minute)
        first = zone.resolve(_wall(on, start_minute), key).at
        return self.grid.touching(to_minute(first), to_minute(zone.resolve(_wall(on, end_minute), key).later_at))

    def busy(self, weekly: Iterable[WeeklyBusy], dated: Iterable[DatedBusy]) -> int:
        """What somebody or something of the school is needed for elsewhere."""
        bits = 0
        for one in dated:
            bits |= self.touching(one.on, one.start_minute, one.end_minute)
        for rule in weekly:
            for on in self.dates:
                if on.weekday() in rule.weekdays and (rule.first_on or on) <= on <= (rule.last_on or on):
                    bits |= self.touching(on, rule.start_minute, rule.end_minute)
        return bits

    def _sort(self) -> None:
        """Every date to those that are like it, and to the days before it as long as midnights are a day apart."""
        places: dict[object, int] = {}
        for on in self.dates:
            plan = plan_day(self.school, on)
            bells = (id(plan.periods), on.weekday(), plan.timetable_on.weekday())
            index = places.setdefault((bells, plan.closed_by, plan.confidence), len(places))
            if index == len(self._alike):
                self._alike.append(Alike(plan, bells))
            self._alike[index].dates.append(on)
            base = _base(on, self.school.zone_on(on))
            place, astray = divmod((base or 0) - self.grid.origin_minute, CELL_MINUTES)
            if base is None or astray:
                self._alike[index].odd.append(on)
            elif self._rows and self._rows[-1].place + len(self._rows[-1].alike) * _CELLS_A_DAY == place:
                self._rows[-1].alike.append(index)
            else:
                self._rows.append(_Row(place, [index]))
            for closure in plan.closures:
                bits = self.touching(on, *DAY_PART_MINUTES[closure.part])
                if closure.mode is ClosureMode.CLOSED:
                    self.closed |= bits
                else:
                    self.distance |= bits

    def _laid(self, days: Mapping[int, int]) -> int:
        """The cells of each kind of day, on every such day but the odd ones."""
        if not days:
            return 0
        nothing = bytes(_BYTES_A_DAY)
        as_bytes = [nothing] * len(self._alike)
        for index, cells in days.items():
            as_bytes[index] = cells.to_bytes(_BYTES_A_DAY, "little")
        bits = 0
        for row in self._rows:
            found = int.from_bytes(b"".join(map(as_bytes.__getitem__, row.alike)), "little")
            bits |= found << row.place if row.place >= 0 else found >> -row.place
        return bits & self.grid.full

    def _starts(self) -> int:
        days: dict[int, int] = defaultdict(int)
        slow = 0
        for index, alike in enumerate(self._alike):
            for minute in {period.start_minute for period in alike.plan.periods}:
                end, dates = minute + CELL_MINUTES, alike.dates
                if end <= MINUTES_A_DAY:
                    days[index] |= _cells(minute, end)
                    dates = alike.odd
                for on in dates:
                    for first, _ in utc_spans(on, minute, end, self.school.zone_on(on)):
                        slow |= self.grid.inside(first, first + CELL_MINUTES)
        return self._laid(days) | slow

    def _unconfirmed(self) -> int:
        meant = {index: one for index, one in enumerate(self._alike) if one.plan.confidence is Confidence.UNCONFIRMED}
        odd = [on for one in meant.values() for on in one.odd]
        return self._laid(dict.fromkeys(meant, _WHOLE_DAY)) | union(self.touching(on, 0, MINUTES_A_DAY) for on in odd)


# Some 20 kB each.
_kept: Kept[SchoolDays] = Kept(128)


def days_of(school: School, grid: Grid, *, keep: bool = False) -> SchoolDays:
    """Those of a school; its classes have them in common. `keep`: for questions that come again."""
    found = _kept.get((school,), grid)
    if found is None:
        found = SchoolDays(school, grid)
        if keep:
            _kept.put((school,), grid, found)
    return found


def forget() -> None:
    """Everything that is kept: for tests and figures of the work itself."""
    _kept.forget()


def _is_dated(window: Window) -> bool:
    return window.dates is not None or window.first_on is not None or window.last_on is not None


def _cells(start_minute: int, end_minute: int) -> int:
    """Of a day's cells those wholly inside."""
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
