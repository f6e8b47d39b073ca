"""When people and classes can and cannot, beyond what the bells say: painted hours, and calendars from elsewhere."""

from __future__ import annotations

from server.availability.class_teachers import ClassTeachers
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
    "STEP_MINUTES",
    "ClassTeachers",
    "Owner",
    "OwnerKind",
    "PaintState",
    "Painted",
    "PaintedHours",
    "Painting",
    "Stroke",
    "joined",
    "paint",
    "repeated",
    "state_of",
    "together",
]
