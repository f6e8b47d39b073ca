"""What the pages need of the rest: handed in by the composition root, so that no page reads settings or storage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server.lessons import Lesson
from server.pages.rendering import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesContext:
    """`dist`: what Vite built; missing, the pages say so. `public_url`: "" means the request's own origin."""

    dist: Path
    is_demo: bool
    public_url: str
    version: str
    find_demo_lesson: Callable[[], Awaitable[Lesson | None]]


CONTEXT = web.AppKey("pages_context", PagesContext)
RENDERER = web.AppKey("pages_renderer", Renderer)
