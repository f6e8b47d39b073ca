"""The table of errors is whole: both languages, one status per class, stable codes."""

from __future__ import annotations

import re

import pytest

from server.cli import sentence
from server.errors import TEXTS, ErrorCode, TongchuangError, Unavailable


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_a_sentence_in_both_languages(code: ErrorCode) -> None:
    text = TEXTS[code]
    assert text.en.endswith((".", "!", "?"))
    assert text.zh.endswith(("。", "！", "？"))
    assert re.search(r"[\u4e00-\u9fff]", text.zh)
    assert not re.search(r"[\u4e00-\u9fff]", text.en)


def test_no_text_without_a_code() -> None:
    assert set(TEXTS) == set(ErrorCode)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_codes_are_lower_snake_case(code: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
    assert code == code.name.lower()


def test_every_class_has_a_status_of_its_own() -> None:
    statuses = [error.status for error in TongchuangError.__subclasses__() if error.__module__ == "server.errors"]
    assert len(set(statuses)) == len(statuses)
    assert all(400 <= status < 600 for status in statuses)


def test_a_failure_on_the_command_line_is_one_sentence() -> None:
    assert sentence(Unavailable(ErrorCode.PORT_TAKEN, "127.0.0.1\nport 8080")) == (
        "Another program already uses this port: 127.0.0.1 port 8080."
    )
    assert sentence(Unavailable(ErrorCode.PORT_TAKEN)) == "Another program already uses this port."
