"""Forms: pydantic's verdicts in the words of both languages, and what a browser may send by accident or on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Literal

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict

from server.errors import Conflict, ErrorCode
from server.pages import forms
from server.pages.form_parts import NOT_THE_SAME, ONE_NAME, Address, NewPasswordForm, TwoNames
from server.pages.forms import Filled, Form, Name, Text, fresh, read_form
from server.pair import LocalizedText


class Example(Form):
    name: Name
    day: date
    at: time | None = None
    count: int = 1
    side: Literal["tw", "us"] = "tw"
    roles: tuple[str, ...] = ()
    email: Address = "a@example.edu"
    words: Text = "…"


GOOD = {"name": "Ava", "day": "2026-11-22"}


async def _read(values: Mapping[str, str | list[str]]) -> Filled[Example]:
    request = make_mocked_request("POST", "/")
    pairs = [(name, one) for name, many in values.items() for one in ([many] if isinstance(many, str) else many)]
    request._post = MultiDict(pairs)  # type: ignore[assignment]  # as a body that was read before
    return await read_form(request, Example)


async def test_a_good_form() -> None:
    filled = await _read({**GOOD, "roles": ["teacher", "coordinator"], "csrf": "x", "at": " ", "count": ""})
    assert filled.parsed == Example(name="Ava", day=date(2026, 11, 22), roles=("teacher", "coordinator"))
    assert not filled.has_problems
    assert filled.chosen("roles") == ("teacher", "coordinator")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("name", "", forms.FILL_IN),
        ("name", " \t ", forms.FILL_IN),
        ("name", "x" * 81, LocalizedText("At most 80 characters, please.", "最多 80 個字元。")),
        ("name", "a\u202eb", forms.HIDDEN_CHARACTERS),
        ("name", "a\u200bb", forms.HIDDEN_CHARACTERS),
        ("name", "a\x00b", forms.HIDDEN_CHARACTERS),
        ("name", "a\nb", forms.HIDDEN_CHARACTERS),
        ("name", "a\ufffdb", forms.HIDDEN_CHARACTERS),
        ("name", "\ud800", forms.HIDDEN_CHARACTERS),
        ("day", "", forms.FILL_IN),
        ("day", "22 November", forms.DATE),
        ("day", "2026-13-01", forms.DATE),
        ("at", "25:00", forms.TIME),
        ("count", "many", forms.NUMBER),
        ("side", "mars", forms.CHOOSE),
        ("email", "nobody", LocalizedText("This is no e-mail address.", "這不是電子郵件地址。")),
        ("email", "a b@example.edu", LocalizedText("This is no e-mail address.", "這不是電子郵件地址。")),
        ("words", "one\u2028two", forms.HIDDEN_CHARACTERS),
    ],
)
async def test_each_wrong_field_is_told_in_both_languages(name: str, value: str, text: LocalizedText) -> None:
    filled = await _read({**GOOD, name: value})
    assert filled.parsed is None
    assert dict(filled.errors) == {name: text}
    assert text.en != text.zh
    assert filled.value(name) == value, "what was typed stays"


async def test_lines_of_both_kinds_are_one_kind() -> None:
    filled = await _read({**GOOD, "words": "one\r\ntwo"})
    assert filled.parsed is not None
    assert filled.parsed.words == "one\ntwo"


async def test_a_name_in_one_language_is_good_for_both() -> None:
    assert TwoNames(name_zh="晨光").name == LocalizedText("晨光", "晨光")
    request = make_mocked_request("POST", "/")
    request._post = MultiDict({"name_en": " "})  # type: ignore[assignment]  # as above
    assert dict((await read_form(request, TwoNames)).errors) == {"name_en": ONE_NAME}


@pytest.mark.parametrize(
    ("password", "again", "errors"),
    [
        ("  ten chars", "  ten chars", {}),
        ("ten chars  ", "ten chars", {"again": NOT_THE_SAME}),
        ("short", "short", {"password": LocalizedText("At least 10 characters, please.", "至少 10 個字元。")}),
    ],
)
async def test_a_space_belongs_to_a_password(password: str, again: str, errors: dict[str, LocalizedText]) -> None:
    request = make_mocked_request("POST", "/")
    request._post = MultiDict({"password": password, "again": again})  # type: ignore[assignment]  # as above
    assert dict((await read_form(request, NewPasswordForm)).errors) == errors


def test_a_form_refused_by_a_service_keeps_what_was_typed() -> None:
    form = fresh("p-", name="Ava", roles=["teacher"])
    refused = form.with_problem(Conflict(ErrorCode.CONFLICT))
    assert (refused.value("name"), refused.id_of("name"), refused.parsed) == ("Ava", "p-name", None)
    assert refused.problem is not None
    assert refused.problem.en != refused.problem.zh
    assert refused.with_error("name", forms.CHOOSE).first_error == "name"
