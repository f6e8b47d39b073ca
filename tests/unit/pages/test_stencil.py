"""A stencil writes what its template would, escapes what comes from people, and misses no gap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from server.pages.stencil import Stencil

SOURCE = '{% macro row(w) %}<a href="{{ w.link }}">{{ w.mark }} {{ w.name }}</a>{{ w.name }}{% endmacro %}'
ROW = Environment(autoescape=True).from_string(SOURCE).module.row  # type: ignore[attr-defined]  # a template's macro


class Words:
    def __init__(self, **words: str) -> None:
        self.__dict__.update(words)


@given(link=st.text(), name=st.text())
def test_a_stencil_writes_what_its_macro_would(link: str, name: str) -> None:
    mark = Markup("<svg></svg>")
    assert Stencil(ROW).fill(link=link, name=name, mark=mark) == ROW(Words(link=link, name=name, mark=mark))


def test_words_are_escaped_and_markup_is_not() -> None:
    drawn = Stencil(ROW).fill(link='"><script>', name="<b>", mark=Markup("<i></i>"))
    assert drawn == '<a href="&#34;&gt;&lt;script&gt;"><i></i> &lt;b&gt;</a>&lt;b&gt;'


def test_a_gap_without_a_word_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        Stencil(ROW).fill(link="/", mark="")


def test_text_cannot_open_a_gap_of_its_own() -> None:
    """What is filled in is not looked through again."""
    drawn = Stencil(ROW).fill(link="/", mark="\ue000name\ue001", name="needle")
    assert drawn.count("needle") == 2
