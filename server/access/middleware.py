"""Finds out who is asking, before anything else happens; refuses what another site sent; sends visitors to sign in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.access.cookies import SEAT_COOKIE, SIGN_IN_COOKIE, token_of
from server.access.forgery import SAFE_METHODS, csrf_of, is_own_origin
from server.access.public import PROGRAM_PREFIXES
from server.access.viewer import Adult, Pupil, Viewer, Visitor
from server.errors import ErrorCode, Forbidden, Unauthorized
from server.http import PROGRAM_PATHS
from server.people import SignedIn

SIGN_IN_PATH = "/sign-in"
# Served to everybody alike: nobody is looked up for them.
_ANONYMOUS = ("/static/", "/healthz", "/readyz", "/metrics", *PROGRAM_PREFIXES)
# Longer ones are not ours, and would not fit a request line again.
MAX_NEXT = 1000

VIEWER: web.RequestKey[Viewer] = web.RequestKey("viewer", Viewer)  # type: ignore[arg-type]  # a union is no class
FindPupil = Callable[[str], Awaitable[Pupil | None]]


class SignIns(Protocol):
    """`AccountService`, as far as it is needed here."""

    async def find_by_token(self, token: str) -> SignedIn | None: ...


async def no_pupil(_: str) -> Pupil | None:
    """Until there is a classroom."""
    return None


class _NoSignIns:
    async def find_by_token(self, token: str) -> SignedIn | None:
        return None


def access_viewer_middleware(
    sign_ins: SignIns | None, *, find_pupil: FindPupil = no_pupil, public_url: str = ""
) -> Middleware:
    """Inside of the error middleware. `viewer_of(request)` answers after it."""
    own_url = public_url.rstrip("/")
    known = _NoSignIns() if sign_ins is None else sign_ins

    @web.middleware
    async def know(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in SAFE_METHODS and not request.path.startswith(PROGRAM_PREFIXES):
            cookies = SIGN_IN_COOKIE in request.cookies or SEAT_COOKIE in request.cookies
            if not is_own_origin(request.headers, request.host, own_url, has_cookies=cookies):
                raise Forbidden(ErrorCode.FORM_FOREIGN, "sent by another site")
        if not request.path.startswith(_ANONYMOUS):
            request[VIEWER] = await find_viewer(request, known, find_pupil)
        try:
            return await handler(request)
        except Unauthorized as error:
            if error.code is ErrorCode.SIGN_IN_NEEDED and _is_page(request):
                raise web.HTTPSeeOther(sign_in_url(request.path_qs)) from error
            raise

    return know


async def find_viewer(request: web.Request, sign_ins: SignIns, find_pupil: FindPupil) -> Viewer:
    """A signed-in adult first: a teacher who tries a pupil's card stays a teacher."""
    token = token_of(request, SIGN_IN_COOKIE)
    if token is not None and (signed_in := await sign_ins.find_by_token(token)) is not None:
        return Adult(account=signed_in.account, csrf=csrf_of(token))
    seat = token_of(request, SEAT_COOKIE)
    if seat is not None and (pupil := await find_pupil(seat)) is not None:
        return pupil
    return Visitor()


def viewer_of(request: web.BaseRequest) -> Viewer:
    """Who is asking; a visitor where nobody was looked up."""
    viewer: Viewer = request.get(VIEWER, Visitor())
    return viewer


def _is_page(request: web.Request) -> bool:
    return request.method in ("GET", "HEAD") and not request.path.startswith(PROGRAM_PATHS)


def sign_in_url(path: str) -> str:
    """Where to sign in, and to come back from."""
    back = own_path(path)
    return SIGN_IN_PATH if back in (None, "/") else f"{SIGN_IN_PATH}?next={quote(str(back), safe='/')}"


def own_path(text: str) -> str | None:
    r"""`text` when it is a path of this site, else None: `//x`, `/\x` and control characters lead elsewhere."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > MAX_NEXT:
        return None
    if any(character <= " " or character in "\\\x7f" for character in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if not parts.scheme and not parts.netloc else None
