"""What comes from the page of painting: ticked cells and a brush, strokes of the script, or one range by the clock.

All three are strokes with a date. A form that names a weekday without one is no form of ours and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from server.availability import (
    MINUTES_A_DAY,
    MOST_REPEATS,
    ORDER,
    STEP_MINUTES,
    NoStroke,
    PaintState,
    Stroke,
    require_date,
)
from server.pair import LocalizedText

BELLS: Final = "bells"
BRUSHES: Final[Mapping[str, LocalizedText]] = {
    PaintState.CANNOT: LocalizedText("cannot", "不行"),
    PaintState.RELUCTANTLY: LocalizedText("could, if need be", "勉強可以"),
    PaintState.GLADLY: LocalizedText("gladly", "很樂意"),
    BELLS: LocalizedText("as the bells say", "依作息表"),
}

NOTHING_CHOSEN: Final = LocalizedText("Please choose at least one hour.", "請至少選擇一個時段。")
NOT_READABLE: Final = LocalizedText(
    "Please give a date, a beginning and an end, such as 2026-12-01, 08:00 and 09:30.",
    "請填寫日期、開始與結束時間，例如 2026-12-01、08:00、09:30。",
)
ON_THE_GRID: Final = LocalizedText("Please give whole five minutes, such as 08:05.", "請以五分鐘為單位，例如 08:05。")
TOO_MANY_WEEKS: Final = LocalizedText(f"At most {MOST_REPEATS} weeks at once.", f"一次最多延續 {MOST_REPEATS} 週。")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintForm:
    """`repeat`: on so many following weeks the same; each becomes a date of its own."""

    strokes: tuple[Stroke, ...]
    repeat: int
    version: int


def read_paint(values: Mapping[str, Sequence[str]], *, step: int, today: date) -> PaintForm:
    """Raises NoStroke."""
    strokes = [*_of_script(values, step), *_of_cells(values, step), *_of_range(values)]
    repeat = _whole(_one(values, "repeat") or "0")
    if repeat is None or repeat > MOST_REPEATS:
        raise NoStroke(TOO_MANY_WEEKS)
    if not strokes and not repeat:
        raise NoStroke(NOTHING_CHOSEN)
    for stroke in strokes:
        require_date(stroke.on, today)
    version = _whole(_one(values, "version"))
    return PaintForm(strokes=tuple(strokes), repeat=repeat, version=-1 if version is None else version)


def _of_script(values: Mapping[str, Sequence[str]], step: int) -> Iterable[Stroke]:
    for one in values.get("paint", ()):
        cell, _, brush = one.rpartition("/")
        yield _stroke(cell, step, brush)


def _of_cells(values: Mapping[str, Sequence[str]], step: int) -> Iterable[Stroke]:
    brush = _one(values, "brush")
    for cell in values.get("cell", ()):
        yield _stroke(cell, step, brush)


def _stroke(cell: str, step: int, brush: str) -> Stroke:
    day, _, minute = cell.partition("/")
    on, start = _date(day), _whole(minute)
    if on is None or start is None or start % step or start + step > MINUTES_A_DAY:
        raise NoStroke(NOT_READABLE)
    return Stroke(on=on, start_minute=start, end_minute=start + step, state=_state(brush))


def _of_range(values: Mapping[str, Sequence[str]]) -> Iterable[Stroke]:
    if not any(_one(values, name) for name in ("on", "from", "to")):
        return
    on, start, end = _date(_one(values, "on")), _minute(_one(values, "from")), _minute(_one(values, "to"))
    if on is None or start is None or end is None:
        raise NoStroke(NOT_READABLE)
    # Midnight as an end is that of the next date.
    end = end or MINUTES_A_DAY
    if end <= start:
        raise NoStroke(ORDER)
    if start % STEP_MINUTES or end % STEP_MINUTES:
        raise NoStroke(ON_THE_GRID)
    yield Stroke(on=on, start_minute=start, end_minute=end, state=_state(_one(values, "state")))


def _state(brush: str) -> PaintState | None:
    if brush == BELLS:
        return None
    try:
        return PaintState(brush)
    except ValueError:
        raise NoStroke(NOT_READABLE) from None


def _one(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "").strip()


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _minute(text: str) -> int | None:
    if text == "24:00":
        return MINUTES_A_DAY
    try:
        at = time.fromisoformat(text)
    except ValueError:
        return None
    return at.hour * 60 + at.minute if at.tzinfo is None and not (at.second or at.microsecond) else None
