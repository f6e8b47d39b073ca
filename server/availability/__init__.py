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

__all__ = [
    "MINUTES_A_DAY",
    "READ_EVERY",
    "STEP_MINUTES",
    "ClassTeachers",
    "LeftOut",
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
    "state_of",
    "take",
    "together",
    "wait_after",
]
