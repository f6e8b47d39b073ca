"""Names and addresses as people type them, and as others craft them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ErrorCode, InvalidInput
from server.pair import LocalizedText
from server.people import clean_email, clean_line, clean_name
from server.people.text import TextProblem, email_key, is_storable, problem_of, tidy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("林老師", None),
        ("José Núñez-Smith O'Neil", None),
        ("ʻOkina Kaʻiulani", None),
        ("Nguyễn Thị Minh Khai", None),
        ("𠮷野家", None),
        ("Zoë 🌅", None),
        ("", TextProblem.EMPTY),
        ("x" * 41, TextProblem.TOO_LONG),
        ("Ms.\u202egnL", TextProblem.DIRECTION),
        ("Ms. Lin\u2066", TextProblem.DIRECTION),
        ("Lin\u200b", TextProblem.INVISIBLE),
        ("L\u00adin", TextProblem.INVISIBLE),
        ("\u3164", TextProblem.INVISIBLE),
        ("\u2800\u2800", TextProblem.INVISIBLE),
        ("Lin\ufe0f", TextProblem.INVISIBLE),
        ("\U000e0041dam", TextProblem.INVISIBLE),
        ("Lin\ud800", TextProblem.UNREADABLE),
        ("Lin\ue000", TextProblem.UNREADABLE),
        ("Lin\uffff", TextProblem.UNREADABLE),
        ("Lin\x00", TextProblem.CONTROL),
        ("Lin\x7f", TextProblem.CONTROL),
        ("Z" + "\u0335\u0321\u0353\u0317", TextProblem.STACKED_MARKS),
    ],
)
def test_what_can_be_used(text: str, problem: TextProblem | None) -> None:
    assert problem_of(tidy(text), 40) is problem


@given(st.text(max_size=60))
def test_a_cleaned_line_stays_as_it_is(text: str) -> None:
    try:
        cleaned = clean_line(text, 40)
    except InvalidInput:
        return
    assert clean_line(cleaned, 40) == cleaned == unicodedata.normalize("NFC", cleaned)
    assert 0 < len(cleaned) <= 40
    assert cleaned == cleaned.strip()
    assert all(unicodedata.category(character)[0] != "C" for character in cleaned)
    cleaned.encode()


def test_one_language_is_good_for_both() -> None:
    assert clean_name(LocalizedText(" Lin ", "")) == LocalizedText("Lin", "Lin")
    assert clean_name(LocalizedText("", "林")) == LocalizedText("林", "林")
    with pytest.raises(InvalidInput):
        clean_name(LocalizedText(" ", "\u3000"))


@pytest.mark.parametrize("email", ["a@b.cc", "First.Last+class@mail.school.edu.tw", " x'y@ex-ample.org "])
def test_addresses(email: str) -> None:
    assert clean_email(email) == email.strip()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "a@@b.cc",
        "a b@c.dd",
        "a@b.cc\nBcc: all@x.org",
        "a@b.cc\r\nX: y",
        "a@b.cc,c@d.ee",
        "<a@b.cc>",
        '"a"@b.cc',
        "a@b..cc",
        "а@b.cc",  # a Cyrillic letter that looks like ours
        "a@b.cc\u202e",
        "x" * 250 + "@b.cc",
        "x" * 65 + "@b.cc",
        "a@[127.0.0.1]",
    ],
)
def test_what_is_no_address(email: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_email(email)
    assert caught.value.code is ErrorCode.EMAIL_INVALID


@given(st.text(max_size=400))
def test_any_text_has_a_key_that_a_database_takes(text: str) -> None:
    key = email_key(text)
    assert "\x00" not in key
    key.encode()
    assert email_key(text.upper()) == email_key(text.upper().strip())


@pytest.mark.parametrize("text", ["", "\x00", "字", "\ud800", "x" * 65, "a\nb"])
def test_what_is_no_id(text: str) -> None:
    assert not is_storable(text)
