"""Demo data: fictional schools, teachers, rosters and lessons, so that a first visitor sees a school year under way."""

from __future__ import annotations

from server.demo_data.writing import write_demo_data

__all__ = ["write_demo_data"]
