"""What people type about people: cleaned, or refused with one reason. Pure. Unicode Annex 9 (direction), UTS 39."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from server.errors import ErrorCode, InvalidInput
from server.pair import LocalizedText

MAX_NAME = 120
MAX_LINE = 200
# RFC 5321 §4.5.3.1: 64 for the local part, 254 for the whole.
MAX_EMAIL = 254
# Three marks on one letter write Vietnamese and more; towers of them cover the lines around.
MAX_MARKS = 3

# Why ASCII only: addresses in other scripts look alike, and few servers carry them (RFC 6531).
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_SPACES = re.compile(r"\s+")


class TextProblem(StrEnum):
    """Why a text cannot be used."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    # lone surrogates, private or unassigned characters: what one side stores, the other cannot show
    UNREADABLE = "unreadable"
    CONTROL = "control"
    DIRECTION = "direction"
    INVISIBLE = "invisible"
    STACKED_MARKS = "stacked_marks"


_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Look like nothing, though Unicode calls them letters or marks: fillers, blank Braille, variation selectors, joiners.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}


def tidy(text: str) -> str:
    """NFC, one space between words, none around."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def problem_of(text: str, limit: int) -> TextProblem | None:
    """Of a tidied text; None when it can be used."""
    if not text:
        return TextProblem.EMPTY
    if len(text) > limit:
        return TextProblem.TOO_LONG
    marks = 0
    for character in text:
        problem = _problem_of_character(character)
        if problem is not None:
            return problem
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            return TextProblem.STACKED_MARKS
    return None


def _problem_of_character(character: str) -> TextProblem | None:
    if character in _DIRECTION:
        return TextProblem.DIRECTION
    if character in _BLANK:
        return TextProblem.INVISIBLE
    match unicodedata.category(character):
        case "Cc":
            return TextProblem.CONTROL
        case "Cf" | "Zl" | "Zp":
            return TextProblem.INVISIBLE
        case "Cs" | "Co" | "Cn":
            return TextProblem.UNREADABLE
        case _:
            return None


def clean_line(text: str, limit: int = MAX_LINE, *, may_be_empty: bool = False) -> str:
    """One line of text. Raises InvalidInput(TEXT_INVALID)."""
    tidied = tidy(text[: 4 * limit])
    problem = problem_of(tidied, limit)
    if problem is TextProblem.EMPTY and may_be_empty:
        return ""
    if problem is not None:
        raise InvalidInput(ErrorCode.TEXT_INVALID, str(problem))
    return tidied


def clean_name(name: LocalizedText, limit: int = MAX_NAME) -> LocalizedText:
    """Both languages; one given is good for both. Raises InvalidInput(TEXT_INVALID)."""
    en, zh = clean_line(name.en, limit, may_be_empty=True), clean_line(name.zh, limit, may_be_empty=True)
    if not en and not zh:
        raise InvalidInput(ErrorCode.TEXT_INVALID, str(TextProblem.EMPTY))
    return LocalizedText(en or zh, zh or en)


def clean_email(text: str) -> str:
    """As written, without spaces around. Raises InvalidInput(EMAIL_INVALID)."""
    stripped = text.strip()
    if len(stripped) > MAX_EMAIL or not _EMAIL.fullmatch(stripped):
        raise InvalidInput(ErrorCode.EMAIL_INVALID, "no e-mail address")
    return stripped


def email_key(email: str) -> str:
    """What two addresses are compared by. Also of things that are none: a sign-in form may hold anything."""
    return email.strip().lower()[:MAX_EMAIL].encode("utf-8", "replace").decode().replace("\x00", "?")


def is_storable(text: str) -> bool:
    """May be an id of ours, whatever a path or a cookie held; databases refuse some characters even in a question."""
    return 0 < len(text) <= 64 and text.isascii() and text.isprintable()
