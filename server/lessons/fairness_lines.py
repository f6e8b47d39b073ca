"""The fairness ledger as lines for people and programs: who gives how much, by name, those who give most first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scheduler import Account as Book
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons.fairness import FairnessBooks
from server.pair import LocalizedText
from server.people import People

COUNTRIES: Final[Mapping[str, LocalizedText]] = {
    "TW": LocalizedText("Taiwan", "臺灣"),
    "US": LocalizedText("United States", "美國"),
}
LEDGER_KINDS: Final = ("countries", "schools", "classes", "teachers")
_NOBODY: Final = Book(lessons=0, burden_minutes=0, weighted=0.0, best=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """Minutes. `counted`: weighted by how hard the hour is; `least`: the same of the best hours there were."""

    name: LocalizedText
    is_own: bool
    held: int
    minutes: int
    counted: int
    least: int
    planned: int
    planned_minutes: int

    @property
    def beyond(self) -> int:
        return max(0, self.counted - self.least)


async def ledger_names(people: People, books: FairnessBooks) -> dict[str, LocalizedText]:
    """Of all whom the books name, by id."""

    def ids(kind: str) -> set[str]:
        return set(getattr(books.held, kind)) | set(getattr(books.planned, kind))

    schools = await people.schools.find_many({SchoolId(one) for one in ids("schools")})
    groups = await people.class_groups.find_many({ClassGroupId(one) for one in ids("classes")})
    group_schools = await people.schools.find_many({group.school_id for group in groups.values()})
    accounts = await people.accounts.find_many({AccountId(one) for one in ids("teachers")})
    names: dict[str, LocalizedText] = dict(COUNTRIES)
    names |= {str(one.id): one.name for one in schools.values()}
    names |= {str(one.id): one.name for one in accounts.values()}
    for group in groups.values():
        school = group_schools[group.school_id].name
        names[str(group.id)] = LocalizedText(f"{group.name.en} · {school.en}", f"{group.name.zh} · {school.zh}")
    return names


def ledger_lines(
    kind: str, books: FairnessBooks, names: Mapping[str, LocalizedText], own: SchoolId
) -> list[LedgerLine]:
    """`kind`: one of LEDGER_KINDS."""
    held: Mapping[str, Book] = getattr(books.held, kind)
    planned: Mapping[str, Book] = getattr(books.planned, kind)
    found = [
        LedgerLine(
            name=names.get(key, LocalizedText(key, key)),
            is_own=key == own,
            held=held.get(key, _NOBODY).lessons,
            minutes=held.get(key, _NOBODY).burden_minutes,
            counted=round(held.get(key, _NOBODY).weighted),
            least=round(held.get(key, _NOBODY).best),
            planned=planned.get(key, _NOBODY).lessons,
            planned_minutes=planned.get(key, _NOBODY).burden_minutes,
        )
        for key in held.keys() | planned.keys()
    ]
    return sorted(found, key=lambda line: (-line.counted, -line.planned_minutes, line.name.en))
