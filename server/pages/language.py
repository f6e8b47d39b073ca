"""Which language a visitor reads: an explicit choice first, then what the browser asks for (RFC 9110 §12.5.4)."""

from __future__ import annotations

from typing import Final, Literal

from aiohttp import web

Language = Literal["en", "zh-Hant-TW"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-Hant-TW")
COOKIE: Final = "lang"
COOKIE_MAX_AGE_S: Final = 31_536_000  # a year: a visitor chooses once


def other_language(language: Language) -> Language:
    return "zh-Hant-TW" if language == "en" else "en"


def parse_language(tag: str | None) -> Language | None:
    """One of our two tags, exactly."""
    return next((language for language in LANGUAGES if language == tag), None)


def best_accepted(header: str) -> Language | None:
    """The first of our languages by quality. Every kind of Chinese is better served by ours than by English."""
    ranked: list[tuple[float, int, Language]] = []
    for position, item in enumerate(header.split(",")[:20]):  # a browser sends a handful; more is noise
        tag, _, parameter = item.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        language: Language | None = {"zh": "zh-Hant-TW", "en": "en"}.get(primary)  # type: ignore[assignment]  # dict of literals widens to str
        quality = _quality(parameter)
        if language is not None and quality > 0:
            ranked.append((-quality, position, language))
    return min(ranked)[2] if ranked else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def choose_language(request: web.BaseRequest, preferred: Language | None = None) -> Language:
    """The first that speaks: `?lang=`, the cookie, `preferred` (a seat's own), Accept-Language, English."""
    return (
        parse_language(request.query.get("lang"))
        or parse_language(request.cookies.get(COOKIE))
        or preferred
        or best_accepted(request.headers.get("Accept-Language", ""))
        or "en"
    )


def remember_choice(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Keeps an explicit `?lang=` for the next pages; works without JavaScript."""
    chosen = parse_language(request.query.get("lang"))
    if chosen is not None:
        response.set_cookie(COOKIE, chosen, max_age=COOKIE_MAX_AGE_S, path="/", samesite="Lax", secure=request.secure)
