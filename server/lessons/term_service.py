"""A term after it was proposed: looked at, changed in part or in whole with one letter, its clock chosen, noted upon.

Every change goes lesson by lesson through the lessons' own service, so that the other side is asked as always.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from server.clock import Clock
from server.errors import Conflict, ErrorCode, InvalidInput, NotFound, TongchuangError
from server.ids import AccountId, ClassGroupId
from server.lessons.booking import AGREED
from server.lessons.clock_notice import ClockNotice, clock_notices
from server.lessons.directory import Directory
from server.lessons.facts import SideKey
from server.lessons.hours import ClassHours
from server.lessons.lesson import Lesson
from server.lessons.mails import LessonMails
from server.lessons.ports import LessonRepository
from server.lessons.series import Series, SeriesRepository
from server.lessons.series_service import NotDone, SeriesService, SeriesView
from server.lessons.service import LessonService
from server.lessons.term import TermPlan, anchor_wall, coming, numbered, plan_term, seen_of
from server.lessons.term_letter import Moved, moves_letter, moves_subject
from server.lessons.term_records import ClockChoice, TermNote, TermRecords
from server.outbox import Letter, OutboxRepository

MAX_NOTE_CHARS = 300
FindClasses = Callable[[Collection[ClassGroupId]], Awaitable[Mapping[ClassGroupId, ClassHours]]]
# A series is proposed in one letter without events (nobody has agreed to them), which is a lesson's first version, so
# what is moved from there is the second. Every other change has put the lesson into the calendars of who leads.
_KNOWN_TO_CALENDARS = 2
# Around the lessons of a term: lessons of others that long before or after can still be in the way.
_AROUND = timedelta(weeks=5)


class TermService:
    """`origin`: where the link in a letter leads."""

    def __init__(
        self,
        *,
        lessons: LessonService,
        repository: LessonRepository,
        views: SeriesService,
        series: SeriesRepository,
        records: TermRecords,
        letters: OutboxRepository,
        directory: Directory,
        mails: LessonMails,
        find_classes: FindClasses,
        clock: Clock,
        origin: str,
    ) -> None:
        self._lessons = lessons
        self._repository = repository
        self._views = views
        self._series = series
        self.records = records
        self._letters = letters
        self._directory = directory
        self._mails = mails
        self._find_classes = find_classes
        self._clock = clock
        self._origin = origin

    async def plan(self, view: SeriesView) -> TermPlan | None:
        """How the lessons still to come stand. None when there are none, or the classes are gone."""
        now = self._clock.now()
        left = coming(view.lessons, now)
        if not left:
            return None
        a, b = (side.class_group_id for side in view.lessons[0].sides)
        classes = await self._find_classes([a, b])
        if a not in classes or b not in classes:
            return None
        taken = await self._taken(list(left.values()))
        return await asyncio.to_thread(plan_term, view.series, view.lessons, classes[a], classes[b], taken, now)

    async def _taken(self, left: Sequence[Lesson]) -> list[Lesson]:
        groups = {side.class_group_id for lesson in left for side in lesson.sides}
        leads = {side.lead for lesson in left for side in lesson.sides}
        dates = [lesson.date for lesson in left]
        found = await self._repository.touching(groups, leads, min(dates) - _AROUND, max(dates) + _AROUND)
        return [lesson for lesson in found if lesson.state in AGREED]

    async def move(
        self,
        view: SeriesView,
        starts: Mapping[int, datetime],
        *,
        by: AccountId,
        seen: str,
        anchor: SideKey | None = None,
    ) -> tuple[int, tuple[NotDone, ...]]:
        """Those lessons to those starts, each on its own, with one letter; how many, and which could not be.

        Raises Conflict(LESSON_CHANGED) when the term is no longer what `seen` names, InvalidInput for a number that
        is not still to come.
        """
        if seen != seen_of(view.lessons):
            raise Conflict(ErrorCode.LESSON_CHANGED, f"series {view.series.id}")
        left = coming(view.lessons, self._clock.now())
        if not set(starts) <= set(left):
            raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, "lessons that are still to come")
        moved: list[Moved] = []
        failed: list[NotDone] = []
        for number, start_at in sorted(starts.items()):
            before = left[number]
            key = anchor or before.anchor
            wall = anchor_wall(before, key, start_at)
            try:
                after = await self._lessons.move(
                    before.id,
                    date=wall.date(),
                    start=wall.time(),
                    anchor=key,
                    by=by,
                    version=before.version,
                    by_mail=False,
                )
            except TongchuangError as error:
                if error.status >= 500:
                    raise
                failed.append(NotDone(number=number, error=error))
            else:
                moved.append((number, before.starts_at, after))
        await self._tell(view.series, moved, by)
        return len(moved), tuple(failed)

    async def _tell(self, series: Series, moved: Sequence[Moved], by: AccountId) -> None:
        if not moved:
            return
        lesson = moved[0][2]
        accounts = await self._directory.accounts([by, *lesson.adults])
        schools = await self._directory.schools([side.school_id for side in lesson.sides])
        own = accounts[by].school_id if by in accounts else None
        readers = [
            account
            for account in accounts.values()
            if account.id in lesson.adults and account.school_id != own and not account.is_disabled
        ]
        now = self._clock.now()
        known = {number: lesson for number, _, lesson in moved if lesson.version > _KNOWN_TO_CALENDARS}
        follow = len(known) if len(moved) > 1 else 0
        asking = [moves_letter(series, moved, one, schools, self._origin, now, updates=follow) for one in readers]
        updates = await self._mails.calendar_updates(known, asking, moves_subject(moved), now)
        await self._letters.put(_in_one(asking, updates) if len(moved) == 1 else [*asking, *updates])

    # -- the clock

    def notices(self, view: SeriesView) -> list[ClockNotice]:
        return clock_notices(numbered(view.lessons), self._clock.now())

    def starts_if(self, view: SeriesView, changes_at: datetime, side: SideKey) -> dict[int, datetime]:
        """Where lessons that stand elsewhere go when that side keeps its wall time. Raises NotFound without such a
        change."""
        notice = next((one for one in self.notices(view) if one.changes_at == changes_at), None)
        if notice is None:
            raise NotFound(ErrorCode.NOT_FOUND, "no clock change that touches this series then")
        return {one.number: one.start_if(side) for one in notice.moved_by(side)}

    async def choose_clock(
        self, view: SeriesView, changes_at: datetime, side: SideKey, *, by: AccountId, seen: str
    ) -> tuple[int, tuple[NotDone, ...]]:
        """That side's wall time stays after that clock change: lessons that stand elsewhere are moved, the choice is
        kept. Raises NotFound without such a change."""
        starts = self.starts_if(view, changes_at, side)
        done, failed = await self.move(view, starts, by=by, seen=seen, anchor=side)
        await self._series.set_anchor(view.series.id, side)
        now = self._clock.now()
        await self.records.put_choice(view.series.id, ClockChoice(changes_at=changes_at, side=side, by=by, at=now))
        return done, failed

    async def of_lessons(self, lessons: Sequence[Lesson]) -> list[SeriesView]:
        """The series that any of these lessons belong to."""
        belongs = await self._series.of_lessons([lesson.id for lesson in lessons])
        return [await self._views.view(one) for one in dict.fromkeys(series_id for series_id, _ in belongs.values())]

    # -- notes

    async def put_note(self, series_id: str, monday: date, text: str, *, by: AccountId) -> None:
        """An empty text takes the note away. Raises InvalidInput."""
        text = " ".join(text.split())
        if len(text) > MAX_NOTE_CHARS or monday.weekday() != 0:
            raise InvalidInput(ErrorCode.LESSON_TEXT, f"at most {MAX_NOTE_CHARS} characters, for a week's Monday")
        await self.records.put_note(series_id, TermNote(monday=monday, text=text, by=by, at=self._clock.now()))


def _in_one(asking: Sequence[Letter], updates: Sequence[Letter]) -> list[Letter]:
    """Of a single lesson: the letter that asks can carry the event itself."""
    events = {one.to: one.calendar for one in updates}
    readers = {one.to for one in asking}
    whole = [replace(one, calendar=events.get(one.to)) for one in asking]
    return [*whole, *(one for one in updates if one.to not in readers)]
