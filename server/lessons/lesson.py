"""What a lesson is: a live meeting of two sides, with the people who are expected in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Everything is a pair: Taiwan and the United States."""

    TAIWAN = "tw"
    UNITED_STATES = "us"


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """One text in both languages; on the wire under `en` and `zh-Hant-TW`."""

    en: str
    zh: str

    @property
    def both(self) -> str:
        """For places with room for one string only, as a LiveKit participant's name."""
        return f"{self.en} {self.zh}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    seat: str
    side: Side
    name: LocalizedText
    place: LocalizedText
    # IANA zone: local wall time is the stored truth, UTC is derived from it per date
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    id: str
    room: str
    title: LocalizedText
    is_always_live: bool
    people: tuple[Person, ...]

    def person_in(self, seat: str) -> Person | None:
        return next((person for person in self.people if person.seat == seat), None)
