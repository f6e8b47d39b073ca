"""The search itself: calendars in, runs of possible starts out, by bit algebra alone; then slots with both clocks.

For each tier the calendars' cumulative masks are intersected and eroded by the lesson's length: a start belongs to the
best tier at which the whole lesson fits, so a lesson that straddles two windows has the worse one's tier.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from scheduler import zone
from scheduler.availability import Availability
from scheduler.drawing import Drawing, party_zone
from scheduler.expand import Party, expand
from scheduler.interval import Grid, Interval, bits_of, cells_for, cells_of, erode, heads, runs, to_minute, union
from scheduler.model import TIERS, Tier
from scheduler.rank import ranked
from scheduler.slot import Payer, Slot
from scheduler.wall import date_changes, wall_at

# Eight months: the longest a planner asks for at once; a year of 5-minute cells is still fast, ten years are a mistake.
MAX_WEEKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Weeks count from `from_on`, a date of side A. `others` are further class groups that must be able to join;
    `busy` are instants at which nobody can (calendars read from elsewhere)."""

    a: Party
    b: Party
    from_on: date
    weeks: int = 4
    minutes: int = 40
    worst_tier: Tier = Tier.SATURDAY
    minimum_willingness: int = 1
    others: tuple[Party, ...] = ()
    busy: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.weeks <= MAX_WEEKS:
            raise ValueError(f"weeks: 1 to {MAX_WEEKS}, not {self.weeks}")
        if not 5 <= self.minutes <= 240:
            raise ValueError(f"minutes: 5 to 240, not {self.minutes}")

    @property
    def grid(self) -> Grid:
        key_first, last_on = self.a.school.zone_on(self.from_on), self.from_on + timedelta(weeks=self.weeks)
        return Grid.covering(
            zone.midnight(self.from_on, key_first), zone.midnight(last_on, self.a.school.zone_on(last_on))
        )


