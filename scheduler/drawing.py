"""From a run of starts to the slot that people see: the best start of it, both walls, what it costs either side.

What all slots of a question have in common is looked up once: a page draws hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from scheduler.availability import Availability
from scheduler.expand import Party
from scheduler.interval import CELL_MINUTES, Grid, cells_for, cells_of
from scheduler.model import AT_SCHOOL, Confidence, Tier, WindowKind
from scheduler.slot import ClockMoves, Payer, SideSlot, Slot
from scheduler.wall import time_text, wall_at


def party_zone(party: Party, grid: Grid, cell: int) -> str:
    """The school's zone at that cell; an override is by local date, read in the school's own zone."""
    school = party.school
    if not school.zone_overrides:
        return school.zone
    return school.zone_on(wall_at(grid.minute_of(cell), school.zone)[0])


class Drawing:
    """`unconfirmed`: cells of dates whose calendar nobody has published, on any side."""

    def __init__(
        self,
        a: tuple[Party, Availability],
        b: tuple[Party, Availability],
        grid: Grid,
        minutes: int,
        unconfirmed: int,
    ) -> None:
        self._grid, self._length, self._unconfirmed = grid, timedelta(minutes=minutes), unconfirmed
        self._cells = cells_for(minutes)
        self._lesson = (1 << self._cells) - 1
        self._a, self._b = (_Side(party, side, grid, minutes) for party, side in (a, b))
        self._home_a, self._home_b = a[1].home, b[1].home
        self._starts = a[1].starts | b[1].starts
        self._moves: dict[tuple[str, str], ClockMoves] = {}

    def slot(self, first: int, stop: int, tier: Tier) -> Slot:
        """Of the starts in [first, stop), which lie on one date of either side."""
        grid, best = self._grid, self._best_start(first, stop)
        (a, minute_a), (b, minute_b) = self._a.at(best), self._b.at(best)
        start_at = grid.instant_of(best)
        moves = self._moves.get((a.zone, b.zone))
        if moves is None:
            moves = self._moves[a.zone, b.zone] = ClockMoves(a.zone, b.zone)
        is_unconfirmed = self._unconfirmed and self._unconfirmed >> best & self._lesson
        return Slot(
            start_at=start_at,
            end_at=start_at + self._length,
            first_start_at=start_at if best == first else grid.instant_of(first),
            last_start_at=start_at if best == stop - 1 else grid.instant_of(stop - 1),
            tier=tier,
            payer=Payer.of(a.burden_minutes, b.burden_minutes),
            a=a,
            b=b,
            confidence=Confidence.UNCONFIRMED if is_unconfirmed else Confidence.CONFIRMED,
            clock_change=moves.effect(start_at, minute_a, minute_b),
        )

    def _best_start(self, first: int, stop: int) -> int:
        """A period's own start where there is one (of side A or B), else any; of those the cheapest, then the
        earliest."""
        length = stop - first
        if length == 1:
            return first
        own = self._starts >> first & ((1 << length) - 1)
        choices = cells_of(own) if own else range(length)
        if len(choices) > 1:
            # As much of the calendars as lessons of this run may touch: short ints, many times looked at.
            near = (1 << length + self._cells) - 1
            home_a, home_b = self._home_a >> first & near, self._home_b >> first & near
            if home_a or home_b:
                lesson = self._lesson
                return first + min(
                    choices, key=lambda c: ((home_a >> c & lesson).bit_count() + (home_b >> c & lesson).bit_count(), c)
                )
        return first + choices[0]


class _Side:
    """One side of all slots."""

    def __init__(self, party: Party, side: Availability, grid: Grid, minutes: int) -> None:
        self._party, self._side, self._grid, self._minutes = party, side, grid, minutes
        self._lesson = (1 << cells_for(minutes)) - 1
        self._zone = None if party.school.zone_overrides else party.school.zone
        # In the order of kinds the last one that a lesson touches is the worst; those at home come after the others.
        self._at_home = [(kind, bits) for kind, bits in reversed(side.kinds.items()) if kind not in AT_SCHOOL]
        self._at_school = [(kind, bits) for kind, bits in reversed(side.kinds.items()) if kind in AT_SCHOOL]

    def at(self, cell: int) -> tuple[SideSlot, int]:
        """What it is to this side, and the minute of the day at which it starts on its wall."""
        side, lesson = self._side, self._lesson
        minute = self._grid.minute_of(cell)
        zone = self._zone or party_zone(self._party, self._grid, cell)
        on, start = wall_at(minute, zone)
        at_home = side.home >> cell & lesson
        slot = SideSlot(
            zone=zone,
            on=on,
            start=time_text(start),
            end=time_text(wall_at(minute + self._minutes, zone)[1]),
            window=_worst(self._at_home if at_home else self._at_school, cell, lesson),
            burden_minutes=min(at_home.bit_count() * CELL_MINUTES, self._minutes),
            is_period_start=bool(side.starts >> cell & 1),
            is_eager=bool(side.eager) and side.eager >> cell & lesson == lesson,
            is_reluctant=bool(side.reluctant) and side.reluctant >> cell & lesson > 0,
        )
        return slot, start


def _worst(kinds: Sequence[tuple[WindowKind, int]], cell: int, lesson: int) -> WindowKind:
    """The first that is touched; if none before is, it is the last."""
    for kind, bits in kinds[:-1]:
        if bits >> cell & lesson:
            return kind
    return kinds[-1][0]
