"""The error page: what happened in both languages, whatever the visitor reads, and a way on."""

from __future__ import annotations

from aiohttp import web

from server.errors import TongchuangError
from server.pages.context import RENDERER
from server.pages.language import choose_language


def render_error(request: web.BaseRequest, error: TongchuangError) -> web.Response:
    """HTML for an error outside the API. Falls back to plain text when the pages are not set up."""
    renderer = request.app.get(RENDERER) if isinstance(request, web.Request) else None
    if renderer is None:
        return web.Response(status=error.status, text=f"{error.text.en}\n{error.text.zh}\n")
    language = choose_language(request)
    page = renderer.render("error.html", language, status=error.status, code=str(error.code), error=error.text)
    return web.Response(status=error.status, text=page, content_type="text/html")
