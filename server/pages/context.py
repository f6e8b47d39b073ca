"""What the pages need of the rest: handed in by the composition root, so that no page reads settings or storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server.lessons import DemoLesson
from server.pages.rendering import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesContext:
    """`dist`: what Vite built; missing, the pages say so. `public_url`: "" means the request's own origin."""

    dist: Path
    is_demo: bool
    public_url: str
    version: str
    demo_lesson: DemoLesson | None


CONTEXT = web.AppKey("pages_context", PagesContext)
RENDERER = web.AppKey("pages_renderer", Renderer)
