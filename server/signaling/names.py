"""Names, ids and free text from strangers: what may be stored and shown to others.

Refused are lone surrogates (they cannot be encoded), control characters and the directional overrides that let text
pretend to be other text (Unicode TR #36 §3.6). Lengths are in UTF-8 bytes, as on the wire.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from server.errors import ErrorCode, InvalidInput
from server.rooms.access_token import Claims

# Why 256: LiveKit's own limits for rooms and identities; twice a long full name in Chinese.
MAX_ROOM_NAME_BYTES = 256
MAX_IDENTITY_BYTES = 256
MAX_NAME_BYTES = 256
# Why 64 kB: LiveKit's limit for metadata, and for all attributes of a participant together.
MAX_METADATA_BYTES = 64_000
MAX_ATTRIBUTES_BYTES = 64_000
MAX_ATTRIBUTES = 256
MAX_TOPIC_BYTES = 256

# Explicit embeddings, overrides and isolates, and the invisible marks that only serve to hide a difference.
_DECEIVING = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2060\ufeff\u061c]")
# C0 and C1 controls and line separators; free text may hold tab and line ends.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"\s+")


def _size(text: str, code: ErrorCode, what: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput(code, f"{what} holds a lone surrogate") from None


def _check_size(text: str, limit: int, code: ErrorCode, what: str) -> None:
    # Why characters first: a 10 MB string need not be encoded to be too long.
    if len(text) > limit or _size(text, code, what) > limit:
        raise InvalidInput(code, f"{what} is longer than {limit} bytes")


def _check_id(text: str, limit: int, code: ErrorCode, what: str) -> str:
    """Ids are compared, not shown: nothing is cleaned away, what could mislead is refused."""
    _check_size(text, limit, code, what)
    if not text or text != text.strip():
        raise InvalidInput(code, f"{what} is empty or begins or ends with a space")
    if _CONTROL.search(text) or _DECEIVING.search(text):
        raise InvalidInput(code, f"{what} holds a control character")
    return text


def check_room_name(text: str) -> str:
    """`text` if it can name a room; raises InvalidInput (ROOM_NAME_INVALID)."""
    return _check_id(text, MAX_ROOM_NAME_BYTES, ErrorCode.ROOM_NAME_INVALID, "room name")


def check_identity(text: str) -> str:
    """`text` if it can be an identity; raises InvalidInput (IDENTITY_INVALID)."""
    return _check_id(text, MAX_IDENTITY_BYTES, ErrorCode.IDENTITY_INVALID, "identity")


def clean_name(text: str) -> str:
    """A display name made safe: overrides and controls removed, spaces collapsed, NFC. May become empty.

    Raises InvalidInput (NAME_INVALID) only for what cannot be mended: too long, or lone surrogates.
    """
    _check_size(text, MAX_NAME_BYTES, ErrorCode.NAME_INVALID, "name")
    visible = _CONTROL.sub("", _DECEIVING.sub("", _SPACES.sub(" ", text)))
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", visible)).strip()
    _check_size(text, MAX_NAME_BYTES, ErrorCode.NAME_INVALID, "name")
    return text


def check_metadata(text: str) -> str:
    """Opaque to us, often JSON: only size and encodability count; raises InvalidInput (METADATA_INVALID)."""
    _check_size(text, MAX_METADATA_BYTES, ErrorCode.METADATA_INVALID, "metadata")
    return text


def check_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Keys are ids, values opaque text; raises InvalidInput (ATTRIBUTES_INVALID)."""
    code = ErrorCode.ATTRIBUTES_INVALID
    if len(attributes) > MAX_ATTRIBUTES:
        raise InvalidInput(code, f"{len(attributes)} attributes are too many")
    total = 0
    for key, value in attributes.items():
        _check_id(key, MAX_IDENTITY_BYTES, code, "attribute key")
        _check_size(value, MAX_ATTRIBUTES_BYTES, code, "attribute")
        if _CONTROL_IN_TEXT.search(value):
            raise InvalidInput(code, "attribute holds a control character")
        total += _size(key, code, "attribute key") + _size(value, code, "attribute")
    if total > MAX_ATTRIBUTES_BYTES:
        raise InvalidInput(code, f"attributes are longer than {MAX_ATTRIBUTES_BYTES} bytes together")
    return dict(attributes)


def check_topic(text: str) -> str:
    """The topic of a data message; may be empty. Raises InvalidInput (TOPIC_INVALID)."""
    _check_size(text, MAX_TOPIC_BYTES, ErrorCode.TOPIC_INVALID, "topic")
    if _CONTROL.search(text):
        raise InvalidInput(ErrorCode.TOPIC_INVALID, "topic holds a control character")
    return text


def clean_claims(claims: Claims) -> Claims:
    """What a verified token says about a person, made fit to be shown to others.

    Whoever holds a key may still pass on what a form was given. Raises InvalidInput.
    """
    check_room_name(claims.grants.room)
    return replace(
        claims,
        identity=check_identity(claims.identity),
        name=clean_name(claims.name),
        metadata=check_metadata(claims.metadata),
        attributes=check_attributes(claims.attributes),
    )
