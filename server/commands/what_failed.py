"""What a run of pytest failed on, in few lines: of a long log often only the end is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAX_LINES, _MAX_CHARS = 12, 300
_HEADING = re.compile(r"_{3,} (?P<test>.*\S) _{3,}")
# pytest marks so the sentence of an error, its notes and the values that were compared.
_ERROR = re.compile(r"E {3,}\S")
_SUMMARY = re.compile(r"(FAILED|ERROR) \S")


def what_failed(output: str) -> Iterator[str]:
    """Each failing test's name and the first lines of its error, then pytest's own list; nothing if all passed."""
    shown = 0
    for line in output.splitlines():
        if heading := _HEADING.fullmatch(line):
            yield heading["test"]
            shown = 0
        elif _ERROR.match(line):
            shown += 1
            if shown <= _MAX_LINES:
                yield line[:_MAX_CHARS]
        elif _SUMMARY.match(line):
            yield line[:_MAX_CHARS]
