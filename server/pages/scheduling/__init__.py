"""Pages of finding and agreeing on hours: the search, answers by a link in a mail, private calendar addresses."""

from __future__ import annotations

from server.pages.scheduling.context import SchedulingPages
from server.pages.scheduling.setup import add_scheduling_pages

__all__ = ["SchedulingPages", "add_scheduling_pages"]
