"""From wall clocks to UTC: a class group's windows, day by day, as bitsets of one grid.

school zone + bells in effect + calendar + closures + windows + teachers and rooms → `Availability`. What a cause took
away is kept beside it, so that an empty answer can say why (guide scheduling.md §1.1-1.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta

from scheduler import days
from scheduler.availability import Availability, Ground, by_tier
from scheduler.calendars import DayCause, plan_day
from scheduler.days import SchoolDays, days_of
from scheduler.interval import Grid, Interval, to_minute, union
from scheduler.kept import Kept
from scheduler.model import ClassGroup, PaintedHour, School, WindowKind
from scheduler.window import painted_stretches

_ALMOST_A_MINUTE = timedelta(seconds=59, microseconds=999_999)


@dataclass(frozen=True, slots=True)
class Party:
    """A class group of a school.

    `busy`: instants at which the class has something else, such as a lesson that was agreed on; `teachers_busy`: at
    which one of its teachers has, as calendars read from elsewhere tell it.
    """

    school: School
    group: ClassGroup
    busy: tuple[Interval, ...] = ()
    teachers_busy: tuple[Interval, ...] = ()

    @property
    def id(self) -> str:
        return str(self.group.id)

    @property
    def values(self) -> tuple[object, ...]:
        """All that an answer about it depends on: parties are put together anew for each question, these are not."""
        return tuple(getattr(self, one.name) for one in fields(self))


# Some 20 kB each: a platform's classes over the weeks that are asked about on one day.
_kept: Kept[Availability] = Kept(512)


def expand(party: Party, grid: Grid, *, minimum_willingness: int = 1, keep: bool = False) -> Availability:
    """All windows of a class group whose willingness suffices, over the whole grid.

    `keep`: for questions that come again; what is only tried out would push them from the memory.
    """
    values, rest = party.values, (grid, minimum_willingness)
    found = _kept.get(values, rest)
    if found is None:
        found = _Expansion(party, days_of(party.school, grid, keep=keep), minimum_willingness).run()
        if keep:
            _kept.put(values, rest, found)
    return found


def teachers_busy(party: Party, days: SchoolDays) -> int:
    """Cells at which a teacher is busy whom that class needs."""
    busy = union(days.busy(teacher.weekly, teacher.dated) for teacher in party.group.teachers)
    return busy | _instants(days.grid, party.teachers_busy)


def forget() -> None:
    """Everything that is kept: for tests and figures of the work itself."""
    _kept.forget()
    days.forget()


class _Expansion:
    def __init__(self, party: Party, of_school: SchoolDays, minimum_willingness: int) -> None:
        self.party, self.group, self.grid = party, party.group, of_school.grid
        self.minimum, self.days = minimum_willingness, of_school
        self.kinds: dict[WindowKind, int] = defaultdict(int)
        self.lost: dict[str, dict[WindowKind, int]] = defaultdict(lambda: defaultdict(int))
        self.willing = [0, 0, 0, 0]

    def run(self) -> Availability:
        # Where an hour was offered by hand, the windows say nothing any more. What is withheld stays in them, so that
        # it can be told what it took; `class_busy` takes it away.
        by_hand = union(self._painted(hour) for hour in self.group.painted if hour.willingness)
        for closed_by, kind, willingness, bits in self.days.offered(self.group):
            self._offer(closed_by, kind, willingness, bits & ~by_hand if by_hand else bits)
        self._offer_by_hand()
        removed = {
            "closure": self.days.closed,
            "distance_teaching": 0 if self.group.joins_from_home else self.days.distance,
            "class_busy": self._class_busy(),
            "teacher_busy": teachers_busy(self.party, self.days),
            "room_busy": self._rooms_busy(),
        }
        ground = Ground(dict(self.kinds), removed, by_hand)
        reach, lost = ground.reach(), {**self.lost, **ground.lost()}
        return Availability(
            label=str(self.group.id),
            grid=self.grid,
            kinds=ground.kinds(),
            up_to=reach.up_to,
            home=reach.home,
            eager=self.willing[3],
            reluctant=self.willing[1] & ~self.willing[2] & ~self.willing[3],
            unconfirmed=self.days.unconfirmed,
            starts=self.days.starts,
            lost={cause: masks for cause, kinds in lost.items() if (masks := by_tier(kinds))[-1]},
            ground=ground,
        )

    def _offer(self, closed_by: DayCause | None, kind: WindowKind, willingness: int, bits: int) -> None:
        if closed_by is not None:
            self.lost[str(closed_by)][kind] |= bits if willingness >= self.minimum else 0
        elif willingness < self.minimum:
            self.lost["not_offered"][kind] |= bits
        else:
            self.kinds[kind] |= bits
            self.willing[willingness] |= bits

    def _offer_by_hand(self) -> None:
        for hour in self.group.painted:
            if hour.willingness and hour.on in self.days.dates:
                plan = plan_day(self.party.school, hour.on)
                for one in painted_stretches(hour, plan):
                    bits = self.days.lay_on((hour.on,), one.start_minute, one.end_minute)
                    self._offer(plan.closed_by, one.kind, one.willingness, bits)

    def _painted(self, hour: PaintedHour) -> int:
        return self.days.touching(hour.on, hour.start_minute, hour.end_minute)

    def _class_busy(self) -> int:
        """Cells that the class withholds, or has something else in."""
        withheld = union(self._painted(hour) for hour in self.group.painted if not hour.willingness)
        return withheld | _instants(self.grid, self.party.busy)

    def _rooms_busy(self) -> int:
        """Cells at which no room with video equipment is free; whoever is at home needs none."""
        if not self.group.rooms:
            return 0
        rooms = self.grid.full
        for room in self.group.rooms:
            if room.has_video:
                rooms &= self.days.busy(room.weekly, room.dated)
        return rooms & ~self.kinds.get(WindowKind.EVENING, 0)


def _instants(grid: Grid, intervals: Iterable[Interval]) -> int:
    """Every cell that they graze; seconds round outwards."""
    return union(grid.touching(to_minute(one.start_at), to_minute(one.end_at + _ALMOST_A_MINUTE)) for one in intervals)
