"""Calendars of questions that differ a little from one whose calendars are expanded: what is the same is used again.

Trying out what would help asks some forty such questions; expanding both classes for each was nearly all of the work.
They carry no more than counting needs (`Reach`), and every one is what the whole expansion would give.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from operator import attrgetter

from scheduler.availability import Availability, Reach
from scheduler.days import SchoolDays, days_of
from scheduler.expand import Party, expand, teachers_busy
from scheduler.interval import Grid, union
from scheduler.model import ClassGroup, Tier, Window
from scheduler.search import MAX_WEEKS, Calendar, Query, Sides, Tally, free_of, tally

# Looking for weeks with hours goes on week by week: a break is over within two months.
_WEEKS_AHEAD = 8
# What a class group has beyond that which these questions change.
_REST_OF_GROUP = attrgetter(
    *(one.name for one in fields(ClassGroup) if one.name not in ("windows", "teachers", "rooms"))
)


class Nearby:
    """Around one question; asked by one thread."""

    def __init__(self, query: Query, sides: Sides) -> None:
        self._query, self._sides = query, sides
        self._parties = _parties(query)
        self._kept: dict[tuple[int, Window], int] = {}
        self._as_now: dict[tuple[int, Tier], Tally] = {}
        self._ahead: tuple[Grid, list[Calendar]] | None = None

    def tally(self, then: Query) -> Tally:
        """What `search` would find for that question."""
        self._check(then)
        if (then.from_on, then.weeks) != (self._query.from_on, self._query.weeks):
            return tally(then, then.grid, self.calendars(then), free_of(then, then.grid))
        if self._meets_nobody(then):
            then = replace(self._query, minutes=then.minutes, worst_tier=then.worst_tier)
        terms = then.minutes, then.worst_tier
        is_as_now = _parties(then) == self._parties
        found = self._as_now.get(terms) if is_as_now else None
        if found is None:
            found = tally(then, self._sides.grid, self.calendars(then), self._sides.free)
            if is_as_now:
                self._as_now[terms] = found
        return found

    def calendars(self, then: Query) -> list[Calendar]:
        """Those of its parties, A's and B's first."""
        now = self._query
        self._check(then)
        if then.from_on != now.from_on:
            return self._later(then)
        return self._changed(then) if then.weeks == now.weeks else self._longer(then)

    def _check(self, then: Query) -> None:
        if (then.minimum_willingness, then.busy) != (self._query.minimum_willingness, self._query.busy):
            raise ValueError("a question about another willingness or other busy times is not nearby")

    def _meets_nobody(self, then: Query) -> bool:
        """Whether all that is new are hours of one side at which the others cannot: then no lesson touches them."""
        changed = [
            place for place, (old, new) in enumerate(zip(self._parties, _parties(then), strict=True)) if old is not new
        ]
        if len(changed) != 1:
            return False
        place = changed[0]
        old, new = self._parties[place], _parties(then)[place]
        more = _further_windows(old, new, then.minimum_willingness)
        people_and_rooms = (old.group.teachers, old.group.rooms) == (new.group.teachers, new.group.rooms)
        if more is None or not people_and_rooms or not _is_alike(old, new):
            return False
        common = union(self._laid(place, window) for window in more) & self._sides.free
        for index, one in enumerate(self._sides.all):
            if index != place:
                common &= one.up_to[then.worst_tier.order]
        return not common

    def _changed(self, then: Query) -> list[Calendar]:
        """The same weeks, of parties that differ in what they offer or in whom and what they need."""
        return [
            one if new is old else self._reach(place, one, new, then.minimum_willingness)
            for place, (old, new, one) in enumerate(zip(self._parties, _parties(then), self._sides.all, strict=True))
        ]

    def _reach(self, place: int, one: Availability, new: Party, minimum: int) -> Calendar:
        old = self._parties[place]
        more = _further_windows(old, new, minimum)
        if more is None or not _is_alike(old, new):
            return expand(new, one.grid, minimum_willingness=minimum)
        ground = one.ground
        for window in more:
            ground = ground.with_window(window.kind, self._laid(place, window))
        if new.group.teachers != old.group.teachers:
            ground = ground.with_removed("teacher_busy", teachers_busy(new, self._days(place)))
        if not new.group.rooms:
            ground = ground.with_removed("room_busy", 0)
        return ground.reach()

    def _laid(self, place: int, window: Window) -> int:
        """What that window adds on open days, as a whole expansion lays it."""
        found = self._kept.get((place, window))
        if found is None:
            found = self._days(place).offered_by(window, self._parties[place].group)
            self._kept[place, window] = found
        return found

    def _days(self, place: int) -> SchoolDays:
        return days_of(self._parties[place].school, self._sides.grid, keep=True)

    def _longer(self, then: Query) -> list[Calendar]:
        """From the same date on for more weeks: only the further weeks are expanded, and put behind the others."""
        now, ahead = self._query, self._sides.grid
        if then.weeks <= now.weeks or not self._may_be_cut(then):
            return _expanded(then)
        further = replace(then, from_on=now.from_on + timedelta(weeks=now.weeks), weeks=then.weeks - now.weeks)
        if further.grid.origin_minute != ahead.minute_of(ahead.cells):
            return _expanded(then)
        return [_joined(one, more, ahead.cells) for one, more in zip(self._sides.all, _expanded(further), strict=True)]

    def _later(self, then: Query) -> list[Calendar]:
        """As many weeks from another date on: cut out of a longer stretch, for the next such question is as near."""
        if not self._may_be_cut(then):
            return _expanded(then)
        grid = then.grid
        if self._ahead is None or not self._ahead[0].holds(grid):
            whole = replace(then, weeks=min(then.weeks + _WEEKS_AHEAD, MAX_WEEKS))
            self._ahead = whole.grid, _expanded(whole)
        ahead, calendars = self._ahead
        place = ahead.cell_of(grid.origin_minute)
        return [_cut(one, place, grid.full) for one in calendars]

    def _may_be_cut(self, then: Query) -> bool:
        """Of the same parties; a dated change of zone may belong to a date that the shorter stretch does not have."""
        return _parties(then) == self._parties and not any(one.school.zone_overrides for one in self._parties)


def _expanded(query: Query) -> list[Calendar]:
    grid = query.grid
    return [expand(one, grid, minimum_willingness=query.minimum_willingness) for one in _parties(query)]


def _cut(one: Calendar, place: int, full: int) -> Reach:
    return Reach(tuple(bits >> place & full for bits in one.up_to), one.home >> place & full)


def _parties(query: Query) -> tuple[Party, ...]:
    return (query.a, query.b, *query.others)


def _joined(one: Calendar, further: Calendar, cells: int) -> Reach:
    up_to = tuple(bits | more << cells for bits, more in zip(one.up_to, further.up_to, strict=True))
    return Reach(up_to, one.home | further.home << cells)


def _further_windows(old: Party, new: Party, minimum: int) -> list[Window] | None:
    """The windows that `new` offers beyond those of `old`; None when one is not offered any more."""
    before, after = ({id(one) for one in party.group.windows} for party in (old, new))
    if any(id(one) not in after and one.willingness >= minimum for one in old.group.windows):
        return None
    return [one for one in new.group.windows if id(one) not in before and one.willingness >= minimum]


def _is_alike(old: Party, new: Party) -> bool:
    """But for windows, teachers and the rooms that are no longer needed."""
    if new.group.rooms and new.group.rooms != old.group.rooms:
        return False
    alike = (old.school, old.busy, old.teachers_busy) == (new.school, new.busy, new.teachers_busy)
    return alike and _REST_OF_GROUP(old.group) == _REST_OF_GROUP(new.group)
