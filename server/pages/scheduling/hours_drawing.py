"""Fills what the page of hours shows many times: a card for each slot of the list, a table for each week. Pure.

The HTML is the template's (`find_hour.html`), cut into stencils; here is what stands in their gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import repeat
from typing import Protocol

from markupsafe import Markup, escape

from scheduler import Slot, Tier
from server.lessons import ClassName
from server.pages.language import Language
from server.pages.scheduling.chip import Chips
from server.pages.scheduling.find_hour import TIER_NAMES, Found
from server.pages.scheduling.week_grid import Day, Row, Seam, Week
from server.pages.stencil import Gaps, Stencil, joined
from server.pages.wall import day_text, hour_text, wall_text
from server.pair import LocalizedText, Side

Macro = Callable[[Gaps], str]
_NOTHING, _SEAM = Markup(), Markup(' class="seam"')


class Said(Protocol):
    """The scheduler's pairs of texts and ours."""

    @property
    def en(self) -> str: ...
    @property
    def zh(self) -> str: ...


Text = Callable[[Said], str]


class Cards:
    """The ranked list. `marks`: of the tiers."""

    def __init__(self, found: Found, marks: Mapping[Tier, Markup], text: Text, *, card: Macro, reason: Macro) -> None:
        self._found, self._marks, self._text = found, marks, text
        self._a, self._b = found.a.known.side, found.b.known.side
        self._card, self._reason = Stencil(card), Stencil(reason)

    def draw(self, slot: Slot) -> Markup:
        text = self._text
        return self._card.fill(
            tier=slot.tier,
            mark=self._marks[slot.tier],
            tier_name=text(TIER_NAMES[slot.tier]),
            wall_a=wall_text(self._a, slot.a.on, slot.a.start, slot.a.end),
            wall_b=wall_text(self._b, slot.b.on, slot.b.start, slot.b.end),
            payer=text(slot.reasons[1].text),
            proposal=self._found.proposal(slot),
            series=self._found.series(slot),
            reasons=joined(self._reason.fill(reason=text(one.text)) for one in slot.reasons),
        )


class Weeks:
    """The two-zone tables. `side_marks`: small ones, for the seams."""

    def __init__(
        self,
        found: Found,
        chips: Chips,
        side_marks: Mapping[Side, Markup],
        text: Text,
        *,
        table: Macro,
        day: Macro,
        other_day: Macro,
        seam: Macro,
        row: Macro,
        cell: Macro,
    ) -> None:
        self._found, self._chips, self._side_marks, self._text = found, chips, side_marks, text
        self._a, self._b = found.a.known.side, found.b.known.side
        self._table, self._day, self._other_day = Stencil(table), Stencil(day), Stencil(other_day)
        self._seam, self._row, self._cell = Stencil(seam), Stencil(row), Stencil(cell)

    def label(self, week: Week) -> str:
        """A's dates, as A's wall writes them."""
        return f"{day_text(self._a, week.days[0].on)} – {day_text(self._a, week.days[-1].on)}"

    def draw(self, week: Week) -> Markup:
        """One that is not empty."""
        return self._table.fill(
            label=self.label(week),
            school_a=self._text(self._found.a.known.school_name),
            school_b=self._text(self._found.b.known.school_name),
            days=joined(map(self._draw_day, week.days)),
            rows=joined(map(self._draw_row, week.rows, repeat(week.days))),
        )

    def _draw_day(self, day: Day) -> Markup:
        others = [day_text(self._b, on) for on in day.other_dates]
        last = len(others) - 1
        return self._day.fill(
            seam=_SEAM if day.seam else _NOTHING,
            day=day_text(self._a, day.on),
            other_days=joined(
                self._other_day.fill(day=f"{other} /" if number < last else other)
                for number, other in enumerate(others)
            ),
            seam_text=self._draw_seam(day.seam) if day.seam else _NOTHING,
        )

    def _draw_seam(self, seam: Seam) -> Markup:
        side = self._a if seam.side == "a" else self._b
        return self._seam.fill(mark=self._side_marks[side], text=self._text(seam_text(seam)))

    def _draw_row(self, row: Row, days: tuple[Day, ...]) -> Markup:
        draw, proposal = self._chips.draw, self._found.proposal
        return self._row.fill(
            hour=hour_text(self._a, row.hour),
            cells=joined(
                self._cell.fill(
                    seam=_SEAM if day.seam else _NOTHING,
                    chips=joined([draw(slot, proposal(slot)) for slot in cell]),
                )
                for day, cell in zip(days, row.cells, strict=True)
            ),
            other_hours=" / ".join(hour_text(self._b, hour) for hour in row.other_hours),
        )


def choices(classes: Iterable[ClassName], chosen: str, language: Language) -> Markup:
    """The options of a list of classes; `chosen`: the id that is selected."""
    return joined(
        [Markup(_option(one, language, one.class_group_id == chosen)) for one in classes]  # noqa: S704 - escaped there
    )


@lru_cache(maxsize=1_024)  # every page of hours has them all
def _option(one: ClassName, language: Language, is_chosen: bool) -> str:
    name, school = (text.en if language == "en" else text.zh for text in (one.class_name, one.school_name))
    selected = " selected" if is_chosen else ""
    return f'<option value="{escape(one.class_group_id)}"{selected}>{escape(name)} · {escape(school)}</option>\n'


def seam_text(seam: Seam) -> LocalizedText:
    """Whose clock it is, the mark beside it says."""
    forward, minutes = seam.minutes > 0, abs(seam.minutes)
    return LocalizedText(
        f"clock {'+' if forward else '−'}{minutes} min", f"撥{'快' if forward else '慢'} {minutes} 分鐘"
    )
