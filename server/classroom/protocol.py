"""What may come from a browser over Socket.IO: one closed model per event (docs/protocol/classroom.md §3)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from server.errors import ErrorCode, InvalidInput

# The longest message to everybody: a paragraph, also of a fast writer; beyond it a pupil floods the column.
MAX_TEXT_CHARS = 1000
# More than any class of two schools has people.
MAX_PEOPLE = 100
# Socket.IO's frame: 1000 characters of four bytes each, escaped as JSON `\uXXXX` pairs, and the envelope.
MAX_MESSAGE_BYTES = 16 * 1024

Person = Annotated[str, StringConstraints(pattern=r"^(adult|pupil|screen)-[A-Za-z0-9_-]{1,64}$", max_length=80)]
MessageId = Annotated[str, StringConstraints(pattern=r"^m[1-9][0-9]{0,9}$")]
WordId = Annotated[str, StringConstraints(pattern=r"^w[1-9][0-9]{0,9}$")]
Source = Literal["microphone", "camera", "screen_share"]
What = Literal["chat", "microphone", "camera", "screen_share"]
SideKey = Literal["a", "b"]


def _is_text(value: str) -> bool:
    """Storable in every database: no NUL, no lone surrogates."""
    return "\x00" not in value and not any(0xD800 <= ord(character) <= 0xDFFF for character in value)


class Payload(BaseModel):
    """Closed and strict: an unknown field, or a number where text stands, is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="after")
    def _has_storable_text(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, str) and not _is_text(value):
                raise ValueError(f"{name} holds characters that no text has")
        return self


_P = TypeVar("_P", bound=Payload)


class Connect(Payload):
    """The `auth` object of the connection itself."""

    lesson: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    companion: bool = False
    screen: SideKey | None = None


class Nothing(Payload):
    """For events that need no words."""


class ChatSend(Payload):
    client_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    to: Literal["everyone", "leads", "between_leads"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_CHARS)]

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip():
            raise ValueError("text is empty")
        return self


class MessageChosen(Payload):
    message: MessageId


class HandLower(Payload):
    person: Person | None = None


class React(Payload):
    kind: Literal["clap", "heart", "laugh", "yes", "no", "wow"]


class WordPut(Payload):
    word: WordId | None = None
    en: Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)]
    zh: Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)]
    note: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""

    @model_validator(mode="after")
    def _is_a_word(self) -> Self:
        if not (self.en or self.zh):
            raise ValueError("a word needs one language at least")
        return self


class WordChosen(Payload):
    word: WordId


class Admit(Payload):
    people: Annotated[list[Person], Field(min_length=1, max_length=MAX_PEOPLE)]


class AdmitAll(Payload):
    side: SideKey | None = None


class PersonChosen(Payload):
    person: Person


class Mute(Payload):
    people: Annotated[list[Person], Field(min_length=1, max_length=MAX_PEOPLE)] | Literal["pupils", "everyone"]
    source: Source


class AskUnmute(Payload):
    person: Person
    source: Source


class Lock(Payload):
    locked: bool


class Permit(Payload):
    what: What
    allowed: bool


class PermitPerson(Payload):
    person: Person
    what: What
    allowed: bool | None


class SetMode(Payload):
    side: SideKey
    mode: Literal["individual", "class_to_class"]


class HandOver(Payload):
    to: Person


class Report(Payload):
    about: Person | MessageId | None = None
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)] = ""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.about is None and not self.text.strip():
            raise ValueError("a report needs somebody, a message or words")
        return self


EVENTS: Final[dict[str, type[Payload]]] = {
    "chat_send": ChatSend,
    "chat_release": MessageChosen,
    "chat_discard": MessageChosen,
    "hand_raise": Nothing,
    "hand_lower": HandLower,
    "hands_clear": Nothing,
    "react": React,
    "word_put": WordPut,
    "word_remove": WordChosen,
    "admit": Admit,
    "admit_all": AdmitAll,
    "refuse": PersonChosen,
    "mute": Mute,
    "ask_unmute": AskUnmute,
    "remove": PersonChosen,
    "lock": Lock,
    "permit": Permit,
    "permit_person": PermitPerson,
    "set_mode": SetMode,
    "hand_over": HandOver,
    "report": Report,
    "start": Nothing,
    "end": Nothing,
    "sync": Nothing,
}


def parse(event: str, data: Any) -> Payload:
    """Raises InvalidInput(INVALID_REQUEST), never another error, whatever came."""
    model = EVENTS.get(event)
    if model is None:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "no such event")
    return _validated(model, {} if data is None else data)


def parse_connect(data: Any) -> Connect:
    """The connection's `auth`. Raises InvalidInput."""
    return _validated(Connect, data)


def _validated(model: type[_P], data: Any) -> _P:
    try:
        return model.model_validate(data)
    except (ValidationError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            where = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise InvalidInput(ErrorCode.INVALID_REQUEST, f"{model.__name__}: {where}"[:200]) from None
