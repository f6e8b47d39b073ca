"""Rows of a form that grow and shrink without a script: numbered fields in, a button that adds or removes one. Pure.

A row's fields are `<kind><number>_<field>`; numbers need not be without gaps, because a row may have been removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.pair import LocalizedText

Errors = dict[str, LocalizedText]
Row = dict[str, str]

# Far beyond any school: a form of more is none of ours, and the length of a body is limited anyway.
_MOST_ROWS: Final = 500


def read_rows(values: Mapping[str, str], kind: str, fields: Sequence[str]) -> list[Row]:
    """In the order of their numbers, renumbered; `kind` as `d0_r` for the rows of day 0."""
    pattern = re.compile(rf"{re.escape(kind)}([0-9]{{1,4}})_({'|'.join(fields)})")
    numbers = {int(match[1]) for name in values if (match := pattern.fullmatch(name))}
    wanted = sorted(numbers)[:_MOST_ROWS]
    return [{one: values.get(f"{kind}{number}_{one}", "").strip() for one in fields} for number in wanted]


def is_empty(row: Row, but: Iterable[str] = ()) -> bool:
    """Nothing typed: passed over. `but`: choices, which always hold something."""
    ignored = set(but)
    return not any(value for name, value in row.items() if name not in ignored)


@dataclass(frozen=True, slots=True)
class Step:
    """What a button asked for: `verb` look, save, edit, add, remove, read, and of which rows."""

    verb: str
    kind: str = ""
    number: int = 0

    @classmethod
    def read(cls, value: str) -> Step:
        """`add:d0_r`, `remove:d0_r:3`, `look`; nonsense is `look`, which changes nothing."""
        match = re.fullmatch(r"(add|remove):([a-z][a-z0-9_]{0,11})(?::([0-9]{1,4}))?", value)
        if match is None:
            return cls(value if value in ("save", "edit", "read", "begin") else "look")
        return cls(match[1], match[2], int(match[3] or 0))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a template needs beside the draft: an error by field, and `fresh`, the field to go to."""

    errors: Mapping[str, LocalizedText] = field(default_factory=dict)
    fresh: str = ""

    def error(self, name: str) -> LocalizedText | None:
        return self.errors.get(name)

    @property
    def first_error(self) -> str | None:
        return next(iter(self.errors), None)
