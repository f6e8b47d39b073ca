"""What docs/scheduler.md shows is true: its files load, its codes and templates are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from scheduler import Tier, parse_school
from scheduler.causes import _LOST
from scheduler.loader import template_names
from scheduler.model import TIER_OF, WindowKind

TEXT = (Path(__file__).parents[3] / "docs" / "scheduler.md").read_text("utf-8")
SCHOOL, CALENDAR = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_school_file_loads() -> None:
    school = parse_school(SCHOOL.encode(), "docs/scheduler.md")
    assert school.class_groups[0].rooms[0].has_video


def test_the_calendar_loads_inside_a_school() -> None:
    inline = "calendar:\n" + "".join(f"  {line}\n" for line in CALENDAR.splitlines())
    school = parse_school(SCHOOL.replace("calendar: tw-public ", inline + "# ").encode(), "docs/scheduler.md")
    assert school.calendar.years[0].label == "115"


def test_every_template_kind_tier_and_cause_is_named() -> None:
    for word in (*template_names(), *Tier, *_LOST):
        assert f"`{word}`" in TEXT, word
    for kind in WindowKind:
        row = next(line for line in TEXT.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1])
        assert f"`{TIER_OF[kind]}`" in row
