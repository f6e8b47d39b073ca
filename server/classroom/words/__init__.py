"""The lists of bad words, as data; read once when the app is put together."""

from __future__ import annotations

from importlib import resources


def read_words(name: str) -> tuple[str, ...]:
    """`en`, `phrases_en` or `zh`: the lines of that list, without comments."""
    text = resources.files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    return tuple(line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#"))
