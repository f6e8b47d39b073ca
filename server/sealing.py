"""Words that must not stand in the database as they are: sealed with a key of the data folder (AES-256-GCM).

Each is bound to the place that it is for, so that a sealed word moved to another row opens nothing. Whoever reads the
database alone, a dump of it or a disk that was thrown away, learns nothing; whoever has the data folder has the key.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
# What is sealed says how, so that another way can come later, and a word from before can be told from it.
MARK = "sealed1:"
# The nonce length of GCM (NIST SP 800-38D §8.2.1); random ones are safe for some 2^32 words under one key.
_NONCE_BYTES = 12


class NotOurs(ValueError):
    """Sealed with another key, for another place, or damaged. Says nothing of the word."""


class Seal:
    """`key`: 32 bytes (`server.keys.kept_secret`)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key of {len(key)} bytes")
        self._cipher = AESGCM(key)

    def close(self, word: str, place: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, word.encode(), place.encode())
        return MARK + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Raises NotOurs."""
        try:
            text = sealed.removeprefix(MARK).encode()
            raw = base64.urlsafe_b64decode(text)
            if base64.urlsafe_b64encode(raw) != text:
                raise NotOurs("a character that Base64 does not look at")
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise NotOurs("sealed with another key, or damaged") from None
