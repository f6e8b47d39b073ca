"""What a lesson is: a live meeting of two sides, with the people who are expected in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from server.pair import LocalizedText, Side


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
