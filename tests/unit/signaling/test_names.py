"""Names from strangers: cleaned where they can be, refused where they cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ErrorCode, InvalidInput
from server.rooms.access_token import Claims
from server.rooms.grants import VideoGrants
from server.signaling import names


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("林老師", "林老師"),
        ("  Ms.   Lin \n", "Ms. Lin"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u200bb\ufeffc", "abc"),
        ("e\u0301", "é"),
        ("👩\u200d🏫", "👩\u200d🏫"),
        ("\x00\x07", ""),
        ("", ""),
    ],
)
def test_names_are_cleaned(raw: str, clean: str) -> None:
    assert names.clean_name(raw) == clean


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (names.clean_name, ErrorCode.NAME_INVALID),
        (names.check_identity, ErrorCode.IDENTITY_INVALID),
        (names.check_room_name, ErrorCode.ROOM_NAME_INVALID),
        (names.check_topic, ErrorCode.TOPIC_INVALID),
        (names.check_metadata, ErrorCode.METADATA_INVALID),
    ],
)
@pytest.mark.parametrize("text", ["\ud800", "x" * 10_000_000, "字" * 30_000], ids=["surrogate", "10 MB", "90 kB"])
def test_what_cannot_be_mended_is_refused(check: Callable[[str], str], code: ErrorCode, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(text)
    assert caught.value.code is code
    assert text[:50] not in caught.value.detail


@pytest.mark.parametrize("text", ["", " a", "a ", "a\nb", "a\x00", "a\u202eb", "\u200b", "x" * 257, "字" * 86])
def test_ids_are_refused_not_cleaned(text: str) -> None:
    with pytest.raises(InvalidInput):
        names.check_identity(text)
    with pytest.raises(InvalidInput):
        names.check_room_name(text)


@pytest.mark.parametrize("text", ["lesson-1", "課堂 二年級", "x" * 256, "a@b.c"])
def test_good_ids_pass(text: str) -> None:
    assert names.check_identity(text) == text
    assert names.check_room_name(text) == text


def test_attributes() -> None:
    assert names.check_attributes({"lang": "zh", "gone": ""}) == {"lang": "zh", "gone": ""}


@pytest.mark.parametrize(
    "attributes",
    [
        {"": "x"},
        {"k": "\ud800"},
        {"\ud800": "v"},
        {"k": "\x00"},
        {"k": "x" * 64_001},
        {str(n): "x" * 1000 for n in range(65)},
        {str(n): "" for n in range(257)},
    ],
    ids=["empty key", "surrogate", "surrogate key", "control", "long value", "long together", "many"],
)
def test_bad_attributes(attributes: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        names.check_attributes(attributes)
    assert caught.value.code is ErrorCode.ATTRIBUTES_INVALID


def test_topic_may_be_empty_but_holds_no_controls() -> None:
    assert names.check_topic("") == ""
    with pytest.raises(InvalidInput):
        names.check_topic("a\r\nb")


@given(st.text(st.characters(), max_size=80))
def test_clean_names_are_clean(text: str) -> None:
    try:
        clean = names.clean_name(text)
    except InvalidInput:
        return
    assert names.clean_name(clean) == clean
    assert clean == "".join(clean.splitlines())
    assert not set(clean) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\x00\n\r")


def claims(**fields: str) -> Claims:
    room = fields.pop("room", "lesson")
    grants = VideoGrants(room=room, room_join=True)
    identity = fields.pop("identity", "lin")
    return Claims(key="k", identity=identity, grants=grants, expires_at=datetime.max.replace(tzinfo=UTC), **fields)  # type: ignore[arg-type]  # only texts are left


def test_claims_are_cleaned() -> None:
    cleaned = names.clean_claims(claims(name=" Ms.\u202e Lin "))
    assert cleaned.name == "Ms. Lin"


@pytest.mark.parametrize("fields", [{"room": "a\nb"}, {"identity": "x" * 300}, {"name": "x" * 300}])
def test_unfit_claims(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        names.clean_claims(claims(**fields))
