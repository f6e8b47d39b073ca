"""Pages that people see: jinja2 views, their language, their built assets and the error page."""

from __future__ import annotations

from server.pages.classroom_pages import render_classroom
from server.pages.context import PagesContext
from server.pages.errors import render_error
from server.pages.language import LANGUAGES, choose_language
from server.pages.lessons import CardPrinter, LessonPages, NoCards, PrintedCard, add_lesson_pages, no_reports
from server.pages.people_context import PeoplePages
from server.pages.people_pages import add_people_pages
from server.pages.views import compile_templates, setup_pages

__all__ = [
    "LANGUAGES",
    "CardPrinter",
    "LessonPages",
    "NoCards",
    "PagesContext",
    "PeoplePages",
    "PrintedCard",
    "add_lesson_pages",
    "add_people_pages",
    "choose_language",
    "compile_templates",
    "no_reports",
    "render_classroom",
    "render_error",
    "setup_pages",
]
