"""A slot: a stretch that works for both, with both local dates, weekdays and times, its tier and who pays for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from scheduler import zone
from scheduler.interval import to_minute
from scheduler.model import WEEKDAYS, Confidence, Names, Tier, WindowKind, clock_text
from scheduler.wall import wall_at


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSlot:
    """What one side's wall clock says, and what the slot costs it. `end` may belong to the next date."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
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

    def placed(self, *, rank: int | None = None, reasons: tuple[Reason, ...] | None = None) -> Slot:
        """With its place or its reasons; what `replace` does, in a third of the time, for hundreds of slots a page."""
        return Slot(
            start_at=self.start_at,
            end_at=self.end_at,
            first_start_at=self.first_start_at,
            last_start_at=self.last_start_at,
            tier=self.tier,
            payer=self.payer,
            a=self.a,
            b=self.b,
            confidence=self.confidence,
            clock_change=self.clock_change,
            rank=self.rank if rank is None else rank,
            reasons=self.reasons if reasons is None else reasons,
        )

    @property
    def burden_minutes(self) -> int:
        return self.a.burden_minutes + self.b.burden_minutes


# Beyond half a year a weekly series has ended, and most zones have changed at least once.
_AHEAD = timedelta(days=190)


def clock_effect(start_at: datetime, zone_a: str, zone_b: str) -> ClockEffect | None:
    """None when neither clock moves against the other within half a year after the slot."""
    found = _next_move(zone_a, zone_b, start_at)
    if found is None:
        return None
    change, side = found
    minute = to_minute(start_at)
    return _effect(change, side, wall_at(minute, zone_a)[1], wall_at(minute, zone_b)[1])


def _next_move(zone_a: str, zone_b: str, start_at: datetime) -> tuple[zone.ClockChange, str] | None:
    """The first change that moves one clock against the other, and whose it is."""
    moves = [
        (change, side)
        for key, side in ((zone_a, "a"), (zone_b, "b"))
        if (change := zone.next_change(key, start_at)) is not None and change.at <= start_at + _AHEAD
    ]
    moves.sort(key=lambda move: move[0].at)
    if not moves or (len(moves) == 2 and moves[0][0].at == moves[1][0].at and moves[0][0].shift == moves[1][0].shift):
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
