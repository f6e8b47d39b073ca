"""When can these classes meet, who pays for it, and what would make it better: one question, one whole answer."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler import expand
from scheduler.causes import causes, is_thin
from scheduler.explain import explained
from scheduler.kept import Kept
from scheduler.relax import Relaxation, relaxations
from scheduler.search import Query, best_first, expand_sides, scan
from scheduler.slot import Reason, Slot
from scheduler.zone import tzdata_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`none_because` and `relaxations` are filled when the answer is empty or thin (less than a date a week)."""

    query: Query
    tzdata: str
    slots: tuple[Slot, ...]
    none_because: tuple[Reason, ...]
    relaxations: tuple[Relaxation, ...]


# Slots of all answers together, at some half a kilobyte: two months of two hundred pairs.
_kept: Kept[Answer] = Kept(20_000)
# What an answer weighs beside its slots: the question, the causes, what would help.
_FRAME_SLOTS = 20


def find_overlaps(query: Query) -> Answer:
    """The same answer for the same query and tzdata release."""
    values = tuple(value for party in (query.a, query.b, *query.others) for value in party.values)
    rest = (query.from_on, query.weeks, query.minutes, query.worst_tier, query.minimum_willingness, query.busy)
    found = _kept.get(values, rest)
    if found is None:
        found = _answer(query)
        _kept.put(values, rest, found, _FRAME_SLOTS + len(found.slots))
    return found


def forget() -> None:
    """Everything that is kept: for tests and figures of the work itself."""
    _kept.forget()
    expand.forget()


def _answer(query: Query) -> Answer:
    sides = expand_sides(query, keep=True)
    slots = best_first(query, sides, scan(sides, query.minutes, query.worst_tier))
    thin = is_thin(query, slots)
    name_a, name_b = query.a.school.name, query.b.school.name
    return Answer(
        query=query,
        tzdata=tzdata_release(),
        slots=tuple(explained(slots, name_a, name_b)),
        none_because=tuple(causes(query, sides, slots)) if thin else (),
        relaxations=tuple(relaxations(query, sides, slots)) if thin else (),
    )
