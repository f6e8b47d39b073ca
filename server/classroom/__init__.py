"""A live lesson: cards, lobby, roster, chat, hands and the leads' tools, over HTTP and Socket.IO."""

from __future__ import annotations

from server.classroom.bundle import Classroom, ClassroomParts
from server.classroom.cards import Card, CardService, PrintedCard
from server.classroom.handlers import HANDLERS
from server.classroom.joining import MediaKey, Render
from server.classroom.reports import ReportService, StoredReport
from server.classroom.seats import SeatService

__all__ = [
    "HANDLERS",
    "Card",
    "CardService",
    "Classroom",
    "ClassroomParts",
    "MediaKey",
    "PrintedCard",
    "Render",
    "ReportService",
    "SeatService",
    "StoredReport",
]
