"""The classroom's templates for who may not import pages: the composition root hands this on."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.pages.context import RENDERER
from server.pages.language import choose_language, remember_choice


def render_classroom(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """`classroom.html` or `join.html` in the reader's language."""
    page = request.app[RENDERER].render(template, choose_language(request), path=request.path, **values)
    headers = {"Vary": "Accept-Language, Cookie"}
    response = web.Response(text=page, content_type="text/html", status=status, headers=headers)
    remember_choice(request, response)
    return response
