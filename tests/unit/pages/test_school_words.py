"""Words of school files in the reader's language: only whole names that are known, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from server.pages.school_words import school_word

CALENDARS = Path(__file__).resolve().parents[3] / "scheduler" / "data" / "calendars"


@pytest.mark.parametrize(
    ("name", "zh"),
    [
        ("Term 1", "第 1 學期"),
        ("semester 2", "第 2 學期"),
        ("P7", "第 7 節"),
        ("Winter  break", "寒假"),
        ("full", "全日"),
        ("Labor Day", "勞動節"),
        ("Christmas Day (observed)", "聖誕節（補假）"),
        ("Children's Day; Tomb-Sweeping Day", "兒童節、民族掃墓節"),
    ],
)
def test_known_words_in_chinese(name: str, zh: str) -> None:
    assert school_word(name, "zh-Hant-TW") == zh
    assert school_word(name, "en") == ""


@pytest.mark.parametrize(
    ("name", "en"),
    [
        ("第一學期", "Term 1"),
        ("第 3 節", "Period 3"),
        ("早自習", "Morning self-study"),
        ("中秋節", "Mid-Autumn Festival"),
        ("國慶日（補假）", "National Day (observed)"),
    ],
)
def test_known_words_in_english(name: str, en: str) -> None:
    assert school_word(name, "en") == en
    assert school_word(name, "zh-Hant-TW") == ""


@pytest.mark.parametrize(
    "name", ["", "Winter", "Winter break at home", "Term", "P12", "Founders' Term 1", "（補假）", "; "]
)
def test_nothing_is_guessed(name: str) -> None:
    assert (school_word(name, "en"), school_word(name, "zh-Hant-TW")) == ("", "")


def test_every_term_and_break_of_our_own_calendars_is_known() -> None:
    unknown = set()
    for path in CALENDARS.glob("*.yaml"):
        for year in yaml.safe_load(path.read_text("utf-8"))["years"]:
            for one in [*year.get("terms", []), *year.get("breaks", [])]:
                name = str(one.get("name") or "")
                if name and not school_word(name, "zh-Hant-TW") and not school_word(name, "en"):
                    unknown.add(name)
    assert unknown == set()
