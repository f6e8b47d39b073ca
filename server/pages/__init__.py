"""Pages that people see: jinja2 views, their language, their built assets and the error page."""

from __future__ import annotations

from server.pages.context import PagesContext
from server.pages.errors import render_error
from server.pages.language import LANGUAGES, choose_language
from server.pages.views import setup_pages

__all__ = ["LANGUAGES", "PagesContext", "choose_language", "render_error", "setup_pages"]
