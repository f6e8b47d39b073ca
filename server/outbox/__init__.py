"""Letters that must go out once: kept in the database until the mail server took them, over restarts and failures."""

from __future__ import annotations

from server.outbox.letter import CalendarPart, Letter, StoredLetter, next_try_at
from server.outbox.repository import OutboxRepository, outbox_table
from server.outbox.worker import NOT_TAKEN, NOT_WANTED, TIME_PASSED, Deliver, Outbox, StillWanted

__all__ = [
    "NOT_TAKEN",
    "NOT_WANTED",
    "TIME_PASSED",
    "CalendarPart",
    "Deliver",
    "Letter",
    "Outbox",
    "OutboxRepository",
    "StillWanted",
    "StoredLetter",
    "next_try_at",
    "outbox_table",
]
