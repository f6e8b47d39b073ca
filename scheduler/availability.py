"""One side's calendar as bits of a grid: what it offers, what takes it away, and what is left at which tier.

Why `Ground` is kept beside the result: a question with one window more or one teacher less is put together again from
it by a few operations, where a whole expansion would take a millisecond or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.interval import Grid, union
from scheduler.model import AT_SCHOOL, TIER_OF, TIERS, WindowKind


@dataclass(frozen=True, slots=True)
class Reach:
    """As much of a calendar as finding and counting starts needs.

    `up_to[t]`: cells usable at the t-th tier or a better one. `home`: usable cells outside school hours (the burden).
    """

    up_to: tuple[int, ...]
    home: int

    @property
    def usable(self) -> int:
        return self.up_to[-1]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a calendar is put together from.

    `offered`: by kind, before anything takes cells away. `removed`: what each cause takes. `by_hand`: where an hour
    was offered by hand, and windows say nothing any more.
    """

    offered: Mapping[WindowKind, int]
    removed: Mapping[str, int]
    by_hand: int

    def with_window(self, kind: WindowKind, bits: int) -> Ground:
        """With a window that offers those cells too."""
        more = bits & ~self.by_hand
        offered = {**self.offered, kind: self.offered.get(kind, 0) | more}
        # Why: whoever joins from home needs no room.
        at_home = more if kind is WindowKind.EVENING else 0
        return Ground(offered, {**self.removed, "room_busy": self.removed["room_busy"] & ~at_home}, self.by_hand)

    def with_removed(self, cause: str, bits: int) -> Ground:
        """With other cells taken by that cause."""
        return Ground(self.offered, {**self.removed, cause: bits}, self.by_hand)

    def reach(self) -> Reach:
        free = ~union(self.removed.values())
        up_to = tuple(bits & free for bits in by_tier(self.offered))
        return Reach(up_to, up_to[-1] & ~union(bits for kind, bits in self.offered.items() if kind in AT_SCHOOL))

    def lost(self) -> dict[str, dict[WindowKind, int]]:
        """Only what a cause alone took: lifting it alone must really give it back."""
        return {
            cause: {kind: mask & alone for kind, mask in self.offered.items()}
            for cause, bits in self.removed.items()
            if (alone := bits & ~union(other for name, other in self.removed.items() if name != cause))
        }

    def kinds(self) -> dict[WindowKind, int]:
        """One kind a cell, the first in the order of sacrifice."""
        taken, disjoint = union(self.removed.values()), {}
        for kind in WindowKind:
            bits = self.offered.get(kind, 0) & ~taken
            if bits:
                disjoint[kind] = bits
            taken |= bits
        return disjoint


@dataclass(frozen=True, slots=True)
class Availability:
    """One side on one grid. Bits of a kind never leave its windows; a cell in two kinds counts for the lesser tier.

    `up_to`, `home`: as of `Reach`. `starts`: cells at which a period of its own begins. `lost`: what each cause took
    away, by tier as `up_to`. `ground`: what it was put together from.
    """

    label: str
    grid: Grid
    kinds: dict[WindowKind, int]
    up_to: tuple[int, ...]
    home: int
    eager: int
    reluctant: int
    unconfirmed: int
    starts: int
    lost: Mapping[str, tuple[int, ...]]
    ground: Ground

    @property
    def usable(self) -> int:
        return self.up_to[-1]


def by_tier(kinds: Mapping[WindowKind, int]) -> tuple[int, ...]:
    """For each tier the cells of kinds at that tier or a better one."""
    bits, cumulative = 0, []
    for tier in TIERS:
        for kind, mask in kinds.items():
            if TIER_OF[kind] is tier:
                bits |= mask
        cumulative.append(bits)
    return tuple(cumulative)
