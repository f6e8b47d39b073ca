"""What a wall clock says at a minute of the grid: one addition on every day on which that clock does not change.

Why beside `zone`: `astimezone` and `datetime` arithmetic were half of a search that draws hundreds of slots.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from scheduler import zone
from scheduler.interval import CELL_MINUTES, Grid, from_minute
from scheduler.model import MINUTES_A_DAY, clock_text

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_CELL = timedelta(minutes=CELL_MINUTES)
_ORDINAL_OF_1970 = date(1970, 1, 1).toordinal()


def wall_at(minute: int, key: str) -> tuple[date, int]:
    """Local date and minutes since its midnight; `minute` since 1970. Seconds of old offsets round down."""
    offset = _steady_offset(key, minute // MINUTES_A_DAY)
    if offset is None:
        local = zone.to_local(from_minute(minute), key)
        return local.date(), local.hour * 60 + local.minute
    day, at = divmod(minute + offset, MINUTES_A_DAY)
    return _date_of(day), at


@lru_cache(maxsize=256)  # the weeks that are asked about on one day, in a dozen zones
def date_changes(grid: Grid, key: str) -> tuple[int, ...]:
    """Cells at which that wall shows another date than at the cell before, ascending."""
    found: list[int] = []
    start_at = grid.instant_of(0)
    # From one change of the clock to the next, midnights stand a day of cells apart.
    changes = zone.changes(key, start_at, grid.instant_of(grid.cells))
    seams = [-((start_at - change.at) // _CELL) for change in changes]
    for first, stop in pairwise((0, *seams, grid.cells)):
        on, since_midnight = wall_at(grid.minute_of(first), key)
        if 0 < first < grid.cells and wall_at(grid.minute_of(first - 1), key)[0] != on:
            found.append(first)
        midnight = first - (since_midnight - MINUTES_A_DAY) // CELL_MINUTES
        found.extend(range(midnight, stop, MINUTES_A_DAY // CELL_MINUTES))
    return tuple(found)


@lru_cache(maxsize=16_384)  # three years of a dozen zones
def _steady_offset(key: str, day: int) -> int | None:
    """Minutes east of Greenwich during that whole day of UTC; None when the clock changes in it."""
    start = from_minute(day * MINUTES_A_DAY)
    change = zone.next_change(key, start - timedelta(seconds=1))
    if change is not None and change.at < start + _DAY:
        return None
    offset = zone.offset_at(start, key)
    return None if offset % _MINUTE else offset // _MINUTE


@lru_cache(maxsize=4_096)
def _date_of(day: int) -> date:
    return date.fromordinal(_ORDINAL_OF_1970 + day)


# Why kept: a page of hours writes the same few times over and over.
time_text = lru_cache(maxsize=4_096)(clock_text)
