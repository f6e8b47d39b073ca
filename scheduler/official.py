"""Official days of a country: the `holidays` package plus our dated table of make-up class days (guide §1.5, §1.7).

A year that nobody has compared with the published calendar is said to be unconfirmed, because upstream has changed
such dates after the fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from scheduler.loader import load_official
from scheduler.model import Names

_CHINESE = {"TW": "zh_TW"}
# Guam keeps federal days under its own code in the package; our schools there say US.
COUNTRIES = ("TW", "US")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialYear:
    """`make_up`: a class day and the date whose timetable it follows."""

    country: str
    year: int
    is_confirmed: bool
    days: Mapping[date, Names]
    make_up: Mapping[date, date]


@lru_cache(maxsize=128)  # a handful of years of two countries
def official_year(country: str, year: int) -> OfficialYear:
    """Raises ValueError for a country that we have no table for."""
    if country not in COUNTRIES:
        raise ValueError(f"no official days for {country!r}, only for {', '.join(COUNTRIES)}")
    from holidays import country_holidays  # costs 0.2 s to import, which only a school with official days pays

    table = load_official(country)
    english = country_holidays(country, years=year, language="en_US")
    chinese = country_holidays(country, years=year, language=_CHINESE.get(country, "en_US"))
    days = {on: Names(en=name, zh=str(chinese.get(on, name))) for on, name in sorted(english.items())}
    return OfficialYear(
        country=country,
        year=year,
        is_confirmed=year in table.verified_years,
        days=days,
        make_up={day: follows for day, follows in table.make_up.items() if day.year == year},
    )
