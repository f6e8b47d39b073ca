"""Views of the home page, the demo lesson's seats and the self-check, and the built files under /static."""

from __future__ import annotations

import json

from aiohttp import web

from server.errors import ErrorCode, NotFound
from server.lessons import DemoLesson, demo_lesson_json
from server.pages.assets import STATIC_URL, Assets
from server.pages.catalogue import read_catalogue
from server.pages.context import CONTEXT, RENDERER, PagesContext
from server.pages.language import Language, choose_language, remember_choice
from server.pages.rendering import Renderer
from server.pair import Side

# File names carry a hash of their content, so a browser may keep them for a year (RFC 8246).
IMMUTABLE = "public, max-age=31536000, immutable"
SEAT_LANGUAGE: dict[Side, Language] = {Side.TAIWAN: "zh-Hant-TW", Side.UNITED_STATES: "en"}


def setup_pages(app: web.Application, context: PagesContext) -> None:
    """Adds routes and templates; reads files here and never again while serving."""
    app[CONTEXT] = context
    app[RENDERER] = Renderer(read_catalogue(), Assets(context.dist), context.version)
    app.router.add_get("/", show_home)
    app.router.add_get("/demo/lesson", show_demo_lesson)
    app.router.add_get("/check", show_check)
    if context.dist.is_dir():
        app.router.add_static(STATIC_URL, context.dist)
        app.on_response_prepare.append(_keep_hashed_files)


def compile_templates(app: web.Application) -> None:
    """So that nobody's first page waits for it; in a thread, once the server answers."""
    app[RENDERER].compile_all()


async def _keep_hashed_files(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith(f"{STATIC_URL}assets/") and response.status in (200, 206, 304):
        response.headers["Cache-Control"] = IMMUTABLE


async def show_home(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    lesson = context.demo_lesson if context.is_demo else None
    return _page(request, "home.html", choose_language(request), lesson=lesson)


async def show_check(request: web.Request) -> web.Response:
    return _page(request, "check.html", choose_language(request))


async def show_demo_lesson(request: web.Request) -> web.Response:
    """The room of the demo lesson from one seat. Raises NotFound without demo data or for a seat that is not there."""
    context = request.app[CONTEXT]
    lesson = context.demo_lesson if context.is_demo else None
    person = lesson.person_in(request.query.get("seat", "")) if lesson else None
    if lesson is None or person is None:
        raise NotFound(ErrorCode.NOT_FOUND, "no such seat in the demo lesson")
    language = choose_language(request, SEAT_LANGUAGE[person.side])
    is_guest = request.query.get("guest") == "1"  # an identity of one's own, so that many can sit on one seat
    values = {"lesson": lesson, "seat": person.seat, "is_guest": is_guest, "lesson_json": _as_json(lesson)}
    return _page(request, "lesson.html", language, **values)


def _page(request: web.Request, template: str, language: Language, **values: object) -> web.Response:
    page = request.app[RENDERER].render(template, language, path=request.path, **values)
    response = web.Response(text=page, content_type="text/html", headers={"Vary": "Accept-Language, Cookie"})
    remember_choice(request, response)
    return response


def _as_json(lesson: DemoLesson) -> str:
    return json.dumps(demo_lesson_json(lesson), ensure_ascii=False)
