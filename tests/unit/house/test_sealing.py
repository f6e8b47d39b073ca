"""Sealed words: back with the same key and place, and with nothing else; the seal shows nothing of the word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sealing import MARK, NotOurs, Seal

KEY = bytes(range(32))


@given(st.text(), st.text())
def test_a_word_comes_back_at_its_place_alone(word: str, place: str) -> None:
    sealed = Seal(KEY).close(word, place)
    assert Seal(KEY).open(sealed, place) == word
    with pytest.raises(NotOurs):
        Seal(KEY).open(sealed, place + "x")
    with pytest.raises(NotOurs):
        Seal(bytes(32)).open(sealed, place)


def test_the_same_word_is_sealed_differently_each_time() -> None:
    one, two = (Seal(KEY).close("https://calendar.example/needle.ics", "oc_1") for _ in range(2))
    assert one != two
    assert "needle" not in one + two


@pytest.mark.parametrize("broken", ["", MARK, MARK + "AAAA", MARK + "!", MARK + "é", "https://plain.example/x.ics"])
def test_what_is_damaged_or_was_never_sealed_is_refused_without_a_word(broken: str) -> None:
    with pytest.raises(NotOurs) as refused:
        Seal(KEY).open(broken, "oc_1")
    assert "example" not in str(refused.value)


def test_every_changed_character_is_noticed() -> None:
    # Two bits of the last character mean nothing, so that another one may read the same: "A" here.
    sealed = next(one for one in (Seal(KEY).close("word", "oc_1") for _ in range(10_000)) if one.endswith("A="))
    for index in range(len(MARK), len(sealed)):
        other = "A" if sealed[index] != "A" else "B"
        changed = sealed[:index] + other + sealed[index + 1 :]
        with pytest.raises(NotOurs):
            Seal(KEY).open(changed, "oc_1")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Seal(bytes(16))
