"""What we write, read by libical, the calendar library of many mail programs: the same in every property.

It judges each file by RFC 5546's table of its method as well. It is C, so it runs in a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from ctypes.util import find_library
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from scheduler import Query, calendar_lessons, find_overlaps, find_party, ical_out, plan_series
from scheduler.ical_out import Answer, Attendee, Method
from tests.unit.scheduler.test_ical import AT, LESSON

LIBRARY = find_library("ical")
needs_libical = pytest.mark.skipif(LIBRARY is None, reason="libical is not on this machine (Debian: libical3)")
NASTY = 'Comma, semicolon; "quotes", back\\slash, 兩地晨光 🌅 and a line\nthat goes on; \\n is none: ' + "長" * 90
TW, AZ = find_party("tw-taipei-chenguang-5a"), find_party("us-az-saguaro-5b")


def term() -> bytes:
    query = Query(a=TW, b=AZ, from_on=date(2026, 9, 7), weeks=12)
    plan = plan_series(query, find_overlaps(query).slots[0].start_at, 8)
    return ical_out.write_calendar(calendar_lessons(plan, AT, "school.example"), name="同窗課堂, spring; 8")


FILES = {
    "published": ical_out.write_calendar([LESSON]),
    "a feed of several": ical_out.write_calendar(
        [LESSON, replace(LESSON, uid="two@x", summary=NASTY), replace(LESSON, uid="three@x", is_confirmed=False)],
        name=NASTY,
    ),
    "invited": ical_out.request(replace(LESSON, summary=NASTY, note=NASTY)),
    "invited several": ical_out.request(
        replace(LESSON, attendees=(*LESSON.attendees, Attendee(email="b@us.example", name='B "the" B; C, D: E')))
    ),
    "answered": ical_out.reply(LESSON, "ortega@us.example", Answer.ACCEPTED, AT),
    "moved": ical_out.request(ical_out.rescheduled(LESSON, LESSON.start_at + timedelta(days=1), AT)),
    "cancelled": ical_out.cancel(ical_out.cancelled(LESSON, AT)),
    "a term": term(),
}


def by_libical(raw: bytes) -> dict[str, Any]:
    script = Path(__file__).with_name("libical_reader.py")
    done = subprocess.run([sys.executable, str(script), str(LIBRARY)], input=raw, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def seen(component: Any) -> dict[str, Any]:
    """The same shape, as `icalendar` reads it."""
    properties = []
    for name, value in component.property_items(recursive=False, sorted=False):
        if name not in ("BEGIN", "END"):
            parameters = [f"{key}={_quoted(item)}" for key, item in value.params.items() if key != "VALUE"]
            properties.append((name, _written(name, value.to_ical().decode()), sorted(parameters)))
    return {
        "name": component.name,
        "properties": sorted(properties),
        "components": [seen(one) for one in component.subcomponents],
    }


def _written(name: str, value: str) -> str:
    """Of an X- property without escapes: libical writes fewer of them than it must, and reads them all."""
    return re.sub(r"\\([,;\\])", r"\1", value) if name.startswith("X-") else value


def _quoted(value: str) -> str:
    return f'"{value}"' if set(value) & set(",:;") else value


def normal(found: dict[str, Any]) -> dict[str, Any]:
    properties = [
        (name, _written(name, value), [one for one in parameters if not one.startswith("VALUE=")])
        for name, value, parameters in found["properties"]
    ]
    return {
        "name": found["name"],
        "properties": sorted(properties),
        "components": [normal(one) for one in found["components"]],
    }


@needs_libical
@pytest.mark.parametrize("name", FILES)
def test_libical_and_icalendar_read_the_same(name: str) -> None:
    raw = FILES[name]
    found = by_libical(raw)
    assert found["errors"] == 0, "RFC 5546 asks for more, or for less, in a file of this method"
    assert normal(found) == seen(icalendar.Calendar.from_ical(raw))


@needs_libical
def test_libical_would_say_what_is_missing() -> None:
    """The judge is awake: an invitation without organizer, and an answer of two."""
    broken = ical_out.write_calendar([replace(LESSON, organizer=None)], Method.REQUEST)
    assert by_libical(broken)["errors"] > 0


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_and_written_again_is_the_same(name: str) -> None:
    once = icalendar.Calendar.from_ical(FILES[name])
    assert seen(icalendar.Calendar.from_ical(once.to_ical())) == seen(once)
