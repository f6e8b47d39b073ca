"""What a school file should say instead: every code that is used has its words, in both languages alike."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import scheduler
from scheduler import SchoolFileError, parse_school
from scheduler.expected import _TEXTS, expected

_SOURCES = Path(scheduler.__file__).parent.glob("*.py")
_USED = {code for path in _SOURCES for code in re.findall(r'\bexpected\(\s*"(\w+)"', path.read_text("utf-8"))} | {
    "file_too_long",
    "zone_of_school",
}
FILE = """
school: s
name: {en: S, zh-Hant-TW: 校}
country: TW
region: Taipei
zone: Asia/Taipei
template: tw-elementary
calendar: tw-public
class_groups: []
"""


def test_every_code_that_is_used_is_in_the_table_and_no_other() -> None:
    assert set(_TEXTS) == _USED


@pytest.mark.parametrize("code", sorted(_TEXTS))
def test_both_languages_say_the_same_of_the_same_things(code: str) -> None:
    blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in _TEXTS[code]]
    assert blanks[0] == blanks[1]
    text = expected(code, **dict.fromkeys(blanks[0], "NEEDLE")).text
    assert re.search(r"[\u4e00-\u9fff]", text.zh)
    assert not re.search(r"[\u4e00-\u9fff]", text.en)
    assert ("NEEDLE" in text.en, "NEEDLE" in text.zh) == (bool(blanks[0]), bool(blanks[0]))


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        ("zone: Asia/Taipei", "zone: Asia/Taipeh", "zone", "IANA 時區"),
        ("region: Taipei", "regions: Taipei", "key_unknown", "沒有這個鍵"),
        ("region: Taipei", "region: ''", "string_too_short", "至少需要 1 個字元，而非 ''"),
        ("country: TW", "country: XX", "literal_error", "需要其中之一：'TW' or 'US'，而非 'XX'"),
        ("class_groups: []", "class_groups: none", "list_type", "需要清單"),
        ("template: tw-elementary", "template: {a: b", "file_yaml", "YAML"),
    ],
)
def test_a_file_is_answered_in_both_languages(before: str, after: str, code: str, words: str) -> None:
    with pytest.raises(SchoolFileError) as caught:
        parse_school(FILE.replace(before, after).encode(), "s.yaml")
    found = {one.what.code: one.what.text for one in caught.value.problems}
    assert words in found[code].zh
    assert {one.expected for one in caught.value.problems} == {text.en for text in found.values()}
