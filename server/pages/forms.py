"""Forms of the staff pages: parsed by pydantic, with one error per field in both languages, keeping what was typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, TypeVar, get_origin

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from server.errors import ErrorCode, InvalidInput, TongchuangError
from server.pair import LocalizedText

# An upload of a class list is some kilobytes; the app's own limit for a body stands above it.
MAX_UPLOAD_BYTES: Final = 200_000

FILL_IN: Final = LocalizedText("Please fill this in.", "請填寫這一欄。")
CHOOSE: Final = LocalizedText("Please choose one of these.", "請從選項中選擇。")
DATE: Final = LocalizedText("Please give a date, such as 2026-11-22.", "請填寫日期，例如 2026-11-22。")
TIME: Final = LocalizedText("Please give a time, such as 09:30.", "請填寫時間，例如 09:30。")
NUMBER: Final = LocalizedText("Please give a whole number.", "請填寫整數。")
HIDDEN_CHARACTERS: Final = LocalizedText(
    "There is a hidden or unreadable character in it. Please type it again.",
    "內容含有隱藏或無法辨識的字元，請重新輸入。",
)
NOT_USABLE: Final = LocalizedText("This cannot be used. Please check it.", "這個內容無法使用，請檢查。")


class Form(BaseModel):
    """Root of all forms. Buttons and the forgery token travel beside the fields, so others are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


def problem(text: LocalizedText, field: str = "") -> PydanticCustomError:
    """What a validator raises to say something of its own. `field`: beside which one, when the whole form is judged."""
    return PydanticCustomError("problem", "a problem of its own", {"en": text.en, "zh": text.zh, "field": field})


def empty_is_none(value: object) -> object:
    """Before a field is read: left empty, it says nothing."""
    return None if value == "" else value


def _is_hidden(character: str) -> bool:
    # Cc control, Cf bidi overrides and zero-width, Cs lone surrogates, Co private use, Zl/Zp line separators;
    # U+FFFD is what a decoder puts where bytes made no sense.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or character == "\ufffd"


def one_line(value: str) -> str:
    """Refuses what could hide or turn around text: controls, bidi overrides, zero-width, lone surrogates."""
    if any(map(_is_hidden, value)):
        raise problem(HIDDEN_CHARACTERS)
    return value


def _lines(value: str) -> str:
    if any(_is_hidden(character) for character in value if character not in "\r\n\t"):
        raise problem(HIDDEN_CHARACTERS)
    return value.replace("\r\n", "\n")


# A name of a person, school or class; a note that may be empty; several lines.
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(one_line)]
Note = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_lines)]

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(Generic[F]):
    """A form as a page draws it: typed values, an error per field, and the parsed form when there was no error.

    `prefix` keeps element ids apart when a page holds several forms. `problem` concerns the form as a whole.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, LocalizedText] = field(default_factory=dict)
    problem: LocalizedText | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    parsed: F | None = None
    prefix: str = ""

    @property
    def has_problems(self) -> bool:
        return bool(self.errors) or self.problem is not None

    @property
    def first_error(self) -> str | None:
        return next(iter(self.errors), None)

    def value(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def chosen(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def error(self, name: str) -> LocalizedText | None:
        return self.errors.get(name)

    def id_of(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def with_error(self, name: str, text: LocalizedText) -> Filled[F]:
        """The same form, refused by a service for this field."""
        return Filled(
            values=self.values, errors={**self.errors, name: text}, problem=self.problem, files=self.files,
            prefix=self.prefix,
        )  # fmt: skip

    def with_problem(self, problem: LocalizedText | TongchuangError) -> Filled[F]:
        """The same form, refused by a service as a whole."""
        text = LocalizedText(problem.text.en, problem.text.zh) if isinstance(problem, TongchuangError) else problem
        return Filled(values=self.values, errors=self.errors, problem=text, files=self.files, prefix=self.prefix)


def fresh(prefix: str = "", **values: str | Iterable[str] | None) -> Filled[Any]:
    """A form as it is first shown, with what is already known."""
    known = {name: value for name, value in values.items() if value is not None}
    return Filled(
        values={name: (value,) if isinstance(value, str) else tuple(value) for name, value in known.items()},
        prefix=prefix,
    )


async def read_form(request: web.Request, model: type[F], prefix: str = "") -> Filled[F]:
    """What the browser sent: `.parsed` is None when a field has an error. Never raises for a wrong field.

    Raises InvalidInput when the body is no form at all.
    """
    typed, files = await _posted(request)
    given: dict[str, object] = {}
    for name, info in model.model_fields.items():
        values = typed.get(name, ())
        if get_origin(info.annotation) in (tuple, list, frozenset, set):
            given[name] = values
        elif values and (values[0].strip() or info.is_required()):
            given[name] = values[0]
    try:
        parsed = model.model_validate(given)
    except ValidationError as error:
        found: dict[str, LocalizedText] = {}
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else str(detail.get("ctx", {}).get("field", ""))
            found.setdefault(name, text_of(detail))
        whole = found.pop("", None)
        return Filled(values=typed, errors=found, problem=whole, files=files, prefix=prefix)
    return Filled(values=typed, files=files, parsed=parsed, prefix=prefix)


async def _posted(request: web.Request) -> tuple[dict[str, tuple[str, ...]], dict[str, bytes]]:
    try:
        posted = await request.post()
    except (ValueError, LookupError, AssertionError) as error:  # not UTF-8, an unknown charset, a broken multipart body
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "no form") from error
    values: dict[str, tuple[str, ...]] = {}
    files: dict[str, bytes] = {}
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            files[name] = value.file.read(MAX_UPLOAD_BYTES + 1)
        elif isinstance(value, str):
            values[name] = (*values.get(name, ()), value)
    return values, files


def text_of(detail: ErrorDetails) -> LocalizedText:
    """pydantic's error in words that a teacher understands."""
    kind, context = detail["type"], detail.get("ctx", {})
    given = detail.get("input")
    if kind == "problem":
        return LocalizedText(str(context["en"]), str(context["zh"]))
    if kind == "missing" or given == "" or (isinstance(given, str) and not given.strip()):
        return FILL_IN
    if kind == "string_unicode":
        return HIDDEN_CHARACTERS
    if kind == "string_too_long":
        longest = context["max_length"]
        return LocalizedText(f"At most {longest} characters, please.", f"最多 {longest} 個字元。")
    if kind == "string_too_short":
        shortest = context["min_length"]
        return LocalizedText(f"At least {shortest} characters, please.", f"至少 {shortest} 個字元。")
    if kind in {"enum", "literal_error", "too_short"}:
        return CHOOSE
    if kind.startswith("date"):
        return DATE
    if kind.startswith("time"):
        return TIME
    if kind.startswith(("int", "greater", "less")):
        return NUMBER
    return NOT_USABLE
