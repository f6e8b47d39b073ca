"""Who is asking: the peer, or what a trusted proxy says about it."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

# Whatever of these is there, a proxy stands between.
FORWARDED_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def is_forwarded(request: web.Request) -> bool:
    return any(name in request.headers for name in FORWARDED_HEADERS)


def client_address(request: web.Request, trusted_proxies: Collection[str]) -> str:
    """The last address of X-Forwarded-For that is no trusted proxy; earlier ones can be made up by the client."""
    address = request.remote or ""
    hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if hop.strip()]
    while address in trusted_proxies and hops:
        address = hops.pop()
    return address
