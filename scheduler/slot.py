"""A slot: a stretch that works for both, with both local dates, weekdays and times, its tier and who pays for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from scheduler import zone
from scheduler.model import WEEKDAYS, Confidence, Names, Tier, WindowKind, clock_text


class Payer(StrEnum):
    """The side with more burden; `both` if equal and not 0, `none` if 0."""

    A = "a"
    B = "b"
    BOTH = "both"
    NONE = "none"

    @classmethod
    def of(cls, burden_a: int, burden_b: int) -> Payer:
        if burden_a == burden_b:
            return cls.BOTH if burden_a else cls.NONE
        return cls.A if burden_a > burden_b else cls.B


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A machine code with its sentence in both languages."""

    code: str
    text: Names


class SideSlot(NamedTuple):
    """What one side's wall clock says, and what the slot costs it. `end` may belong to the next date.

    A tuple, as a slot is: hundreds are made for a page, in a third of the time.
    """

    zone: str
    on: date
    start: str
    end: str
    window: WindowKind
    burden_minutes: int
    is_period_start: bool
    is_eager: bool
    is_reluctant: bool

    @property
    def weekday(self) -> str:
        return WEEKDAYS[self.on.weekday()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEffect:
    """The next change of either side's clock relative to the other's: what a weekly lesson would become after it.

    `side` is the one whose clock moves; `if_a_stays` is B's new start when A keeps its hour, and the reverse.
    """

    side: str
    zone: str
    at: datetime
    on: date
    shift_minutes: int
    if_a_stays: str
    if_b_stays: str


class Slot(NamedTuple):
    """One unbroken run of starts with one tier and payer on one pair of dates; `start_at` is the best of them."""

    start_at: datetime
    end_at: datetime
    first_start_at: datetime
    last_start_at: datetime
    tier: Tier
    payer: Payer
    a: SideSlot
    b: SideSlot
    confidence: Confidence
    clock_change: ClockEffect | None = None
    rank: int = 0
    reasons: tuple[Reason, ...] = ()

    @property
    def burden_minutes(self) -> int:
        return self.a.burden_minutes + self.b.burden_minutes


# Beyond half a year a weekly series has ended, and most zones have changed at least once.
_AHEAD = timedelta(days=190)


class ClockMoves:
    """The next change that moves one of two clocks against the other; asked for slot after slot, which have the same
    one until it comes."""

    def __init__(self, zone_a: str, zone_b: str) -> None:
        self._zones = ((zone_a, "a"), (zone_b, "b"))
        self._asked_at: datetime | None = None
        self._next: tuple[zone.ClockChange, str] | None = None

    def effect(self, start_at: datetime, minute_a: int, minute_b: int) -> ClockEffect | None:
        """What it makes of a weekly lesson that starts there, at those minutes of the day on either wall; None when
        neither clock moves against the other within half a year."""
        known = self._next
        if known is None or self._asked_at is None or not self._asked_at <= start_at < known[0].at:
            self._asked_at, self._next = start_at, self._first_after(start_at)
        return None if self._next is None else _effect(*self._next, minute_a, minute_b)

    def _first_after(self, start_at: datetime) -> tuple[zone.ClockChange, str] | None:
        """The first change that moves one clock against the other, and whose it is."""
        moves = [
            (change, side)
            for key, side in self._zones
            if (change := zone.next_change(key, start_at)) is not None and change.at <= start_at + _AHEAD
        ]
        moves.sort(key=lambda move: move[0].at)
        if not moves or (
            len(moves) == 2 and moves[0][0].at == moves[1][0].at and moves[0][0].shift == moves[1][0].shift
        ):
            return None
        return moves[0]


@lru_cache(maxsize=4_096)  # the same hour of every week has the same answer until that change
def _effect(change: zone.ClockChange, side: str, minute_a: int, minute_b: int) -> ClockEffect:
    """`minute_a`, `minute_b`: what the walls of both sides say, in minutes since midnight."""
    shift = change.shift // timedelta(minutes=1)
    # When the mover's clock goes back an hour, the other side's hour is an hour earlier on the mover's clock.
    toward_b = shift if side == "b" else -shift
    return ClockEffect(
        side=side,
        zone=change.zone,
        at=change.at,
        on=zone.to_local(change.at, change.zone).date(),
        shift_minutes=shift,
        if_a_stays=clock_text(minute_b + toward_b),
        if_b_stays=clock_text(minute_a - toward_b),
    )
