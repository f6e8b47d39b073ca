"""Wall times of schools: what they mean in UTC, and how one instant reads on both sides. Pure but for loading zones.

A wall time that the spring change skips, or that the autumn change repeats, is refused with a reason when a lesson is
made; nothing is ever shifted in silence (guide: cal.com #6217, #19589 and their kin).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from scheduler import Existence, UnknownZone, resolve, to_local
from server.errors import ErrorCode, InvalidInput

_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WallTime:
    """How an instant reads in a zone. `abbreviation`: the zone's own, such as PDT or CST."""

    zone: str
    local: datetime
    """Aware, in the zone."""
    abbreviation: str

    @property
    def date(self) -> date:
        return self.local.date()

    @property
    def time(self) -> time:
        return self.local.time()

    @property
    def weekday(self) -> int:
        """0 Monday … 6 Sunday."""
        return self.local.weekday()


def starts_at(on: date, at: time, zone: str) -> datetime:
    """UTC of a stored wall time: of a repeated one the first, of a skipped one the instant at which it ends."""
    return resolve(datetime.combine(on, at), zone).at


def require_wall_time(on: date, at: time, zone: str) -> datetime:
    """UTC of a wall time that happens exactly once. Raises InvalidInput when it is skipped or happens twice."""
    try:
        resolved = resolve(datetime.combine(on, at), zone)
    except UnknownZone:
        raise InvalidInput(ErrorCode.ZONE_UNKNOWN, zone[:64]) from None
    except OverflowError:
        raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, f"{on} {at}") from None
    if resolved.existence is Existence.GAP:
        raise InvalidInput(ErrorCode.LESSON_TIME_SKIPPED, f"{on} {at} {zone}")
    if resolved.existence is Existence.FOLD:
        raise InvalidInput(ErrorCode.LESSON_TIME_TWICE, f"{on} {at} {zone}")
    return resolved.at


def wall_time(at: datetime, zone: str) -> WallTime:
    local = to_local(at, zone)
    return WallTime(zone=zone, local=local, abbreviation=local.tzname() or "")


def load_zones(zones: Iterable[str]) -> None:
    """Read their files now (blocking); later calls answer from memory. Unknown ones are left for whoever uses them."""
    for zone in set(zones) - _loaded:
        try:
            to_local(_REFERENCE, zone)
        except UnknownZone:
            continue
        _loaded.add(zone)


def are_loaded(zones: Iterable[str]) -> bool:
    return _loaded.issuperset(zones)


# Why a set here: it only remembers what the library below has in its own memory already.
_loaded: set[str] = set()
