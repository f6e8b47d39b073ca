"""Hours painted on real dates: what a person or a class offers beyond the bells, or withholds from them. Pure.

A stroke has a date, always: an undated weekday cannot be said, because an hour "on Tuesdays" is another instant after a
clock change (Timeful #192). The same on the next weeks is as many dated entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from scheduler import PaintedHour

# The scheduler's grid: finer would be lost.
STEP_MINUTES = 5
MINUTES_A_DAY = 1_440


class PaintState(StrEnum):
    """The default, "as the bells say", is no state at all: nothing is stored for it."""

    CANNOT = "cannot"
    RELUCTANTLY = "reluctantly"
    GLADLY = "gladly"

    @property
    def willingness(self) -> int:
        """As the scheduler counts it; 2, "yes", is what the bells say."""
        return {PaintState.CANNOT: 0, PaintState.RELUCTANTLY: 1, PaintState.GLADLY: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """Local minutes of the school's wall on that date; `end_minute` is 1,440 at most, which is 24:00."""

    on: date
    start_minute: int
    end_minute: int
    state: PaintState

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < self.end_minute <= MINUTES_A_DAY:
            raise ValueError(f"no hour of a day: {self.start_minute} to {self.end_minute}")
        if self.start_minute % STEP_MINUTES or self.end_minute % STEP_MINUTES:
            raise ValueError(f"not on the {STEP_MINUTES}-minute grid: {self.start_minute} to {self.end_minute}")

    @property
    def hour(self) -> PaintedHour:
        """For the scheduler."""
        return PaintedHour(
            on=self.on,
            start_minute=self.start_minute,
            end_minute=self.end_minute,
            willingness=self.state.willingness,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One movement of the brush. `state` None wipes: there the bells say again what is offered."""

    on: date
    start_minute: int
    end_minute: int
    state: PaintState | None


def paint(painted: Iterable[Painted], strokes: Iterable[Stroke]) -> tuple[Painted, ...]:
    """The later stroke covers the earlier; whatever it does not touch stays. Raises ValueError for no hour of a day."""
    found = list(painted)
    for stroke in strokes:
        # Also checks a wiping stroke.
        fresh = Painted(
            on=stroke.on,
            start_minute=stroke.start_minute,
            end_minute=stroke.end_minute,
            state=stroke.state or PaintState.CANNOT,
        )
        found = [piece for one in found for piece in _outside(one, fresh)]
        if stroke.state is not None:
            found.append(fresh)
    return joined(found)


def joined(painted: Iterable[Painted]) -> tuple[Painted, ...]:
    """In order, neighbours of the same state as one."""
    found: list[Painted] = []
    for one in sorted(painted, key=lambda entry: (entry.on, entry.start_minute)):
        last = found[-1] if found else None
        if last and (last.on, last.state, last.end_minute) == (one.on, one.state, one.start_minute):
            found[-1] = replace(last, end_minute=one.end_minute)
        else:
            found.append(one)
    return tuple(found)


def repeated(painted: Iterable[Painted], weeks: int) -> tuple[Painted, ...]:
    """Of one week: the same on each of the next `weeks` weeks, every entry with a date of its own."""
    return tuple(
        replace(one, on=one.on + timedelta(weeks=week)) for week in range(1, weeks + 1) for one in joined(painted)
    )


def state_of(painted: Iterable[Painted], on: date, start_minute: int, end_minute: int) -> PaintState | str | None:
    """What stands in a cell: one state, None for none, or "mixed" where a part of it differs."""
    covered, states = 0, set()
    for one in painted:
        if one.on == on and one.start_minute < end_minute and start_minute < one.end_minute:
            covered += min(one.end_minute, end_minute) - max(one.start_minute, start_minute)
            states.add(one.state)
    if not states:
        return None
    return states.pop() if len(states) == 1 and covered == end_minute - start_minute else "mixed"


def together(several: Iterable[Iterable[Painted]]) -> tuple[PaintedHour, ...]:
    """What a class and its teachers painted as one: where two speak of the same hour, the less willing is heard."""
    by_date = groupby(
        sorted((one for painted in several for one in painted), key=lambda entry: entry.on), key=lambda entry: entry.on
    )
    return tuple(one.hour for on, entries in by_date for one in _least_willing(on, list(entries)))


def _least_willing(on: date, entries: list[Painted]) -> tuple[Painted, ...]:
    cuts = sorted({cut for one in entries for cut in (one.start_minute, one.end_minute)})
    pieces: list[Painted] = []
    for start, end in pairwise(cuts):
        states = [one.state for one in entries if one.start_minute <= start and end <= one.end_minute]
        if states:
            state = min(states, key=lambda state: state.willingness)
            pieces.append(Painted(on=on, start_minute=start, end_minute=end, state=state))
    return joined(pieces)


def _outside(one: Painted, fresh: Painted) -> Iterator[Painted]:
    if one.on != fresh.on or one.end_minute <= fresh.start_minute or fresh.end_minute <= one.start_minute:
        yield one
        return
    if one.start_minute < fresh.start_minute:
        yield replace(one, end_minute=fresh.start_minute)
    if fresh.end_minute < one.end_minute:
        yield replace(one, start_minute=fresh.end_minute)
