"""When people and classes can and cannot, beyond what the bells say: painted hours, and calendars from elsewhere."""

from __future__ import annotations

from server.availability.class_teachers import ClassTeachers
from server.availability.outside_calendar import (
    READ_EVERY,
    LeftOut,
    OutsideCalendar,
    OutsideTime,
    Taken,
    needs_whole,
    take,
    wait_after,
)
from server.availability.outside_service import OutsideCalendars
from server.availability.outside_store import OutsideStore, Source
from server.availability.owner import Owner, OwnerKind
from server.availability.painted_hours import PaintedHours, Painting
from server.availability.painting import (
    MINUTES_A_DAY,
    STEP_MINUTES,
    Painted,
    PaintState,
    Stroke,
    joined,
    paint,
    repeated,
    state_of,
    together,
)
from server.availability.painting_rules import (
    FURTHEST,
    MOST_DAYS,
    MOST_REPEATS,
    ORDER,
    OUTSIDE,
    OVERLAP,
    PROBLEM_CODES,
    TOO_MANY_DAYS,
    NoStroke,
    require_date,
    require_existing,
)

__all__ = [
    "FURTHEST",
    "MINUTES_A_DAY",
    "MOST_DAYS",
    "MOST_REPEATS",
    "ORDER",
    "OUTSIDE",
    "OVERLAP",
    "PROBLEM_CODES",
    "READ_EVERY",
    "STEP_MINUTES",
    "TOO_MANY_DAYS",
    "ClassTeachers",
    "LeftOut",
    "NoStroke",
    "OutsideCalendar",
    "OutsideCalendars",
    "OutsideStore",
    "OutsideTime",
    "Owner",
    "OwnerKind",
    "PaintState",
    "Painted",
    "PaintedHours",
    "Painting",
    "Source",
    "Stroke",
    "Taken",
    "joined",
    "needs_whole",
    "paint",
    "repeated",
    "require_date",
    "require_existing",
    "state_of",
    "take",
    "together",
    "wait_after",
]
