"""Secrets that a person or a browser holds: 32 random bytes outside, their SHA-256 in the database."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """43 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """Why no salt and no slow hash: 256 random bits cannot be guessed, and it is looked up by this value."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
