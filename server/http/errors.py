"""From an exception to an answer, in one place: problem+json (RFC 9457) for programs, a bilingual page for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.errors import ErrorCode, InvalidInput, NotFound, TongchuangError
from server.http.shown_path import shown_path

log = structlog.get_logger("tongchuang.http")

# Paths whose callers are programs. LiveKit's own paths make their own answers and only pass here when those fail.
PROGRAM_PATHS = ("/api/", "/rtc", "//rtc", "/twirp/", "/webhooks/", "/metrics", "/healthz", "/readyz")
# Wait before another try, where the answer is "not now".
_RETRY_AFTER_S = {429: "10", 503: "2"}
_CODES = {
    400: ErrorCode.INVALID_REQUEST,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
    429: ErrorCode.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPages:
    """Handed in by the composition root: how a page looks and which language is asked for belong to the pages."""

    render: Callable[[web.Request, TongchuangError], web.Response]
    choose_language: Callable[[web.Request], str]


class _Plain(TongchuangError):
    """An error of the HTTP layer itself (no such route, wrong method …) under one of our codes."""

    def __init__(self, code: ErrorCode, status: int) -> None:
        super().__init__(code)
        self.status = status


def error_middleware(pages: ErrorPages) -> Middleware:
    """The outermost but one: nothing that a handler raises leaves as a traceback or as plain text."""

    @web.middleware
    async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except TongchuangError as error:
            if error.status >= 500:
                log.error("request_failed", error_code=str(error.code), detail=error.detail, path=shown_path(request))
            return _answer(request, error, pages)
        except web.HTTPException as http:
            if http.status < 400:
                raise
            answer = _answer(request, _Plain(_CODES.get(http.status, ErrorCode.INVALID_REQUEST), http.status), pages)
            if (allow := http.headers.get("Allow")) is not None:
                answer.headers["Allow"] = allow
            return answer
        except Exception:
            log.exception("request_crashed", path=shown_path(request))
            return _answer(request, TongchuangError(ErrorCode.INTERNAL), pages)

    return translate


def _answer(request: web.Request, error: TongchuangError, pages: ErrorPages) -> web.Response:
    if request.path.startswith(PROGRAM_PATHS):
        answer = problem(error, pages.choose_language(request))
    else:
        answer = pages.render(request, error)
    if (wait := _RETRY_AFTER_S.get(error.status)) is not None:
        answer.headers["Retry-After"] = wait
    return answer


def problem(error: TongchuangError, language: str) -> web.Response:
    """RFC 9457 with our stable `code` and both titles. `detail` stays in the log: it may quote what others sent."""
    titles = {"en": error.text.en, "zh-Hant-TW": error.text.zh}
    body: dict[str, object] = {
        "type": "about:blank",
        "title": titles.get(language, error.text.en),
        "status": error.status,
        "code": str(error.code),
        "titles": titles,
    }
    if isinstance(error, InvalidInput) and error.problems:
        body["problems"] = [dict(one) for one in error.problems]
    headers = {"Content-Language": language}
    return web.json_response(body, status=error.status, content_type="application/problem+json", headers=headers)


async def no_such_path(_: web.Request) -> web.StreamResponse:
    """For routes that exist in some modes only."""
    raise NotFound(ErrorCode.NOT_FOUND)
