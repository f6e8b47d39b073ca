"""Codes of pupils' cards: short enough to type, without look-alikes, kept only as a keyed hash. Pure.

31 characters to the power of 8 are 8.5 × 10¹¹ codes; at the rate that guesses are allowed (`server.classroom.joining`)
a school of a thousand cards is found once in some thousand years.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

# Without 0 O, 1 I L; what is left is told apart in every typeface of a printer.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
# A code with signs between every two characters is still typed in good faith; more is not.
_MAX_TYPED = 64


def normal_code(typed: str) -> str | None:
    """The eight characters of what somebody typed: either case, full width, with spaces and dashes; None otherwise."""
    if len(typed) > _MAX_TYPED:
        return None
    kept = [c for c in unicodedata.normalize("NFKC", typed).upper() if c.isalnum()]
    code = "".join(kept)
    return code if len(code) == LENGTH and all(c in ALPHABET for c in code) else None


def written_code(code: str) -> str:
    """As on the card: ABCD-2345."""
    return f"{code[:4]}-{code[4:]}"


def code_hash(secret: bytes, code: str) -> str:
    """HMAC-SHA256 (RFC 2104): a copy of the database alone gives no code back, short as they are."""
    return hmac.new(secret, code.encode(), hashlib.sha256).hexdigest()
