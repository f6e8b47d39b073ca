"""The 24 schools of the scheduler's demo data with what a timetable does not say: places, teachers, pupils.

Every school, teacher and pupil is made up. Why the table is repeated here: reading 24 school files takes seconds, the
product must be ready sooner; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.pair import LocalizedText, Side

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTeacher:
    """`key` is the part of the e-mail address before the @ and of the account's id."""

    key: str
    name: LocalizedText
    is_coordinator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSchool:
    """One school with one class group; the first teacher leads it."""

    id: str
    name: LocalizedText
    place: LocalizedText
    zone: str
    group_id: str
    group_name: LocalizedText
    grade: str
    size: int
    teachers: tuple[DemoTeacher, ...]

    @property
    def side(self) -> Side:
        return Side.TAIWAN if self.id.startswith("tw-") else Side.UNITED_STATES

    @property
    def lead(self) -> DemoTeacher:
        return self.teachers[0]

    @property
    def mail_domain(self) -> str:
        """`.example` is reserved (RFC 2606): no mail ever leaves for it."""
        return f"{self.id.rsplit('-', 1)[-1]}.example"

    def pupils(self) -> tuple[str, ...]:
        """Given names only (rule C2), the same at every start, none twice in a class."""
        pool = _TAIWAN_NAMES if self.side is Side.TAIWAN else _US_NAMES
        first = sum(self.id.encode()) % len(pool)
        return tuple(pool[(first + number) % len(pool)] for number in range(self.size))


def _teacher(key: str, en: str, zh: str, *, is_coordinator: bool = False) -> DemoTeacher:
    return DemoTeacher(key=key, name=LocalizedText(en, zh), is_coordinator=is_coordinator)


def _read(name: str) -> list[str]:
    return (_FOLDER / name).read_text("utf-8").splitlines()


def _schools() -> Iterator[DemoSchool]:
    for row in _read("schools.txt"):
        if row.startswith("#"):
            continue
        cells = [cell.strip() for cell in row.split("|")]
        school, en, zh, place_en, place_zh, zone, group, group_en, group_zh, grade, size, key, lead_en, lead_zh = cells
        yield DemoSchool(
            id=school,
            name=LocalizedText(en, zh),
            place=LocalizedText(place_en, place_zh),
            zone=zone,
            group_id=f"{school}-{group}",
            group_name=LocalizedText(group_en, group_zh),
            grade=grade,
            size=int(size),
            teachers=(_teacher(key, lead_en, lead_zh), *_MORE_TEACHERS.get(school, ())),
        )


_MORE_TEACHERS = {
    "tw-taipei-chenguang": (
        _teacher("su", "Mr. Su", "蘇老師"),
        _teacher("chiu", "Ms. Chiu", "邱組長", is_coordinator=True),
    ),
    "us-az-saguaro": (
        _teacher("lopez", "Ms. Lopez", "羅培茲老師"),
        _teacher("hayes", "Ms. Hayes", "海斯主任", is_coordinator=True),
    ),
}


_TAIWAN_NAMES, _US_NAMES = (line.split() for line in _read("given_names.txt"))
DEMO_SCHOOLS = tuple(_schools())


def demo_school(school_id: str) -> DemoSchool:
    return next(school for school in DEMO_SCHOOLS if school.id == school_id)
