"""Fields that several forms of the people's pages share: a name in two languages, an address, a new password."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from server.pages.forms import Form, one_line, problem
from server.pages.language import Language
from server.pair import LocalizedText

ONE_NAME = LocalizedText("Please give the name in at least one language.", "請至少填寫一種語言的名稱。")
NOT_THE_SAME = LocalizedText("The two passwords are not the same.", "兩次輸入的密碼不同。")
NO_ADDRESS = LocalizedText("This is no e-mail address.", "這不是電子郵件地址。")
# What server.people asks for; said beside the field, before the form is sent.
SHORTEST_PASSWORD = 10


def _address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not at or not local or "." not in domain.strip(".") or any(character.isspace() for character in value):
        raise problem(NO_ADDRESS)
    return value


HalfName = Annotated[str, StringConstraints(max_length=80), AfterValidator(one_line)]
# 254: the longest address that mail can be sent to (RFC 5321 §4.5.3.1.3).
Address = Annotated[
    str, StringConstraints(min_length=1, max_length=254), AfterValidator(one_line), AfterValidator(_address)
]
# Why so long: a pass phrase may be; the limit only keeps a megabyte from the hash.
Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
NewPassword = Annotated[str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=1000)]


class TwoNames(Form):
    """A name in English, Chinese or both; what is missing is taken from the other."""

    name_en: HalfName = ""
    name_zh: HalfName = ""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not (self.name_en or self.name_zh):
            raise problem(ONE_NAME, field="name_en")
        return self

    @property
    def name(self) -> LocalizedText:
        return LocalizedText(self.name_en or self.name_zh, self.name_zh or self.name_en)


def two_names(name: LocalizedText) -> dict[str, str]:
    """Values of the two fields as a form first shows them: the same text twice is one name."""
    return {"name_en": name.en, "name_zh": "" if name.zh == name.en else name.zh}


class NewPasswordForm(Form, str_strip_whitespace=False):
    """Why not stripped: a space may belong to a password."""

    password: NewPassword
    again: Password

    @model_validator(mode="after")
    def _is_the_same(self) -> Self:
        if self.password != self.again:
            raise problem(NOT_THE_SAME, field="again")
        return self


class WithLanguage(TwoNames):
    language: Language
