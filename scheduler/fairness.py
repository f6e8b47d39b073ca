"""The fairness ledger: who has paid how much, per teacher, class, school and country, against the best possible.

Why not a count of bookings: an hour in the evening is not an hour in class (cal.com #13606, #15340). It follows the
lessons that really took place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler.expand import Party
from scheduler.model import TIER_OF, Tier
from scheduler.search import Query, search
from scheduler.slot import Payer, SideSlot, Slot

# A minute outside school by tier: an evening at home costs family time, a Saturday a day off.
TIER_WEIGHTS: Mapping[Tier, float] = {
    Tier.BOTH_IN_CLASS: 0.0,
    Tier.SELF_STUDY: 0.25,
    Tier.AFTER_SCHOOL: 1.0,
    Tier.EVENING: 2.0,
    Tier.SATURDAY: 3.0,
}

# Between two clock changes there are months; within two weeks the same hours are open to a pair.
_SEASON = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lesson that took place. `taught_a`, `taught_b`: who was there; without them the teachers of the class group."""

    slot: Slot
    a: Party
    b: Party
    best_a: float
    best_b: float
    taught_a: tuple[str, ...] | None = None
    taught_b: tuple[str, ...] | None = None

    @property
    def teachers_a(self) -> tuple[str, ...]:
        return _teachers(self.a) if self.taught_a is None else self.taught_a

    @property
    def teachers_b(self) -> tuple[str, ...]:
        return _teachers(self.b) if self.taught_b is None else self.taught_b


def _teachers(party: Party) -> tuple[str, ...]:
    return tuple(teacher.id for teacher in party.group.teachers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`excess`: what was paid beyond the best that the zones and the offered windows allow."""

    lessons: int
    burden_minutes: int
    weighted: float
    best: float

    @property
    def excess(self) -> float:
        return self.weighted - self.best


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Accounts by id; one lesson counts once in each account that took part."""

    teachers: Mapping[str, Account]
    classes: Mapping[str, Account]
    schools: Mapping[str, Account]
    countries: Mapping[str, Account]


def weighted_burden(side: SideSlot) -> float:
    return side.burden_minutes * TIER_WEIGHTS[TIER_OF[side.window]]


def best_possible(query: Query) -> tuple[float, float]:
    """The least weighted burden of each side over all slots of the least total; (0, 0) when there is no slot."""
    pairs = [(weighted_burden(slot.a), weighted_burden(slot.b)) for slot in search(query)]
    return min(pairs, key=lambda pair: (sum(pair), max(pair)), default=(0.0, 0.0))


def ledger(held: Iterable[Held]) -> Ledger:
    books: dict[str, dict[str, list[tuple[int, float, float]]]] = {
        name: defaultdict(list) for name in ("teachers", "classes", "schools", "countries")
    }
    for lesson in held:
        for side, party, teachers, best in (
            (lesson.slot.a, lesson.a, lesson.teachers_a, lesson.best_a),
            (lesson.slot.b, lesson.b, lesson.teachers_b, lesson.best_b),
        ):
            entry = (side.burden_minutes, weighted_burden(side), best)
            for teacher in teachers:
                books["teachers"][teacher].append(entry)
            books["classes"][party.id].append(entry)
            books["schools"][party.school.id].append(entry)
            books["countries"][party.school.country].append(entry)
    accounts = {name: {key: _account(entries) for key, entries in book.items()} for name, book in books.items()}
    return Ledger(**accounts)


def _account(entries: Sequence[tuple[int, float, float]]) -> Account:
    return Account(
        lessons=len(entries),
        burden_minutes=sum(minutes for minutes, _, _ in entries),
        weighted=sum(weight for _, weight, _ in entries),
        best=sum(best for _, _, best in entries),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """On these dates the other side could carry the burden; `eases` is the side that has paid more so far."""

    eases: Payer
    slots: tuple[Slot, ...]
    imbalance_before: float
    imbalance_after: float


def propose_rotation(query: Query, paid_a: float, paid_b: float, lessons: int) -> Rotation | None:
    """Slots, one a date, in which the side that has paid less carries more, until the two are as even as they can be.

    None when nothing would make it more even.
    """
    behind = Payer.A if paid_a < paid_b else Payer.B
    before = abs(paid_a - paid_b)
    chosen: dict[date, Slot] = {}
    difference = before
    for slot in search(query):
        if len(chosen) == lessons:
            break
        if slot.payer is not behind or slot.a.on in chosen:
            continue
        paid = abs(weighted_burden(slot.a) - weighted_burden(slot.b))
        if abs(difference - paid) < abs(difference):
            chosen[slot.a.on] = slot
            difference -= paid
    if not chosen:
        return None
    eases = Payer.B if behind is Payer.A else Payer.A
    return Rotation(eases=eases, slots=tuple(chosen.values()), imbalance_before=before, imbalance_after=abs(difference))


def best_near(slots: Iterable[Slot], at: datetime) -> tuple[float, float] | None:
    """As `best_possible`, of slots within two weeks of an instant: the season's own best. None when there is none."""
    near = (slot for slot in slots if abs(slot.start_at - at) <= _SEASON)
    pairs = [(weighted_burden(slot.a), weighted_burden(slot.b)) for slot in near]
    return min(pairs, key=lambda pair: (sum(pair), max(pair)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EasierHour:
    """A weekday and hour that comes back, at which the side that has paid more pays less. Weighted minutes a lesson."""

    slots: tuple[Slot, ...]
    a_pays: float
    b_pays: float
    imbalance_after: float


def easier_hours(query: Query, paid: tuple[float, float], usual: tuple[float, float], lessons: int) -> list[EasierHour]:
    """Hours for so many lessons in a row, the cheapest in all first, then the one that leaves the two most even.

    `paid`: by A and B so far; `usual`: by each for a lesson at the present hour. Empty when every hour that works
    costs the side that has paid more as much as now.
    """
    if paid[0] == paid[1]:
        return []
    heavy = 0 if paid[0] > paid[1] else 1
    groups: dict[tuple[str, str, str], list[Slot]] = defaultdict(list)
    for slot in sorted(search(query), key=lambda one: one.start_at):
        groups[slot.a.weekday, slot.a.start, slot.b.start].append(slot)
    found = []
    for slots in groups.values():
        if len(slots) < lessons:
            continue
        # All of a group have the same hour on both walls, but not on every date the same price (half days).
        chosen = tuple(slots[:lessons])
        pays = (_mean(slot.a for slot in chosen), _mean(slot.b for slot in chosen))
        if pays[heavy] >= usual[heavy]:
            continue
        after = abs(paid[0] + lessons * pays[0] - paid[1] - lessons * pays[1])
        found.append(EasierHour(slots=chosen, a_pays=pays[0], b_pays=pays[1], imbalance_after=after))
    return sorted(found, key=lambda hour: (hour.a_pays + hour.b_pays, hour.imbalance_after, hour.slots[0].start_at))


def _mean(sides: Iterable[SideSlot]) -> float:
    prices = [weighted_burden(side) for side in sides]
    return sum(prices) / len(prices)
