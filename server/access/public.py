"""Routes that need no right, each with its reason. Everything else has an Action; a test walks the application."""

from __future__ import annotations

from collections.abc import Mapping

# Canonical path of the resource, as the router has it → why everybody may.
PUBLIC: Mapping[str, str] = {
    "/": "the home page; what it shows of a viewer is the viewer's own",
    "/check": "the self-check, before anybody is anybody",
    "/demo/lesson": "fictional people; only in demo mode",
    "/api/v1/demo/lesson": "fictional people; only in demo mode",
    "/api/v1/demo/lesson/token": "a token for the demo room only; limited per address",
    "/api/v1/check/token": "a token for a throw-away room; limited per address",
    "/api/v1/openapi.json": "a document",
    "/static": "built files",
    "/healthz": "for machines; says nothing of people",
    "/readyz": "for machines; says nothing of people",
    "/metrics": "has its own token, or loopback only",
    "/sign-in": "how one becomes somebody; limited per address and per account",
    "/demo/sign-in": "demo accounts; only in demo mode",
    "/set-up/{token}": "the one-time token is the right",
    "/invitation/{token}": "the one-time token is the right",
    "/reset": "tells nothing; limited per address",
    "/reset/{token}": "the one-time token is the right",
    "/join": "how a pupil comes in; a wrong code tells nothing; limited per address and in all",
    "/join/{code}": "the form with the code of a card filled in; nothing is looked up",
    "/answer/{token}": "the one-time token of a mail is the right; what it may do is asked of the account behind it",
    "/answer/{token}/reply": "as /answer/{token}, with the answer in a file",
    "/calendar/{token}.ics": "the private address is the right; its owner ends it",
    "/webhooks/livekit": "signed by the media server with the key of the tokens",
}

# The media server's own interface, which checks LiveKit tokens itself; `HEAD /` belongs to it as well.
PUBLIC_PREFIXES: Mapping[str, str] = {
    "/rtc": "LiveKit's signalling: every request has its own access token",
    "//rtc": "as /rtc; some clients double the slash",
    "/twirp/": "LiveKit's server API: every request has its own admin token",
    "/socket.io": "the classroom's transport: `room.connect` and every event have an Action of their own",
}

# Unsafe requests of programs, which send no Origin and whose right is no cookie.
PROGRAM_PREFIXES = ("/rtc", "//rtc", "/twirp/", "/webhooks/")


def is_public(canonical: str) -> bool:
    return canonical in PUBLIC or canonical.startswith(tuple(PUBLIC_PREFIXES))
