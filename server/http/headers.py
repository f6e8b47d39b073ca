"""Security headers of every answer: a strict content policy, no third party, cameras for this origin only.

Content Security Policy Level 3, Permissions Policy, RFC 6797 (HSTS).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

# Why: the Host header is the caller's text, and a `;` in it would start a directive of the caller's.
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
# Two years, the least that browsers' preload lists ask for is one.
_HSTS = "max-age=63072000"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderPolicy:
    """`connect_urls`: other origins that pages may talk to (an outside LiveKit server)."""

    is_tls: bool = False
    connect_urls: tuple[str, ...] = ()


def add_security_headers(app: web.Application, policy: HeaderPolicy) -> None:
    """On every answer as it is sent, also on files and on those that aiohttp makes itself."""

    async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", content_policy(request.host, policy))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault(
            "Permissions-Policy",
            "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), geolocation=()",
        )
        headers.setdefault("Cache-Control", "no-store")
        headers["Server"] = "Tongchuang"
        if policy.is_tls:
            headers.setdefault("Strict-Transport-Security", _HSTS)

    app.on_response_prepare.append(set_headers)


def content_policy(host: str, policy: HeaderPolicy) -> str:
    """Nothing but what is named. The WebSocket's origin stands beside 'self' for browsers older than CSP 3."""
    sockets = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
    connect = " ".join(["'self'", *sockets, *policy.connect_urls])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob: mediastream:",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            f"connect-src {connect}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
