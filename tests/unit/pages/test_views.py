"""What the views answer, through mocked requests: no socket."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.errors import ErrorCode, NotFound
from server.lessons import DEMO_LESSON, DemoLesson, demo_lesson_json
from server.pages import PagesContext, render_error, setup_pages
from server.pages.views import show_check, show_demo_lesson, show_home
from server.pair import LocalizedText


def make_app(tmp_path: Path, lesson: DemoLesson | None = DEMO_LESSON, *, is_demo: bool = True) -> web.Application:
    app = web.Application()
    context = PagesContext(dist=tmp_path, is_demo=is_demo, public_url="", version="9.9", demo_lesson=lesson)
    setup_pages(app, context)
    return app


@pytest.fixture
def app(tmp_path: Path) -> web.Application:
    """Made outside the event loop, as the product does: templates are read only then."""
    return make_app(tmp_path)


def ask(app: web.Application, path: str, **headers: str) -> web.Request:
    return make_mocked_request("GET", path, headers=headers, app=app)


async def test_home_offers_both_seats_in_both_languages(app: web.Application) -> None:
    for language, first in (("en", "Ms. Lin"), ("zh-Hant-TW", "林老師")):
        response = await show_home(ask(app, f"/?lang={language}"))
        page = response.text or ""
        assert f'<html lang="{language}">' in page
        assert "/demo/lesson?seat=lin" in page
        assert "/demo/lesson?seat=ortega" in page
        assert first in page
        assert "臺灣一個班" in page
        assert "A class in Taiwan" in page
        assert response.cookies["lang"].value == language


@pytest.fixture(params=["--no-demo", "no lesson stored"])
def app_without_lesson(tmp_path: Path, request: pytest.FixtureRequest) -> web.Application:
    return make_app(tmp_path, is_demo=False) if request.param == "--no-demo" else make_app(tmp_path, None)


async def test_without_demo_data_there_is_no_seat(app_without_lesson: web.Application) -> None:
    response = await show_home(ask(app_without_lesson, "/"))
    assert "/demo/lesson" not in (response.text or "")
    with pytest.raises(NotFound):
        await show_demo_lesson(ask(app_without_lesson, "/demo/lesson?seat=lin"))


@pytest.mark.parametrize("query", ["", "?seat=", "?seat=nobody", "?seat=lin%00", "?seat=<script>"])
async def test_an_unknown_seat_is_not_found(app: web.Application, query: str) -> None:
    with pytest.raises(NotFound):
        await show_demo_lesson(ask(app, f"/demo/lesson{query}"))


async def test_the_lesson_page_carries_the_lesson_and_the_seats_language(app: web.Application) -> None:
    response = await show_demo_lesson(ask(app, "/demo/lesson?seat=lin"))
    page = response.text or ""
    assert '<html lang="zh-Hant-TW">' in page
    attribute = re.search(r' lesson="([^"]*)"', page)
    assert attribute is not None
    assert json.loads(unescape(attribute[1])) == demo_lesson_json(DEMO_LESSON)


EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def app_with_evil_lesson(tmp_path: Path) -> web.Application:
    title = LocalizedText(EVIL, EVIL)
    return make_app(tmp_path, DemoLesson(id="x", room="x", title=title, people=DEMO_LESSON.people))


async def test_texts_of_the_database_are_escaped(app_with_evil_lesson: web.Application) -> None:
    """The lesson's title carries what would run if a template forgot to escape."""
    response = await show_demo_lesson(ask(app_with_evil_lesson, "/demo/lesson?seat=lin"))
    assert "<script>alert" not in (response.text or "")
    assert "&lt;script&gt;" in (response.text or "")


async def test_no_page_has_inline_style_or_script(app: web.Application) -> None:
    """The content security policy would refuse them."""
    pages = [
        (await show_home(ask(app, "/"))).text,
        (await show_check(ask(app, "/check"))).text,
        (await show_demo_lesson(ask(app, "/demo/lesson?seat=lin"))).text,
        render_error(ask(app, "/nothing"), NotFound(ErrorCode.NOT_FOUND)).text,
    ]
    for page in pages:
        assert page is not None
        assert not re.search(r"\sstyle=|<style|\son\w+=", page)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


async def test_without_a_build_the_page_says_what_to_do(app: web.Application) -> None:
    response = await show_check(ask(app, "/check"))
    assert "./tongchuang serve" in (response.text or "")


@pytest.mark.parametrize("language", ["en", "zh-Hant-TW"])
def test_the_error_page_speaks_both_languages(app: web.Application, language: str) -> None:
    error = NotFound(ErrorCode.NOT_FOUND, "a detail for the log")
    response = render_error(ask(app, f"/nothing?lang={language}"), error)
    page = response.text or ""
    assert response.status == 404
    assert error.text.en in page
    assert error.text.zh in page
    assert "not_found" in page
    assert "a detail for the log" not in page


def test_an_error_before_the_pages_are_there_is_plain_text() -> None:
    response = render_error(ask(web.Application(), "/"), NotFound(ErrorCode.NOT_FOUND))
    assert response.status == 404
    assert response.content_type == "text/plain"
