"""Requests that another site makes a browser send: told by where they come from, and by a word only our pages know.

Fetch Metadata (Sec-Fetch-Site), RFC 6454 (Origin). A sign-in cookie is SameSite=Lax on top of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
# RFC 6454 §6.2, of the schemes that pages have.
_ORIGIN = re.compile(r"https?://((?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)/?")


def csrf_of(sign_in_token: str) -> str:
    """The word of one sign-in: nobody can make it without the cookie, and it does not lead back to the cookie."""
    return hashlib.sha256(b"csrf:" + sign_in_token.encode("utf-8", "replace")).hexdigest()[:43]


def is_csrf(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def is_own_origin(headers: Mapping[str, str], host: str, public_url: str, *, has_cookies: bool) -> bool:
    """Did one of our own pages send this? `host`: the Host header.

    Browsers say so by themselves on every unsafe request and every WebSocket. Who says nothing is no browser: believed
    only without cookies, because then there is nothing to misuse.
    """
    if (site := headers.get("Sec-Fetch-Site")) is not None:
        return site in ("same-origin", "none")
    if (origin := headers.get("Origin")) is None:
        return not has_cookies
    place = _place(origin)
    return place != "" and (place == host.lower() or origin.rstrip("/") == public_url)


def _place(origin: str) -> str:
    """`host:port` as a Host header has it; "" for `null` and for what is no origin."""
    match = _ORIGIN.fullmatch(origin.lower())
    return match[1] if match else ""
