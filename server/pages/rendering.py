"""Templates in two languages: one jinja2 environment per language, autoescaped, read when the app starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from server.pages.assets import Assets
from server.pages.catalogue import translate
from server.pages.language import LANGUAGES, Language, other_language
from server.pair import LocalizedText

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates"

# Names under which templates ask for a message; web/locales/update.py extracts exactly these.
GETTEXT_NAMES = ("_", "pair", "en", "zh")


class _Compiled(BytecodeCache):
    """Templates compiled once for both languages, which differ only in what is given to them: half of the start."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._code.get(bucket.key)) is not None:
            # Checks the source's checksum itself: a changed template is compiled anew.
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


# Name → (source, file, None: it never changes while we run), or None for no such template.
ReadTemplate = Callable[[str], tuple[str, str, None] | None]

# More than the catalogue has.
_MOST_WORDS = 4_096


class Renderer:
    """Templates are read when it is made, because reading files later would stop the event loop.

    Compiling all of them is a quarter of a start: each is compiled when it is first wanted, or by `compile_all`.
    """

    def __init__(self, catalogue: Mapping[str, str], assets: Assets, version: str) -> None:
        sources = {path.relative_to(TEMPLATES).as_posix(): path for path in sorted(TEMPLATES.rglob("*.html"))}
        texts = {name: (path.read_text("utf-8"), str(path), None) for name, path in sources.items()}
        self.names = tuple(texts)
        self._environments = {language: _environment(catalogue, language, texts.get) for language in LANGUAGES}
        for environment in self._environments.values():
            environment.globals.update(assets=assets, product_version=version)

    def compile_all(self) -> None:
        """For a thread beside the event loop, once the server answers. Raises TemplateError for a broken template."""
        for environment in self._environments.values():
            for name in self.names:
                environment.get_template(name)

    def render(self, template: str, language: Language, **values: Any) -> str:
        return self._environments[language].get_template(template).render(**values)


def _environment(catalogue: Mapping[str, str], language: Language, read: ReadTemplate) -> Environment:
    environment = Environment(
        loader=FunctionLoader(read),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=_COMPILED,
        cache_size=-1,  # every compiled template stays
        trim_blocks=True,
        lstrip_blocks=True,
    )
    other = other_language(language)
    say = partial(translate, catalogue)

    # The same words stand on every page; what people typed goes through `pair_of`.
    @lru_cache(maxsize=_MOST_WORDS)
    def pair(message: str) -> Markup:
        return _two_lines(language, say(language, message), other, say(other, message))

    def text(value: LocalizedText, tag: Language = language) -> str:
        return value.en if tag == "en" else value.zh

    def pair_of(value: LocalizedText) -> Markup:
        return _two_lines(language, text(value, language), other, text(value, other))

    environment.globals.update(
        _=partial(say, language),
        en=partial(say, "en"),
        zh=partial(say, "zh-Hant-TW"),
        pair=pair,
        text=text,
        pair_of=pair_of,
        language=language,
        other_language=other,
    )
    return environment


def _two_lines(first_tag: Language, first: str, second_tag: Language, second: str) -> Markup:
    """A word and its other-language word under it, each with its own `lang`."""
    line = Markup('<span class="word" lang="{}">{}</span>').format(first_tag, first)
    if second == first:
        return line
    return line + Markup('<span class="word-other" lang="{}">{}</span>').format(second_tag, second)
