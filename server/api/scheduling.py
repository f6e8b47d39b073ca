"""Hours and series for programs: the same search, the same plan and the same rights as the pages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from scheduler import (
    PlannedLesson,
    Query,
    SeriesPlan,
    Slot,
    Tier,
    answer_json,
    find_overlaps,
    series_json,
    to_local,
)
from server.access import Action, Adult, Subject, authorise, viewer_of
from server.api.reading import adult_of, json_answer, read_json, read_query
from server.api.scheduling_wire import (
    ClassesOut,
    ClassOut,
    NotDoneOut,
    OverlapOut,
    PlanIn,
    PlanOut,
    SeriesIn,
    SeriesOut,
)
from server.api.showing import both, lesson_out, names_of
from server.clock import Clock
from server.errors import ErrorCode, InvalidInput, NotFound
from server.ids import AccountId, ClassGroupId
from server.lessons import (
    ClassHours,
    Lesson,
    Lessons,
    LessonState,
    NotDone,
    Proposal,
    Series,
    WantedSeries,
    facts_of,
    hours_of,
    plan_wanted,
)
from server.pair import LocalizedText
from server.people import People

# As the page of "find an hour" has it: a term; longer questions belong to a series.
_MOST_WEEKS: Final = 18
_FIRST, _LAST = date(2020, 1, 1), date(2040, 12, 31)


class OverlapQuery(BaseModel):
    """The query string; unlike the page, what cannot be read is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a: str
    b: str
    from_on: Annotated[date | None, BeforeValidator(lambda value: value or None)] = Field(
        None, alias="from", ge=_FIRST, le=_LAST
    )
    weeks: int = Field(4, ge=1, le=_MOST_WEEKS)
    minutes: int | None = Field(None, ge=5, le=240)
    tier: Tier = Tier.SATURDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingApi:
    people: People
    lessons: Lessons
    clock: Clock

    async def show_classes(self, request: web.Request) -> web.Response:
        authorise(viewer_of(request), Action.HOURS_FIND)
        found = [
            ClassOut(
                id=one.class_group_id,
                name=both(one.class_name),
                school_id=one.school_id,
                school=both(one.school_name),
                side=one.side.value,
                zone=one.zone,
                grade=one.grade,
            )
            for one in await self.lessons.classes.names()
        ]
        return json_answer(ClassesOut(classes=found))

    async def find(self, request: web.Request) -> web.Response:
        authorise(viewer_of(request), Action.HOURS_FIND)
        asked = read_query(request, OverlapQuery)
        a, b = await self._pair(asked.a, asked.b)
        return json_answer(await asyncio.to_thread(self._overlap, asked, a, b))

    def _overlap(self, asked: OverlapQuery, a: ClassHours, b: ClassHours) -> OverlapOut:
        left, right = hours_of(a), hours_of(b)
        query = Query(
            a=left.party,
            b=right.party,
            from_on=asked.from_on or to_local(self.clock.now(), a.zone).date(),
            weeks=asked.weeks,
            minutes=asked.minutes or max(min(one.party.group.lesson_minutes for one in (left, right)), 5),
            worst_tier=asked.tier,
        )
        guessed = [key for key, side in (("a", left), ("b", right)) if side.is_guessed]
        return OverlapOut.model_validate({**answer_json(find_overlaps(query)), "is_guessed": guessed})

    async def _pair(
        self, a: str, b: str, leads: tuple[AccountId | None, AccountId | None] = (None, None)
    ) -> tuple[ClassHours, ClassHours]:
        first, second = ClassGroupId(a), ClassGroupId(b)
        named = {group: lead for group, lead in zip((first, second), leads, strict=True) if lead is not None}
        classes = await self.lessons.classes.hours([first, second], leads=named)
        if first not in classes or second not in classes or a == b:
            raise NotFound(ErrorCode.NOT_FOUND, "one of the two classes, or both the same")
        return classes[first], classes[second]

    async def plan(self, request: web.Request) -> web.Response:
        _proposer(request)
        asked = await read_json(request, PlanIn)
        _, _, plan = await self._plan(request, asked)
        return json_answer(PlanOut.model_validate(series_json(plan)))

    async def _plan(self, request: web.Request, asked: PlanIn) -> tuple[ClassHours, ClassHours, SeriesPlan]:
        own, partner = adult_of(request).account, asked.partner_lead
        a, b = await self._pair(asked.a, asked.b, (own.id, AccountId(partner) if partner else None))
        if a.school_id != own.school_id or b.school_id == a.school_id:
            raise NotFound(ErrorCode.NOT_FOUND, "a is not one of the own classes, or b is")
        plan = await asyncio.to_thread(plan_wanted, _wanted(asked), a, b)
        if plan is None:
            raise InvalidInput(ErrorCode.SERIES_NOT_PLANNABLE, f"{asked.date} {asked.start}, {asked.lessons} lessons")
        return a, b, plan

    async def propose(self, request: web.Request) -> web.Response:
        viewer = _proposer(request)
        asked = await read_json(request, SeriesIn)
        a, b, plan = await self._plan(request, asked)
        proposals = [
            Proposal(
                title=LocalizedText(asked.title.en, asked.title.zh),
                class_groups=(a.class_group_id, b.class_group_id),
                leads=(viewer.account.id, AccountId(asked.partner_lead)),
                anchor=asked.anchor,
                date=on,
                start=start,
                minutes=asked.minutes,
            )
            for on, start in _wall_starts(plan, asked)
        ]
        if not proposals:
            raise InvalidInput(ErrorCode.SERIES_NOT_PLANNABLE, "every lesson is left out")
        series, failed = await self.lessons.series.propose(
            proposals, anchor=asked.anchor, every_weeks=asked.every_weeks, by=viewer.account.id
        )
        if series is None:
            raise failed[0].error
        view = await self.lessons.series.view(series.id)
        return json_answer(await self._series(series, view.lessons, failed), 201)

    async def show(self, request: web.Request) -> web.Response:
        adult_of(request)
        view = await self.lessons.series.view(request.match_info["id"])
        if not view.lessons:
            raise NotFound(ErrorCode.NOT_FOUND, "a series without lessons")
        authorise(viewer_of(request), Action.LESSON_SEE, Subject(lesson=facts_of(view.lessons[0])))
        return json_answer(await self._series(view.series, view.lessons))

    async def confirm(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        view = await self.lessons.series.view(request.match_info["id"])
        waiting = [one for one in view.lessons if one.state is LessonState.PROPOSED]
        judged = next(iter(waiting or view.lessons), None)
        if judged is None:
            raise NotFound(ErrorCode.NOT_FOUND, "a series without lessons")
        side = judged.side_of_adult(viewer.account.id) or judged.side_of_school(viewer.account.school_id)
        authorise(viewer, Action.LESSON_CONFIRM, Subject(lesson=facts_of(judged), side=side.key if side else None))
        _, failed = await self.lessons.series.confirm_all(view.series.id, by=viewer.account.id)
        after = await self.lessons.series.view(view.series.id)
        return json_answer(await self._series(after.series, after.lessons, failed))

    async def _series(self, series: Series, lessons: tuple[Lesson, ...], failed: tuple[NotDone, ...] = ()) -> SeriesOut:
        names = await names_of(self.people, lessons)
        return SeriesOut(
            id=series.id,
            anchor=series.anchor,
            every_weeks=series.every_weeks,
            created_at=series.created_at,
            lessons=[lesson_out(lesson, names) for lesson in lessons],
            not_done=[
                NotDoneOut(
                    number=one.number,
                    code=str(one.error.code),
                    titles=both(LocalizedText(one.error.text.en, one.error.text.zh)),
                )
                for one in failed
            ],
        )


def _proposer(request: web.Request) -> Adult:
    viewer = adult_of(request)
    school_id = viewer.account.school_id
    authorise(viewer, Action.LESSON_PROPOSE, Subject(school_id=school_id) if school_id else Subject())
    return viewer


def _wanted(asked: PlanIn) -> WantedSeries:
    return WantedSeries(
        on=asked.date,
        start=asked.start,
        minutes=asked.minutes,
        lessons=asked.lessons,
        every_weeks=asked.every_weeks,
        anchor=asked.anchor,
    )


def _wall_starts(plan: SeriesPlan, asked: SeriesIn) -> list[tuple[date, time]]:
    """On the anchor's wall, lesson by lesson. Raises InvalidInput for a start that the plan does not offer."""
    found = []
    for lesson in plan.lessons:
        if lesson.number in asked.starts and asked.starts[lesson.number] is None:
            continue
        slot = _chosen(lesson, asked.starts.get(lesson.number))
        if slot is not None:
            side = slot.a if asked.anchor == "a" else slot.b
            found.append((side.on, time.fromisoformat(side.start)))
    return found


def _chosen(lesson: PlannedLesson, wanted: datetime | None) -> Slot | None:
    offered: tuple[Slot, ...] = (*((lesson.slot,) if lesson.slot else ()), *lesson.replacements)
    if wanted is None:
        return next(iter(offered), None)
    for slot in offered:
        if wanted.tzinfo is not None and slot.start_at == wanted:
            return slot
    raise InvalidInput(ErrorCode.INVALID_REQUEST, f"starts: lesson {lesson.number} cannot begin then")
