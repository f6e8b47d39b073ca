"""Pages of a lesson: the list, a new one, one with what to press next, attendance, report, cards."""

from __future__ import annotations

from server.pages.lessons.context import CardPrinter, LessonPages, NoCards, PrintedCard, no_reports
from server.pages.lessons.routes import add_lesson_pages

__all__ = ["CardPrinter", "LessonPages", "NoCards", "PrintedCard", "add_lesson_pages", "no_reports"]
