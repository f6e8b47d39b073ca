"""A term for programs: how it stands, and every change of it looked at or done, by the same service as its page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from scheduler import Change, series_json, slot_json
from server.access import Action, Adult, Subject, authorise
from server.api.reading import adult_of, json_answer, read_json
from server.api.scheduling_wire import NotDoneOut, PlanOut, ReasonOut, SlotOut
from server.api.showing import both
from server.api.term_wire import (
    ChangeTermIn,
    ClockIn,
    ClockLessonOut,
    ClockNoticeOut,
    MoveOut,
    MoveTermIn,
    NoteOut,
    RepairTermIn,
    TermChangedOut,
    TermIn,
    TermNoteIn,
    TermNotesOut,
    TermOut,
)
from server.api.wire import Bilingual
from server.clock import Clock
from server.errors import Conflict, ErrorCode, InvalidInput, NotFound
from server.lessons import (
    ClockChoice,
    ClockNotice,
    Lesson,
    Lessons,
    NotDone,
    SeriesView,
    SideKey,
    TermPlan,
    change_scope,
    coming,
    facts_of,
    load_zones,
    place_term,
    seen_of,
    start_on,
)
from server.pair import LocalizedText

_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A series that this adult may change so. `own`: their side's key, or the proposer's for who stands on neither.
    `left`: what can still be moved."""

    viewer: Adult
    view: SeriesView
    left: Mapping[int, Lesson]
    own: SideKey


@dataclass(frozen=True, slots=True, kw_only=True)
class TermApi:
    lessons: Lessons
    clock: Clock

    async def show(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_SEE)
        terms, view = self.lessons.terms, asked.view
        term = await terms.plan(view)
        choices = await terms.records.choices([view.series.id])
        return json_answer(
            TermOut(
                id=view.series.id,
                seen=seen_of(view.lessons),
                plan=PlanOut.model_validate(series_json(term.plan)) if term else None,
                smallest=_moves(view, term.smallest) if term else [],
                notes=await self._notes(view),
                clock=[
                    _notice(one, choices.get((view.series.id, one.changes_at)), self.clock.now())
                    for one in terms.notices(view)
                ],
            )
        )

    async def change(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_MOVE)
        sent = await read_json(request, ChangeTermIn)
        term = await self._plan(asked, sent, [sent.lesson])
        weekday = None if sent.weekday is None else _WEEK.index(sent.weekday)
        start_at = start_on(asked.left[sent.lesson], asked.own, weekday, sent.start)
        return await self._do(
            asked, sent, await asyncio.to_thread(change_scope, term, asked.left, sent.lesson, start_at, sent.scope)
        )

    async def move(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_MOVE)
        sent = await read_json(request, MoveTermIn)
        term = await self._plan(asked, sent, sent.starts)
        return await self._do(asked, sent, await asyncio.to_thread(place_term, term, sent.starts))

    async def repair(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_MOVE)
        sent = await read_json(request, RepairTermIn)
        term = await self._plan(asked, sent, ())
        return await self._do(asked, sent, term.smallest)

    async def choose_clock(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_MOVE)
        sent = await read_json(request, ClockIn)
        terms = self.lessons.terms
        starts = terms.starts_if(asked.view, sent.changes_at, sent.anchor)
        term = await self._plan(asked, sent, starts)
        for lesson in asked.left.values():
            if lesson.starts_at > sent.changes_at:
                _authorise(asked.viewer, Action.LESSON_MOVE, lesson)
        change = await asyncio.to_thread(place_term, term, starts)
        if sent.dry_run:
            return await self._told(asked, change)
        done, failed = await terms.choose_clock(
            asked.view, sent.changes_at, sent.anchor, by=asked.viewer.account.id, seen=sent.seen
        )
        return await self._told(asked, change, is_stored=True, moved=done, failed=failed)

    async def put_note(self, request: web.Request) -> web.Response:
        asked = await self._ask(request, Action.LESSON_MOVE)
        sent = await read_json(request, TermNoteIn)
        await self.lessons.terms.put_note(asked.view.series.id, sent.monday, sent.text, by=asked.viewer.account.id)
        return json_answer(TermNotesOut(notes=await self._notes(asked.view)))

    async def _ask(self, request: web.Request, action: Action) -> Asked:
        """The right first. Raises NotFound to those who may not see the lessons."""
        viewer = adult_of(request)
        view = await self.lessons.series.view(request.match_info["id"])
        if not view.lessons:
            raise NotFound(ErrorCode.NOT_FOUND, "a series without lessons")
        left = coming(view.lessons, self.clock.now())
        # With nothing left to change, the last lesson says what the matter is.
        first, last = view.lessons[0], view.lessons[-1]
        judged = first if action is Action.LESSON_SEE else next(iter(left.values()), last)
        _authorise(viewer, action, judged)
        await asyncio.to_thread(load_zones, {side.zone for side in judged.sides})
        own = judged.side_of_school(viewer.account.school_id)
        return Asked(viewer=viewer, view=view, left=left, own=own.key if own else "a")

    async def _plan(self, asked: Asked, sent: TermIn, numbers: Sequence[int] | Mapping[int, datetime]) -> TermPlan:
        """Raises Conflict when the term is no longer what was seen, InvalidInput for lessons that cannot be moved."""
        if sent.seen != seen_of(asked.view.lessons):
            raise Conflict(ErrorCode.LESSON_CHANGED, f"series {asked.view.series.id}")
        if not set(numbers) <= set(asked.left):
            raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, "lessons that are still to come")
        term = await self.lessons.terms.plan(asked.view)
        if term is None:
            raise Conflict(ErrorCode.LESSON_STATE, "nothing is still to come, or a class is gone")
        return term

    async def _do(self, asked: Asked, sent: TermIn, change: Change) -> web.Response:
        """What can go where it should goes there. Raises what went wrong when none of them could."""
        starts = {}
        for move in change.moves:
            slot = change.plan.lesson(move.number).slot
            if slot is not None:
                _authorise(asked.viewer, Action.LESSON_MOVE, asked.left[move.number])
                starts[move.number] = slot.start_at
        if sent.dry_run or not starts:
            return await self._told(asked, change)
        done, failed = await self.lessons.terms.move(asked.view, starts, by=asked.viewer.account.id, seen=sent.seen)
        if not done:
            raise failed[0].error
        return await self._told(asked, change, is_stored=True, moved=done, failed=failed)

    async def _told(
        self,
        asked: Asked,
        change: Change,
        *,
        is_stored: bool = False,
        moved: int = 0,
        failed: Sequence[NotDone] = (),
    ) -> web.Response:
        after = await self.lessons.series.view(asked.view.series.id) if is_stored else asked.view
        moves = _moves(asked.view, change)
        return json_answer(
            TermChangedOut(
                is_stored=is_stored,
                seen=seen_of(after.lessons),
                moves=moves,
                staying=len(asked.left) - len(moves),
                moved=moved,
                not_done=[_not_done(one) for one in failed],
            )
        )

    async def _notes(self, view: SeriesView) -> list[NoteOut]:
        found = await self.lessons.terms.records.notes(view.series.id)
        return [NoteOut(monday=one.monday, text=one.text) for one in found.values()]


