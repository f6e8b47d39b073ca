"""Letters that must go out once: kept in the database until the mail server took them, over restarts and failures."""

from __future__ import annotations

from server.outbox.letter import CalendarPart, Letter, StoredLetter, next_try_at
from server.outbox.repository import OutboxRepository, outbox_table
from server.outbox.worker import Deliver, Outbox, StillWanted

__all__ = [
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
