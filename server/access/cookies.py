"""The two cookies that say who somebody is: a sign-in of an adult, a seat of a pupil. RFC 6265bis."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from server.addresses import is_loopback_host

SIGN_IN_COOKIE = "tc_sign_in"
SEAT_COOKIE = "tc_seat"
# Ours are 43 characters; a longer one is not looked up at all.
MAX_TOKEN = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiePolicy:
    """`is_tls`: people reach us by https. Then, and for every name that is not this machine, cookies are Secure."""

    is_tls: bool = False

    def set(self, request: web.Request, response: web.StreamResponse, name: str, value: str, max_age_s: int) -> None:
        """Why Lax: a link in a mail must find its reader signed in; unsafe requests of other sites carry no cookie."""
        response.set_cookie(
            name,
            value,
            max_age=max_age_s,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._is_secure(request),
        )

    def clear(self, request: web.Request, response: web.StreamResponse, name: str) -> None:
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self._is_secure(request))

    def _is_secure(self, request: web.Request) -> bool:
        return self.is_tls or request.secure or not is_loopback_host(urlsplit(f"//{request.host}").hostname or "")


def token_of(request: web.Request, name: str) -> str | None:
    """The cookie's value, when it can be one of ours at all."""
    value = request.cookies.get(name, "")
    return value if 0 < len(value) <= MAX_TOKEN and value.isascii() else None