class Calendar(Protocol):
    """As much of one as finding starts needs."""

    @property
    def up_to(self) -> tuple[int, ...]: ...
    @property
    def home(self) -> int: ...
    @property
    def usable(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Cells [first, stop) are possible starts of one tier and payer."""

    first: int
    stop: int
    tier: Tier
    payer: Payer


@dataclass(frozen=True, slots=True)
class Tally:
    """How many slots there are, and on which dates of side A."""

    slots: int
    dates: frozenset[date]


@dataclass(frozen=True, slots=True)
class Sides:
    """The expanded calendars of a query; `free` is what outside calendars leave."""

    grid: Grid
    a: Availability
    b: Availability
    others: tuple[Availability, ...]
    free: int

    @property
    def all(self) -> tuple[Availability, ...]:
        return (self.a, self.b, *self.others)


def expand_sides(query: Query, *, keep: bool = False) -> Sides:
    """`keep`: as of `expand`."""
    grid = query.grid
    a, b, *others = (
        expand(party, grid, minimum_willingness=query.minimum_willingness, keep=keep)
        for party in (query.a, query.b, *query.others)
    )
    return Sides(grid, a, b, tuple(others), free_of(query, grid))


def free_of(query: Query, grid: Grid) -> int:
    """What outside calendars leave."""
    return grid.full & ~union(grid.touching(to_minute(one.start_at), to_minute(one.end_at)) for one in query.busy)


def starts_by_tier(calendars: Sequence[Calendar], free: int, cells: int, worst: Tier) -> list[tuple[Tier, int]]:
    """For each tier the starts that have exactly that tier."""
    found: list[tuple[Tier, int]] = []
    earlier = previous = 0
    for order in range(worst.order + 1):
        common = free
        for calendar in calendars:
            common &= calendar.up_to[order]
        if common == previous:
            continue
        previous = common
        starts = erode(common, cells)
        exact = starts & ~earlier
        earlier = starts
        if exact:
            found.append((TIERS[order], exact))
    return found


def starts_by_payer(
    calendars: Sequence[Calendar], free: int, minutes: int, worst: Tier
) -> Iterator[tuple[Tier, Payer, int]]:
    """The starts once more apart by who pays, A being the first of the calendars and B the second."""
    cells = cells_for(minutes)
    tiers = starts_by_tier(calendars, free, cells, worst)
    if not tiers:
        return
    a, b = calendars[0], calendars[1]
    costless_a, costless_b = (erode(side.usable & ~side.home, cells) for side in (a, b))
    for tier, starts in tiers:
        yield tier, Payer.NONE, starts & costless_a & costless_b
        yield tier, Payer.B, starts & costless_a & ~costless_b
        yield tier, Payer.A, starts & costless_b & ~costless_a
        both_pay = starts & ~costless_a & ~costless_b
        if both_pay:
            for payer, bits in _compared(a.home, b.home, both_pay, cells).items():
                yield tier, payer, bits


def _compared(home_a: int, home_b: int, starts: int, cells: int) -> dict[Payer, int]:
    """Both pay something, so each start has to be compared, but those at which both are at home all the time."""
    alike, lesson = starts & erode(home_a & home_b, cells), (1 << cells) - 1
    found = defaultdict(int, {Payer.BOTH: alike})
    for first, stop in runs(starts & ~alike):
        # As much of the calendars as lessons of this run touch: short ints, looked at start by start.
        near = (1 << stop - first + cells) - 1
        near_a, near_b = home_a >> first & near, home_b >> first & near
        for start in range(stop - first):
            payer = Payer.of((near_a >> start & lesson).bit_count(), (near_b >> start & lesson).bit_count())
            found[payer] |= 1 << first + start
    return found


def scan(sides: Sides, minutes: int, worst: Tier) -> list[Run]:
    """All runs, ascending by their first start. This is what the bench measures."""
    found = [
        Run(first, stop, tier, payer)
        for tier, payer, bits in starts_by_payer(sides.all, sides.free, minutes, worst)
        for first, stop in runs(bits)
    ]
    found.sort(key=lambda run: run.first)
    return found


def tally(query: Query, grid: Grid, calendars: Sequence[Calendar], free: int) -> Tally:
    """What `search` would find, counted without drawing a slot: each is a run that is cut where either date changes."""
    changes_a, changes_b = (bits_of(date_changes_of(party, grid)) for party in (query.a, query.b))
    cuts = changes_a | changes_b
    slots = starts = 0
    for _, _, bits in starts_by_payer(calendars, free, query.minutes, query.worst_tier):
        slots += heads(bits, cuts).bit_count()
        starts |= bits
    first_of_dates = cells_of(heads(starts, changes_a))
    return Tally(slots, frozenset(_local_date(query.a, grid, cell) for cell in first_of_dates))


def search(query: Query, sides: Sides | None = None, only: Iterable[Run] | None = None) -> list[Slot]:
    """Ranked slots without reasons in words; of all runs, or of `only` some that `scan` has found."""
    sides = sides or expand_sides(query)
    runs_of_starts = scan(sides, query.minutes, query.worst_tier) if only is None else only
    return [slot._replace(rank=rank) for rank, slot in enumerate(best_first(query, sides, runs_of_starts), start=1)]


def best_first(query: Query, sides: Sides, only: Iterable[Run]) -> list[Slot]:
    """The slots of those runs in their order, which is not yet written on them."""
    drawing = _drawing(query, sides)
    cuts = sorted({*date_changes_of(query.a, sides.grid), *date_changes_of(query.b, sides.grid)})
    return ranked(drawing.slot(first, stop, run.tier) for run in only for first, stop in _by_date(run, cuts))


def slot_at(query: Query, sides: Sides, cell: int) -> Slot | None:
    """The slot that starts exactly there, or None."""
    tier = tier_at(query, sides, cell)
    if tier is None:
        return None
    return _drawing(query, sides).slot(cell, cell + 1, tier)


def _drawing(query: Query, sides: Sides) -> Drawing:
    unconfirmed = union(side.unconfirmed for side in sides.all)
    return Drawing((query.a, sides.a), (query.b, sides.b), sides.grid, query.minutes, unconfirmed)


def tier_at(query: Query, sides: Sides, cell: int) -> Tier | None:
    """The tier of a lesson that starts there, or None when it cannot."""
    cells = cells_for(query.minutes)
    for order in range(query.worst_tier.order + 1):
        if cell >= 0 and all(_count(calendar.up_to[order], cell, cells) == cells for calendar in sides.all):
            return TIERS[order] if _count(sides.free, cell, cells) == cells else None
    return None


def date_changes_of(party: Party, grid: Grid) -> tuple[int, ...]:
    """Cells at which another date begins at that school, ascending."""
    school = party.school
    if not school.zone_overrides:
        return date_changes(grid, school.zone)
    # Another zone begins to hold at a midnight of the school's own.
    keys = {school.zone, *(one.zone for one in school.zone_overrides)}
    places = sorted({cell for key in keys for cell in date_changes(grid, key)})
    return tuple(cell for cell in places if _local_date(party, grid, cell) != _local_date(party, grid, cell - 1))


def _by_date(run: Run, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """A slot has one date on each side, so a run is cut at either midnight; `cuts` ascend."""
    first = run.first
    for cut in cuts[bisect_right(cuts, first) : bisect_left(cuts, run.stop)]:
        yield first, cut
        first = cut
    yield first, run.stop


def _local_date(party: Party, grid: Grid, cell: int) -> date:
    return wall_at(grid.minute_of(cell), party_zone(party, grid, cell))[0]


def _count(bits: int, cell: int, cells: int) -> int:
    return (bits >> cell & ((1 << cells) - 1)).bit_count()
