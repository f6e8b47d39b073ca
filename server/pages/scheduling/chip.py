"""The chips of the week grid, drawn here and not in a template: a page has a hundred, and jinja2 takes as long for each
as the search does for its slot. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from scheduler import Slot, Tier
from server.pages.wall import lang_of, time_text, weekday_text
from server.pair import LocalizedText, Side


class Chips:
    """For one answer: `marks` and `tier_names` are written into every chip of their tier as they are here."""

    def __init__(
        self,
        a: Side,
        b: Side,
        marks: Mapping[str, Markup],
        tier_names: Mapping[Tier, LocalizedText],
        text: Callable[[LocalizedText], str],
    ) -> None:
        self._a, self._b = a, b
        # The three pieces between which a slot's own words stand.
        self._parts = {
            tier: (
                f'<a class="hour-chip" data-tier="{escape(tier)}" href="',
                f'">{marks[tier]}<span class="hour-chip-times"><span lang="{lang_of(a)}">',
                f'</span> <span class="hour-chip-other" lang="{lang_of(b)}">',
                f'</span></span> <span class="visually-hidden">{escape(text(name))}</span></a>',
            )
            for tier, name in tier_names.items()
        }

    def draw(self, slot: Slot, address: str) -> Markup:
        """`address`: where the chip leads; everything else of a slot is made of digits and our own words."""
        begin, first, second, end = self._parts[slot.tier]
        return Markup(  # noqa: S704 - the address is escaped, and nothing else comes from outside
            f"{begin}{escape(address)}{first}{time_text(self._a, slot.a.start)}{second}"
            f"{weekday_text(self._b, slot.b.on)} {time_text(self._b, slot.b.start)}{end}"
        )
