"""The gettext catalogue of templates and TypeScript (web/locales): English is the source text, Chinese is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from babel.messages.pofile import read_po

from server.pages.language import Language

LOCALES = Path(__file__).resolve().parents[2] / "web" / "locales"


@lru_cache(maxsize=1)
def read_catalogue(path: Path = LOCALES / "zh_Hant_TW" / "LC_MESSAGES" / "messages.po") -> Mapping[str, str]:
    """Source text → Chinese, without fuzzy or empty entries. Read once: it does not change while we run."""
    with path.open("rb") as file:
        catalog = read_po(file, locale="zh_Hant_TW")
    words = {
        message.id: message.string
        for message in catalog
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string and not message.fuzzy
    }
    return MappingProxyType(words)


def translate(catalogue: Mapping[str, str], language: Language, message: str) -> str:
    return message if language == "en" else catalogue.get(message, message)
