"""School files for the tests: the days that scheduling.md §4.1 assumes, in any zone."""

from __future__ import annotations

from datetime import date

from scheduler import Party, Query, Slot, Tier, parse_school
from scheduler.search import search

_YEAR = """
calendar:
  years:
    - label: test
      confirmed: true
      first: 2020-01-01
      last: 2035-12-31
      terms: [{name: all, first: 2020-01-01, last: 2035-12-31}]
"""

# §4.1, table 1: "Taiwan 07:30-16:30 and 19:00-21:30; US 08:00-15:30, after-school -18:00, evening -20:30".
TAIWAN_TABLE_DAY = "[{name: Day, start: 07:30, end: 16:30}]"
US_TABLE_DAY = "[{name: Day, start: 08:00, end: 15:30}]"
TAIWAN_ELEMENTARY = """[{name: P1, start: 08:40, end: 09:20}, {name: P2, start: 09:30, end: 10:10},
          {name: P3, start: 10:30, end: 11:10}, {name: P4, start: 11:20, end: 12:00},
          {name: P5, start: 13:30, end: 14:10},
          {name: P6, start: 14:20, end: 15:00}, {name: P7, start: 15:20, end: 16:00}]"""
TAIWAN_SENIOR_HIGH = """[{name: P1, start: 08:10, end: 09:00}, {name: P2, start: 09:10, end: 10:00},
          {name: P3, start: 10:10, end: 11:00}, {name: P4, start: 11:10, end: 12:00},
          {name: P5, start: 13:05, end: 13:55},
          {name: P6, start: 14:00, end: 14:50}, {name: P7, start: 14:55, end: 15:45}]"""
TAIWAN_WINDOWS = "[{kind: instruction}, {kind: evening, start: 19:00, end: 21:30}]"
US_WINDOWS = "[{kind: instruction}, {kind: after_school, end: 18:00}, {kind: evening, start: 18:00, end: 20:30}]"


def party(
    zone: str, periods: str, windows: str, *, country: str = "US", extra: str = "", group: str = "", year: str = _YEAR
) -> Party:
    """A class group `g` of a school in that zone; `extra` and `group` are lines of YAML for either."""
    text = f"""
school: test
name: {{en: {country} school, zh-Hant-TW: 學校}}
country: {country}
region: test
level: elementary
zone: {zone}
bells:
  - first: 2000-01-01
    days:
      full: {periods}
    week: {{mon: full, tue: full, wed: full, thu: full, fri: full}}
{year}
{extra}
class_groups:
  - id: g
    name: {{en: Class, zh-Hant-TW: 班}}
    size: 20
    lesson_minutes: 40
    windows: {windows}
{group}
"""
    school = parse_school(text.encode(), "test.yaml")
    return Party(school, school.class_groups[0])


def taiwan(periods: str = TAIWAN_TABLE_DAY, windows: str = TAIWAN_WINDOWS, **more: str) -> Party:
    return party("Asia/Taipei", periods, windows, country="TW", **more)


def american(zone: str, **more: str) -> Party:
    return party(zone, US_TABLE_DAY, US_WINDOWS, **more)


def slots(
    a: Party, b: Party, from_on: date, *, weeks: int = 1, minutes: int = 40, worst: Tier = Tier.SATURDAY
) -> list[Slot]:
    return search(Query(a=a, b=b, from_on=from_on, weeks=weeks, minutes=minutes, worst_tier=worst))
