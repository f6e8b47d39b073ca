"""Routes under a right: `add_route` marks each with its Action, and a handler that never asked for it fails closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from server.access.action import Action
from server.access.decision import asked
from server.access.forgery import CSRF_FIELD, CSRF_HEADER, SAFE_METHODS, is_csrf
from server.access.middleware import viewer_of
from server.access.rules import RULES
from server.access.standing import Standing
from server.access.viewer import Adult, Visitor
from server.errors import ErrorCode, Forbidden, InvalidInput, Unauthorized

P = ParamSpec("P")
R = TypeVar("R")

_MARK = "tongchuang_action"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NeverAsked(RuntimeError):
    """A handler answered without asking for its right: a fault of ours, so nobody gets that answer."""


def protect(handler: Handler, action: Action) -> Handler:
    """For pages and the JSON API: no visitor, no forged form, and `authorise(…, action, …)` before any answer."""

    @wraps(handler)
    async def protected(request: web.Request) -> web.StreamResponse:
        viewer = viewer_of(request)
        if isinstance(viewer, Visitor) and Standing.VISITOR not in RULES[action].who:
            raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, str(action))
        if isinstance(viewer, Adult) and request.method not in SAFE_METHODS:
            await _check_form(request, viewer)
        return await must_ask(handler, action)(request)

    setattr(protected, _MARK, action)
    return protected


def must_ask(handler: Callable[P, Awaitable[R]], action: Action) -> Callable[P, Awaitable[R]]:
    """The same for any coroutine function, such as an event of the classroom. Raises NeverAsked; errors pass."""

    @wraps(handler)
    async def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        seen: set[Action] = set()
        token = asked.set(seen)
        try:
            answer = await handler(*args, **kwargs)
        except web.HTTPException as redirect:
            if redirect.status < 400 and action not in seen:
                raise NeverAsked(f"{handler!r} redirected without authorise({action})") from redirect
            raise
        finally:
            asked.reset(token)
        if action not in seen:
            raise NeverAsked(f"{handler!r} answered without authorise({action})")
        return answer

    setattr(watched, _MARK, action)
    return watched


def action_of(handler: object) -> Action | None:
    """The mark, for the test that walks all routes and events."""
    return getattr(handler, _MARK, None)


def add_route(app: web.Application, method: str, path: str, handler: Handler, action: Action) -> web.AbstractRoute:
    return app.router.add_route(method, path, protect(handler, action))


async def _check_form(request: web.Request, viewer: Adult) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.content_type in FORMS:
        try:
            field = (await request.post()).get(CSRF_FIELD)
        except (ValueError, LookupError, AssertionError) as error:
            # Not UTF-8, an unknown charset, a multipart body without a beginning: whoever sent it has no form of ours.
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "no form") from error
        given = field if isinstance(field, str) else None
    if given is None or not is_csrf(given, viewer.csrf):
        raise Forbidden(ErrorCode.FORM_FOREIGN, "no csrf word, or another's")
