"""HTML that a template draws once, with gaps that are filled many times.

Why: a page of hours has a hundred pieces that differ in a few words, and jinja2 takes as long for each of them as the
search does for its slot. The HTML stays where it is looked for, in the template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

# Private use characters (Unicode, "Private-Use Characters"): nobody's text has them, and escaping leaves them alone.
_OPEN, _CLOSE = "\ue000", "\ue001"
_GAP = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")


class Gaps:
    """What a macro is given in place of its values: every attribute is a gap of that name."""

    def __getattr__(self, name: str) -> Markup:
        if name.startswith("_"):
            # Jinja and Python look for methods of their own.
            raise AttributeError(name)
        return Markup(f"{_OPEN}{name}{_CLOSE}")  # noqa: S704 - two marks around an identifier of a template


class Stencil:
    """`macro`: one parameter, whose attributes it writes, and nothing else. What people typed goes into gaps."""

    __slots__ = ("_names", "_texts")

    def __init__(self, macro: Callable[[Gaps], str]) -> None:
        pieces = _GAP.split(str(macro(Gaps())))
        self._texts = pieces[0::2]
        self._names = pieces[1::2]

    def fill(self, **words: str) -> Markup:
        """Words are escaped, `Markup` is not. Raises KeyError for a gap without a word."""
        done = [self._texts[0]]
        for name, text in zip(self._names, self._texts[1:], strict=True):
            done.append(escape(words[name]))
            done.append(text)
        return Markup("".join(done))  # noqa: S704 - a template's own text, and words that are escaped


def joined(pieces: Iterable[Markup]) -> Markup:
    """One after the other. What `Markup.join` does, but for looking at each whether it has to be escaped."""
    return Markup("".join(pieces))  # noqa: S704 - pieces are Markup
