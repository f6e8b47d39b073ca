"""What can be asked of lessons and done to them.

Who may do what at all is judged by `server.access`; here stands what belongs to one side only: a school confirms,
declines, signs and names adults for itself. Everything else either of the two equal leads may do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta

from server.clock import Clock
from server.errors import Conflict, ErrorCode, Forbidden
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId, new_lesson_id
from server.lessons import commands as c
from server.lessons.booking import dates_around, require_free
from server.lessons.changes import LessonChanges, Listener
from server.lessons.directory import Directory
from server.lessons.facts import SIDE_KEYS, LessonFacts, LessonState, SideKey
from server.lessons.lesson import Lesson, Mode, facts_of
from server.lessons.local_time import are_loaded, load_zones
from server.lessons.machine import transition
from server.lessons.notice import Notice
from server.lessons.ports import LessonRepository
from server.lessons.proposal import (
    Involved,
    Proposal,
    build_lesson,
    choose_for_class_group,
    require_leader,
    require_start,
)

_DAYS_AROUND = timedelta(days=2)


class LessonService:
    """`by` None is the system (jobs, demo data), which must name the `side` where one is meant."""

    def __init__(
        self, *, lessons: LessonRepository, directory: Directory, clock: Clock, changes: LessonChanges
    ) -> None:
        self._lessons = lessons
        self._directory = directory
        self._clock = clock
        self._changes = changes

    def on_change(self, listener: Listener) -> None:
        """Called after each stored change, in this process only."""
        self._changes.on_change(listener)

    # -- asking

    async def find(self, lesson_id: LessonId) -> Lesson | None:
        return await self._lessons.find(lesson_id)

    async def get(self, lesson_id: LessonId) -> Lesson:
        """Raises NotFound."""
        return await self._changes.get(lesson_id)

    async def facts(self, lesson_id: LessonId) -> LessonFacts | None:
        lesson = await self._lessons.find(lesson_id)
        return facts_of(lesson) if lesson else None

    async def of_account(self, account_id: AccountId) -> list[Lesson]:
        """Where this adult leads, by start."""
        return await self._lessons.of_account(account_id)

    async def of_school(self, school_id: SchoolId) -> list[Lesson]:
        return await self._lessons.of_school(school_id)

    async def in_states(self, states: Collection[LessonState]) -> list[Lesson]:
        return await self._lessons.in_states(states)

    async def for_class_group(self, class_group_id: ClassGroupId, around: datetime) -> Lesson | None:
        """The lesson that a card of that class group leads to now."""
        first, last = around.date() - _DAYS_AROUND, around.date() + _DAYS_AROUND
        lessons = await self._lessons.of_class_group(class_group_id, first, last)
        return choose_for_class_group(lessons, class_group_id, around)

    async def missing_consent(self, lesson_id: LessonId) -> tuple[SideKey, ...]:
        """Sides whose class group has no school authorisation in force (C3)."""
        return await self._missing_consent(await self.get(lesson_id))

    async def _missing_consent(self, lesson: Lesson) -> tuple[SideKey, ...]:
        authorised = [await self._directory.is_authorised(side.class_group_id) for side in lesson.sides]
        return tuple(side.key for side, is_there in zip(lesson.sides, authorised, strict=True) if not is_there)

    async def notices_of(self, account_id: AccountId, *, unread_only: bool = True) -> list[Notice]:
        """Newest first."""
        return await self._lessons.notices_of(account_id, unread_only=unread_only)

    async def mark_read(self, account_id: AccountId, notice_ids: Collection[int]) -> None:
        await self._lessons.mark_read(account_id, notice_ids, self._clock.now())

    # -- planning

    async def propose(self, proposal: Proposal, *, by: AccountId | None, by_mail: bool = True) -> Lesson:
        """A new lesson that the own side stands by; the other side is told. `by_mail` False: of a series, whose own
        letter tells of all its lessons at once."""
        involved = await self._involved(proposal, by)
        await _prepare_zones([school.zone for school in involved.schools.values()])
        lesson = build_lesson(new_lesson_id(), proposal, involved, by=by, at=self._clock.now())
        if by is not None:
            own = lesson.sides[0].school_id
            account = involved.accounts.get(by)
            if account is None or account.school_id != own:
                raise Forbidden(ErrorCode.LESSON_OTHER_SIDE, by)
            require_leader(account, own)
        await self._require_free(lesson)
        await self._changes.add(lesson, by=by, by_mail=by_mail)
        return lesson

    async def _involved(self, proposal: Proposal, by: AccountId | None) -> Involved:
        groups = await self._directory.class_groups(proposal.class_groups)
        return Involved(
            accounts=await self._directory.accounts([*proposal.adults, *([by] if by else [])]),
            class_groups=groups,
            schools=await self._directory.schools([group.school_id for group in groups.values()]),
        )

    async def _require_free(self, lesson: Lesson) -> None:
        first, last = dates_around(lesson)
        groups = [side.class_group_id for side in lesson.sides]
        leads = [side.lead for side in lesson.sides]
        require_free(lesson, await self._lessons.touching(groups, leads, first, last))

    async def confirm(
        self, lesson_id: LessonId, *, by: AccountId | None, side: SideKey | None = None, version: int | None = None
    ) -> Lesson:
        """For the side of `by`'s school. Raises Conflict(LESSON_DOUBLE_BOOKED) when the hour was given away since."""

        async def plan(lesson: Lesson) -> c.Command:
            return c.Confirm(side=await self._changes.own_side(lesson, by, side))

        return await self._changes.change(lesson_id, plan, by=by, version=version)

    async def decline(
        self,
        lesson_id: LessonId,
        reason: str,
        *,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
    ) -> Lesson:
        def make(own: SideKey) -> c.Command:
            return c.Decline(side=own, reason=reason)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version, note=reason)

    async def move(
        self,
        lesson_id: LessonId,
        *,
        date: date,
        start: time,
        minutes: int | None = None,
        anchor: SideKey | None = None,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
        by_mail: bool = True,
    ) -> Lesson:
        """The mover's side stands by the new time; the other is told and must confirm anew. `by_mail` as in propose."""

        async def plan(lesson: Lesson) -> c.Command:
            zones = await self._zones_now(lesson)
            new_anchor = anchor or lesson.anchor
            lasting = lesson.minutes if minutes is None else minutes
            require_start(date, start, zones[SIDE_KEYS.index(new_anchor)], lasting, self._clock.now())
            own = await self._changes.own_side(lesson, by, side)
            command = c.Move(side=own, anchor=new_anchor, date=date, start=start, minutes=lasting, zones=zones)
            await self._require_free(transition(lesson, command, by=by, at=self._clock.now()))
            return command

        return await self._changes.change(lesson_id, plan, by=by, version=version, by_mail=by_mail)

    async def _zones_now(self, lesson: Lesson) -> tuple[str, str]:
        """A school may have corrected its zone since the lesson was proposed."""
        schools = await self._directory.schools([side.school_id for side in lesson.sides])
        a, b = (schools[side.school_id].zone if side.school_id in schools else side.zone for side in lesson.sides)
        await _prepare_zones([a, b])
        return a, b

    async def cancel(
        self, lesson_id: LessonId, reason: str, *, by: AccountId | None, version: int | None = None
    ) -> Lesson:
        return await self._do(lesson_id, c.Cancel(reason=reason), by=by, version=version, note=reason)

    async def check_consent(self, lesson_id: LessonId, *, by: AccountId | None, version: int | None = None) -> Lesson:
        """C3. Raises Conflict(CONSENT_MISSING)."""
        return await self._with_consent(lesson_id, c.CheckConsent(), by=by, version=version)

    # -- adults

    async def name_substitute(
        self,
        lesson_id: LessonId,
        account_id: AccountId | None,
        *,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
    ) -> Lesson:
        """Until the end of the lesson; None takes the substitute away."""

        def make(own: SideKey) -> c.Command:
            return c.NameSubstitute(side=own, account=account_id)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version, leader=account_id)

    async def add_co_teacher(
        self,
        lesson_id: LessonId,
        account_id: AccountId,
        *,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
    ) -> Lesson:
        def make(own: SideKey) -> c.Command:
            return c.AddCoTeacher(side=own, account=account_id)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version, leader=account_id)

    async def remove_co_teacher(
        self,
        lesson_id: LessonId,
        account_id: AccountId,
        *,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
    ) -> Lesson:
        def make(own: SideKey) -> c.Command:
            return c.RemoveCoTeacher(side=own, account=account_id)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version)

    async def hand_over_lead(
        self,
        lesson_id: LessonId,
        to: AccountId,
        *,
        by: AccountId | None,
        side: SideKey | None = None,
        version: int | None = None,
    ) -> Lesson:
        """To a co-teacher or the substitute of the own side."""

        def make(own: SideKey) -> c.Command:
            return c.HandOverLead(side=own, to=to)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version, leader=to)

    # -- holding it

    async def set_mode(
        self, lesson_id: LessonId, side: SideKey, mode: Mode, *, by: AccountId | None, version: int | None = None
    ) -> Lesson:
        return await self._do(lesson_id, c.SetMode(side=side, mode=mode), by=by, version=version)

    async def set_adults_needed(
        self, lesson_id: LessonId, number: int, *, by: AccountId | None, version: int | None = None
    ) -> Lesson:
        """C14: 1 or 2."""
        return await self._do(lesson_id, c.SetAdultsNeeded(number=number), by=by, version=version)

    async def open_lobby(self, lesson_id: LessonId, *, by: AccountId | None, version: int | None = None) -> Lesson:
        """From 30 minutes before the start. The authorisations are looked at again: one may be revoked by now (C3)."""
        return await self._with_consent(lesson_id, c.OpenLobby(), by=by, version=version)

    async def start(self, lesson_id: LessonId, *, by: AccountId | None, version: int | None = None) -> Lesson:
        """Also before the planned time."""
        return await self._do(lesson_id, c.Start(), by=by, version=version)

    async def end(self, lesson_id: LessonId, *, by: AccountId | None, version: int | None = None) -> Lesson:
        return await self._do(lesson_id, c.End(), by=by, version=version)

    async def sign_attendance(
        self, lesson_id: LessonId, *, by: AccountId | None, side: SideKey | None = None, version: int | None = None
    ) -> Lesson:
        """Each school for its own pupils; with both signatures the lesson is `attendance_signed`."""

        def make(own: SideKey) -> c.Command:
            return c.SignAttendance(side=own)

        return await self._for_own_side(lesson_id, make, by=by, side=side, version=version)

    async def void_signature(self, lesson_id: LessonId, side: SideKey, *, by: AccountId | None, note: str) -> Lesson:
        """After a correction of the attendance, which calls this."""
        return await self._do(lesson_id, c.VoidSignature(side=side), by=by, version=None, note=note)

    async def report(
        self, lesson_id: LessonId, text: str, *, by: AccountId | None, version: int | None = None
    ) -> Lesson:
        return await self._do(lesson_id, c.Report(text=text), by=by, version=version)

    # -- the three ways to a command

    async def _do(
        self, lesson_id: LessonId, command: c.Command, *, by: AccountId | None, version: int | None, note: str = ""
    ) -> Lesson:
        async def plan(_: Lesson) -> c.Command:
            return command

        return await self._changes.change(lesson_id, plan, by=by, version=version, note=note)

    async def _with_consent(
        self, lesson_id: LessonId, command: c.Command, *, by: AccountId | None, version: int | None
    ) -> Lesson:
        async def plan(lesson: Lesson) -> c.Command:
            if missing := await self._missing_consent(lesson):
                raise Conflict(ErrorCode.CONSENT_MISSING, f"sides {', '.join(missing)}")
            return command

        return await self._changes.change(lesson_id, plan, by=by, version=version)

    async def _for_own_side(
        self,
        lesson_id: LessonId,
        make: Callable[[SideKey], c.Command],
        *,
        by: AccountId | None,
        side: SideKey | None,
        version: int | None,
        leader: AccountId | None = None,
        note: str = "",
    ) -> Lesson:
        """`leader`: who must be a verified adult of that side's school."""

        async def plan(lesson: Lesson) -> c.Command:
            own = await self._changes.own_side(lesson, by, side)
            if leader is not None:
                found = await self._directory.accounts([leader])
                require_leader(found.get(leader), lesson.side(own).school_id)
            return make(own)

        return await self._changes.change(lesson_id, plan, by=by, version=version, note=note)


async def _prepare_zones(zones: list[str]) -> None:
    if not are_loaded(zones):
        await asyncio.to_thread(load_zones, zones)
