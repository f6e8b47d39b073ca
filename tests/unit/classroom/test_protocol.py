"""The protocol's models and its document say the same; nothing else is let through."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from server.classroom import HANDLERS
from server.classroom.codes import ALPHABET, code_hash, normal_code, written_code
from server.classroom.protocol import EVENTS, MAX_TEXT_CHARS, parse, parse_connect
from server.errors import ErrorCode, InvalidInput

DOCUMENT = (Path(__file__).parents[3] / "docs/protocol/classroom.md").read_text("utf-8")


def _documented() -> set[str]:
    table = DOCUMENT.split("## 3.")[1].split("## 4.")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_document_models_and_handlers_agree() -> None:
    assert _documented() == set(EVENTS) == set(HANDLERS)


def test_every_code_of_the_document_exists() -> None:
    line = DOCUMENT.split("Codes:")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", line))
    assert named <= {str(code) for code in ErrorCode}


def test_the_alphabet_of_the_document() -> None:
    assert ALPHABET in DOCUMENT
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set("01ILO") & set(ALPHABET)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("admit", {"people": ["pupil-st_demo_tw-chiayi-zhulin-112_01"]}),
        ("admit", {"people": ["screen-a"]}),
        ("mute", {"people": "everyone", "source": "camera"}),
        ("mute", {"people": ["pupil-st_1"], "source": "screen_share"}),
        ("permit_person", {"person": "pupil-st_1", "what": "chat", "allowed": None}),
        ("report", {"about": "pupil-st_demo_tw-chiayi-zhulin-112_01"}),
        ("report", {"about": "m12", "text": ""}),
        ("report", {"text": "help"}),
        ("chat_send", {"client_id": "a", "to": "leads", "text": "x" * MAX_TEXT_CHARS}),
        ("word_put", {"en": " window ", "zh": ""}),
        ("hand_lower", {}),
        ("sync", None),
    ],
)
def test_what_is_meant_is_understood(event: str, payload: Any) -> None:
    assert isinstance(parse(event, payload), EVENTS[event])


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("connect", {}),
        ("nonsense", {}),
        ("sync", []),
        ("sync", {"x": 1}),
        ("lock", {"locked": "true"}),
        ("lock", {"locked": 1}),
        ("admit", {"people": []}),
        ("admit", {"people": ["pupil-x"] * 101}),
        ("admit", {"people": ["pupil x"]}),
        ("admit", {"people": ["lin"]}),
        ("report", {}),
        ("report", {"text": "  "}),
        ("report", {"about": "m0"}),
        ("word_put", {"en": " ", "zh": ""}),
        ("word_put", {"en": "x" * 81, "zh": ""}),
        ("chat_send", {"client_id": "a", "to": "leads", "text": " \n "}),
        ("chat_send", {"client_id": "a", "to": "pupil-st_1", "text": "psst"}),
        ("chat_send", {"client_id": "a b", "to": "leads", "text": "x"}),
        ("chat_send", {"client_id": "a", "to": "leads", "text": "x\x00"}),
        ("chat_send", {"client_id": "a", "to": "leads", "text": "\udfff"}),
        ("chat_send", {"client_id": "a", "to": "leads", "text": 7}),
        ("permit_person", {"person": "pupil-st_1", "what": "chat"}),
        ("permit_person", {"person": "pupil-st_1", "what": "data", "allowed": True}),
    ],
)
def test_anything_else_is_refused(event: str, payload: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(event, payload)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_the_connection_names_its_lesson() -> None:
    assert parse_connect({"lesson": "le_1", "screen": "a"}).screen == "a"
    for bad in (None, {}, {"lesson": "../x"}, {"lesson": "le_1", "screen": "c"}, {"lesson": "le_1", "admin": True}):
        with pytest.raises(InvalidInput):
            parse_connect(bad)


def test_codes_are_normal_or_none() -> None:
    assert normal_code("abcd-2345") == normal_code("ＡＢＣＤ２３４５") == normal_code(" A B C D 2 3 4 5 ") == "ABCD2345"
    for bad in ("", "ABCD-234", "ABCD-23456", "ABCD-0123", "ABCD-IIII", "A" * 65, "ＡＢＣＤ 壹貳參肆"):
        assert normal_code(bad) is None
    assert written_code("ABCD2345") == "ABCD-2345"
    assert code_hash(b"a", "ABCD2345") != code_hash(b"b", "ABCD2345")
