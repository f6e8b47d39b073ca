"""A chip says both walls in their own way and the tier in words, and lets nothing out of its attribute."""

from __future__ import annotations

import re
from datetime import date

from markupsafe import Markup

from scheduler import Query, demo_parties, find_overlaps
from server.pages.scheduling.chip import Chips
from server.pages.scheduling.find_hour import TIER_NAMES
from server.pair import LocalizedText, Side


def in_english(text: LocalizedText) -> str:
    return text.en


def test_a_chip_names_both_walls_and_its_tier() -> None:
    parties = {party.id: party for party in demo_parties()}
    query = Query(a=parties["tw-taipei-chenguang-5a"], b=parties["us-hi-kukui-7a"], from_on=date(2026, 12, 1), weeks=1)
    slot = find_overlaps(query).slots[0]
    marks = {str(tier): Markup("<svg></svg>") for tier in TIER_NAMES}
    chips = Chips(Side.TAIWAN, Side.UNITED_STATES, marks, TIER_NAMES, in_english)

    drawn = chips.draw(slot, '/lessons/new?a=1&b="><script>')

    assert 'href="/lessons/new?a=1&amp;b=&#34;&gt;&lt;script&gt;"' in drawn
    assert '<span lang="zh-Hant-TW">08:40</span>' in drawn
    assert '<span class="hour-chip-other" lang="en">Mon 2:40 PM</span>' in drawn
    assert '<span class="visually-hidden">lesson time</span>' in drawn
    assert f'data-tier="{slot.tier}"' in drawn
    assert "<svg></svg>" in drawn
    assert re.sub("<[^>]*>", "", drawn) == "08:40 Mon 2:40 PM lesson time", "words of their own for who hears the page"
