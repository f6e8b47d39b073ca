"""What makes one slot better than another: named criteria in order of weight, each with its justification."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scheduler.model import Confidence
from scheduler.slot import Slot

Criterion = Callable[[Slot], float]


def tier_of_sacrifice(slot: Slot) -> float:
    """First, because an hour at school can be repeated every week and an evening at home cannot (guide §1.1)."""
    return slot.tier.order


def burden_of_the_worse_side(slot: Slot) -> float:
    """Next, because a pairing ends when one side is tired of it, not when the sum is large (cal.com #13606, #15340)."""
    return max(slot.a.burden_minutes, slot.b.burden_minutes)


def total_burden(slot: Slot) -> float:
    """Then the sum, because minutes outside school are somebody's in either country."""
    return slot.burden_minutes


def reluctance(slot: Slot) -> float:
    """People said how willing they are; a reluctant side counts more than an eager one helps."""
    return 2 * (slot.a.is_reluctant + slot.b.is_reluctant) - (slot.a.is_eager + slot.b.is_eager)


def unconfirmed_calendar(slot: Slot) -> float:
    """A slot in a published year can be promised, one in a projected year only pencilled in (guide §1.7)."""
    return slot.confidence is Confidence.UNCONFIRMED


def off_the_bell(slot: Slot) -> float:
    """A lesson that begins with a period costs one period; one between bells breaks two."""
    return 2 - slot.a.is_period_start - slot.b.is_period_start


def date_order(slot: Slot) -> float:
    """Among equals the sooner, so that the order never depends on how the list was made."""
    return slot.start_at.timestamp()


CRITERIA: tuple[Criterion, ...] = (
    tier_of_sacrifice,
    burden_of_the_worse_side,
    total_burden,
    reluctance,
    unconfirmed_calendar,
    off_the_bell,
    date_order,
)


def ranked(slots: Iterable[Slot]) -> list[Slot]:
    """Best first."""
    return sorted(slots, key=lambda slot: tuple(criterion(slot) for criterion in CRITERIA))
