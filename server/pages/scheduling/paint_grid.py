"""The week that one paints on: seven real dates, an hour or half an hour a row, and what stands in each cell. Pure.

Every column has its date; there is no view of a week without dates. Cells in the past, and minutes that the clock skips
on that date, take no paint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scheduler import DaySheet, WindowKind
from server.availability import Painted, state_of

# What a school day with its edges needs; the rest of the night opens when something is painted there.
FIRST_MINUTE, LAST_MINUTE = 6 * 60, 22 * 60
MINUTES_A_DAY = 1_440
STEPS = (60, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`state`: "cannot", "reluctantly", "gladly", "mixed" or "" for what the bells say.

    `bells`: the kind of hour that the bells offer somewhere in it, None when they offer nothing. `kind`: what this hour
    is to the class. `is_open`: takes paint.
    """

    on: date
    start_minute: int
    end_minute: int
    state: str
    bells: WindowKind | None
    kind: WindowKind
    is_open: bool
    is_skipped: bool
    is_twice: bool

    @property
    def key(self) -> str:
        """How a form names it; always with its date."""
        return f"{self.on.isoformat()}/{self.start_minute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    on: date
    is_past: bool
    is_closed: bool
    closed_name: str
    has_clock_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    start_minute: int
    end_minute: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintGrid:
    columns: tuple[Column, ...]
    rows: tuple[GridRow, ...]


def monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())


def week_of(monday: date) -> tuple[date, ...]:
    return tuple(monday + timedelta(days=day) for day in range(7))


def paint_grid(
    monday: date, painted: Sequence[Painted], sheet_of: Callable[[date], DaySheet], *, step: int, today: date
) -> PaintGrid:
    sheets = [sheet_of(on) for on in week_of(monday)]
    first = min([FIRST_MINUTE, *(one.start_minute for one in painted)]) // step * step
    last = min(-(-max([LAST_MINUTE, *(one.end_minute for one in painted)]) // step) * step, MINUTES_A_DAY)
    return PaintGrid(
        columns=tuple(
            Column(
                on=sheet.on,
                is_past=sheet.on < today,
                is_closed=sheet.is_closed,
                closed_name=sheet.closed_name,
                has_clock_change=bool(sheet.skipped or sheet.twice),
            )
            for sheet in sheets
        ),
        rows=tuple(
            GridRow(
                start_minute=start,
                end_minute=start + step,
                cells=tuple(_cell(sheet, painted, start, start + step, today) for sheet in sheets),
            )
            for start in range(first, last, step)
        ),
    )


def _cell(sheet: DaySheet, painted: Sequence[Painted], start: int, end: int, today: date) -> Cell:
    bells = next((one.kind for one in sheet.offered if one.start_minute < end and start < one.end_minute), None)
    is_skipped = any(first <= start and end <= last for first, last in sheet.skipped)
    return Cell(
        on=sheet.on,
        start_minute=start,
        end_minute=end,
        state=str(state_of(painted, sheet.on, start, end) or ""),
        bells=bells,
        kind=bells or sheet.kinds[start // 60],
        is_open=sheet.on >= today and not is_skipped,
        is_skipped=is_skipped,
        is_twice=any(first < end and start < last for first, last in sheet.twice),
    )
