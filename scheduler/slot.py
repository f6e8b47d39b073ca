"""A slot: a stretch that works for both, with both local dates, weekdays and times, its tier and who pays for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from scheduler import zone
from scheduler.model import WEEKDAYS, Confidence, Names, Tier, WindowKind


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

    @property
    def burden_minutes(self) -> int:
        return self.a.burden_minutes + self.b.burden_minutes


# Beyond half a year a weekly series has ended, and most zones have changed at least once.
_AHEAD = timedelta(days=190)


def clock_effect(start_at: datetime, zone_a: str, zone_b: str) -> ClockEffect | None:
    """None when neither clock moves against the other within half a year after the slot."""
    moves = [
        (change, side)
        for key, side in ((zone_a, "a"), (zone_b, "b"))
        if (change := zone.next_change(key, start_at)) is not None and change.at <= start_at + _AHEAD
    ]
    moves.sort(key=lambda move: move[0].at)
    if not moves or (len(moves) == 2 and moves[0][0].at == moves[1][0].at and moves[0][0].shift == moves[1][0].shift):
        return None
    change, side = moves[0]
    shift = change.shift // timedelta(minutes=1)
    # When the mover's clock goes back an hour, the other side's hour is an hour earlier on the mover's clock.
    toward_b = change.shift if side == "b" else -change.shift
    local_a, local_b = zone.to_local(start_at, zone_a), zone.to_local(start_at, zone_b)
    return ClockEffect(
        side=side,
        zone=change.zone,
        at=change.at,
        on=zone.to_local(change.at, change.zone).date(),
        shift_minutes=shift,
        if_a_stays=f"{local_b + toward_b:%H:%M}",
        if_b_stays=f"{local_a - toward_b:%H:%M}",
    )
