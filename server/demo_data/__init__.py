"""Demo data: fictional schools, teachers, rosters and lessons, so that a first visitor sees a school year under way."""

from __future__ import annotations