def _authorise(viewer: Adult, action: Action, lesson: Lesson) -> None:
    side = lesson.side_of_adult(viewer.account.id) or lesson.side_of_school(viewer.account.school_id)
    authorise(viewer, action, Subject(lesson=facts_of(lesson), side=side.key if side else None))


def _moves(view: SeriesView, change: Change) -> list[MoveOut]:
    found = []
    for move in change.moves:
        planned = change.plan.lesson(move.number)
        problem = planned.problem
        found.append(
            MoveOut(
                number=move.number,
                starts_at=view.lessons[move.number - 1].starts_at,
                slot=SlotOut.model_validate(slot_json(planned.slot)) if planned.slot else None,
                problem=ReasonOut(code=problem.code, text=Bilingual(en=problem.text.en, zh=problem.text.zh))
                if problem
                else None,
                replacements=[SlotOut.model_validate(slot_json(slot)) for slot in planned.replacements],
            )
        )
    return found


def _notice(notice: ClockNotice, choice: ClockChoice | None, now: datetime) -> ClockNoticeOut:
    return ClockNoticeOut(
        changes_at=notice.changes_at,
        side=notice.side,
        shift_minutes=round(notice.shift.total_seconds() / 60),
        usual_a=f"{notice.usual[0]:%H:%M}",
        usual_b=f"{notice.usual[1]:%H:%M}",
        stays=notice.stays,
        chosen=choice.side if choice else None,
        is_due=notice.is_due(now),
        lessons=[
            ClockLessonOut(
                number=one.number,
                starts_at=one.lesson.starts_at,
                start_if_a=one.start_if("a"),
                start_if_b=one.start_if("b"),
            )
            for one in notice.lessons
        ],
    )


def _not_done(one: NotDone) -> NotDoneOut:
    text = one.error.text
    return NotDoneOut(number=one.number, code=str(one.error.code), titles=both(LocalizedText(text.en, text.zh)))
