"""The flash line: only our own sentences, whatever a cookie says."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.pages.flash import COOKIE, TEXTS, Flash, clear_flash, read_flash, set_flash


def _with(cookie: str) -> web.Request:
    return make_mocked_request("GET", "/", headers={"Cookie": f"{COOKIE}={cookie}"})


def test_every_message_has_both_languages() -> None:
    assert set(TEXTS) == set(Flash)
    assert all(text.en and text.zh and text.en != text.zh for text in TEXTS.values())
    assert all(("{count}" in text.en) == ("{count}" in text.zh) for text in TEXTS.values())


def test_it_is_told_once() -> None:
    response = web.Response()
    set_flash(response, Flash.NAMES_SAVED, 24, is_secure=True)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    request = _with(cookie.value)
    text = read_flash(request)
    assert text is not None
    assert ("24" in text.en, "24" in text.zh) == (True, True)
    clear_flash(request, response)
    assert str(response.cookies[COOKIE]["max-age"]) == "0"


@pytest.mark.parametrize(
    "cookie", ["", "saved", "saved.", "saved.-1", "saved.<b>", "you_won.1", "saved.99999999999999", "saved.１"]
)
def test_nothing_else_is_told(cookie: str) -> None:
    assert read_flash(make_mocked_request("GET", "/")) is None
    request = make_mocked_request("GET", "/")
    request._cache["cookies"] = {COOKIE: cookie}
    assert read_flash(request) is None
