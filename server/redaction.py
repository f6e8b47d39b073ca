"""What must never reach a log: tokens, codes, secrets and join requests, wherever in a line they stand. Pure."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# Names whose value is secret, as a log key, a query parameter, a JSON key or a header.
SECRET_NAMES = (
    "access_token",
    "api_secret",
    "authorization",
    "code",
    "cookie",
    "ice_pwd",
    "join_request",
    "key_secret",
    "password",
    "secret",
    "set-cookie",
    "token",
)

_NAMES = "|".join(re.escape(name) for name in SECRET_NAMES)
_PATTERNS = (
    # A JSON Web Token: two base64url objects and a signature. Cut ones (header and part of the body) count too.
    re.compile(r"eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,2}"),
    # `Authorization: Bearer x`, `Basic x`
    re.compile(r"(?i)\b(?P<keep>bearer|basic)\s+(?!\[redacted)[^\s\"',;]+"),
    # ?access_token=x&…, token='x', "secret": "x", LIVEKIT_API_SECRET=x
    re.compile(
        rf"(?i)(?P<keep>[\"']?[\w.-]*(?:{_NAMES})[\"']?\s*[=:]\s*)(?!\[redacted)(?:(?P<quote>[\"'])[^\"']*[\"']|[^\s&\"',;}})\]]+)"
    ),
)


def is_secret_name(name: str) -> bool:
    """`access_token`, `livekit_api_secret` and the like; `error_code` and `status_code` are no secrets."""
    lowered = name.lower()
    if lowered.endswith("_code"):
        return False
    return any(lowered == secret or lowered.endswith(f"_{secret}") for secret in SECRET_NAMES)


def redact(text: str) -> str:
    """`text` with every secret in it replaced (twice is once); what names it stays readable."""
    for pattern in _PATTERNS:
        text = pattern.sub(_replace, text)
    return text


def _replace(match: re.Match[str]) -> str:
    keep = match.groupdict().get("keep") or ""
    if keep and keep.rstrip(" \t=:\"'").lower().endswith(("_code", "-code")):
        return match.group(0)
    quote = match.groupdict().get("quote") or ""
    return f"{keep} {REDACTED}" if keep.isalpha() else f"{keep}{quote}{REDACTED}{quote}"
