"""A term's lessons for a pair: proposed in one go with one letter, and accepted in one go by the other side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.clock import Clock
from server.errors import Conflict, ErrorCode, NotFound, TongchuangError
from server.ids import AccountId, LessonId
from server.lessons.directory import Directory
from server.lessons.facts import LessonState, SideKey
from server.lessons.lesson import Lesson
from server.lessons.proposal import Proposal
from server.lessons.series import Series, SeriesRepository, new_series_id
from server.lessons.series_letter import series_letter
from server.lessons.service import LessonService
from server.outbox import OutboxRepository

# A school year has some forty weeks; a series is one term of it.
MOST_LESSONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """One of several, by its place from 1, and why it could not be."""

    number: int
    error: TongchuangError


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    series: Series
    lessons: tuple[Lesson, ...]


class SeriesService:
    """`origin`: where the link in the letter leads."""

    def __init__(
        self,
        *,
        lessons: LessonService,
        series: SeriesRepository,
        letters: OutboxRepository,
        directory: Directory,
        clock: Clock,
        origin: str,
    ) -> None:
        self._lessons = lessons
        self._series = series
        self._letters = letters
        self._directory = directory
        self._clock = clock
        self._origin = origin

    async def propose(
        self, proposals: Sequence[Proposal], *, anchor: SideKey, every_weeks: int, by: AccountId
    ) -> tuple[Series | None, tuple[NotDone, ...]]:
        """Each on its own: an hour that was given away meanwhile leaves the others in place, and is told.

        None when not one of them could be.
        """
        if not 1 <= len(proposals) <= MOST_LESSONS:
            raise Conflict(ErrorCode.CONFLICT, f"a series of {len(proposals)} lessons")
        made: list[Lesson] = []
        failed: list[NotDone] = []
        for number, proposal in enumerate(proposals, start=1):
            try:
                made.append(await self._lessons.propose(proposal, by=by, by_mail=False))
            except TongchuangError as error:
                if error.status >= 500:
                    raise
                failed.append(NotDone(number=number, error=error))
        if not made:
            return None, tuple(failed)
        series = Series(
            id=new_series_id(),
            anchor=anchor,
            every_weeks=every_weeks,
            created_by=by,
            created_at=self._clock.now(),
            lessons=tuple(lesson.id for lesson in made),
        )
        await self._series.add(series)
        await self._tell(series, made)
        return series, tuple(failed)

    async def _tell(self, series: Series, lessons: Sequence[Lesson]) -> None:
        """One letter for all of them, to who leads on the other side."""
        readers = await self._directory.accounts(lessons[0].sides[1].adults)
        schools = await self._directory.schools([side.school_id for side in lessons[0].sides])
        letters = [
            series_letter(series, lessons, account, schools, self._origin, self._clock.now())
            for account in readers.values()
            if not account.is_disabled
        ]
        await self._letters.put(letters)

    async def view(self, series_id: str) -> SeriesView:
        """With the lessons as they are now, in the order of their numbers. Raises NotFound."""
        series = await self._series.find(series_id)
        if series is None:
            raise NotFound(ErrorCode.NOT_FOUND, f"series {series_id[:40]}")
        lessons = [await self._lessons.find(lesson_id) for lesson_id in series.lessons]
        return SeriesView(series=series, lessons=tuple(lesson for lesson in lessons if lesson is not None))

    async def confirm_all(self, series_id: str, *, by: AccountId) -> tuple[int, tuple[NotDone, ...]]:
        """For `by`'s side, every lesson that still waits for it; how many were confirmed, and which could not be."""
        view = await self.view(series_id)
        done, failed = 0, []
        for number, lesson in enumerate(view.lessons, start=1):
            if lesson.state is not LessonState.PROPOSED:
                continue
            try:
                await self._lessons.confirm(lesson.id, by=by, version=lesson.version)
                done += 1
            except TongchuangError as error:
                if error.status >= 500:
                    raise
                failed.append(NotDone(number=number, error=error))
        return done, tuple(failed)

    async def of_lesson(self, lesson_id: LessonId) -> tuple[str, int] | None:
        """(series, number) of a lesson that belongs to one."""
        return (await self._series.of_lessons([lesson_id])).get(lesson_id)
