"""Which language a visitor gets."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from server.pages.language import best_accepted, choose_language


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant-TW"),
        ("en-US,en;q=0.9,zh-TW;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.9", "zh-Hant-TW"),
        ("fr-FR, de", None),
        ("fr, zh-CN;q=0.1", "zh-Hant-TW"),  # any Chinese reader is better served by ours than by English
        ("en;q=0, zh;q=0.1", "zh-Hant-TW"),
        ("en;q=loud, zh;q=0.1", "zh-Hant-TW"),
        (",;=,", None),
        ("x" * 10_000, None),
    ],
)
def test_accept_language_is_read_by_quality(header: str, expected: str | None) -> None:
    assert best_accepted(header) == expected


@pytest.mark.parametrize(
    ("path", "cookie", "accept", "expected"),
    [
        ("/?lang=en", "lang=zh-Hant-TW", "zh-TW", "en"),
        ("/", "lang=en", "zh-TW", "en"),
        ("/?lang=klingon", "lang=alsono", "zh-TW", "zh-Hant-TW"),
        ("/", "", "", "en"),
    ],
)
def test_an_explicit_choice_goes_before_what_the_browser_asks(
    path: str, cookie: str, accept: str, expected: str
) -> None:
    request = make_mocked_request("GET", path, headers={"Cookie": cookie, "Accept-Language": accept})
    assert choose_language(request) == expected


def test_a_seat_speaks_its_own_language_until_somebody_chooses() -> None:
    plain = make_mocked_request("GET", "/", headers={"Accept-Language": "en"})
    chosen = make_mocked_request("GET", "/", headers={"Accept-Language": "zh", "Cookie": "lang=en"})
    assert choose_language(plain, "zh-Hant-TW") == "zh-Hant-TW"
    assert choose_language(chosen, "zh-Hant-TW") == "en"
