"""Attendance: taken from the media server's words, shown as a sheet, corrected and signed by each school for itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from livekit.protocol.models import ParticipantInfo

from server.clock import Clock
from server.errors import Conflict, ErrorCode, InvalidInput, TongchuangError
from server.ids import AccountId, LessonId, PersonId, StudentId
from server.lessons.attendance import (
    Correction,
    Expected,
    Interval,
    LeftBy,
    Presence,
    Sheet,
    build_sheet,
    require_intervals,
)
from server.lessons.attendance_csv import write_csv
from server.lessons.attendance_repository import AttendanceRepository
from server.lessons.changes import LessonChanges
from server.lessons.directory import Directory
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson, adult_person, pupil_person, room_of
from server.lessons.machine import MAX_NOTE_CHARS, require_text
from server.lessons.ports import Done
from server.lessons.presence_log import Compared, Joined, Left, Told
from server.lessons.service import LessonService
from server.pair import LocalizedText
from server.people import Language

log = structlog.get_logger("tongchuang.attendance")

# The media server's list of who is in a room of that name; empty when there is no such room.
ListParticipants = Callable[[str], Awaitable[Sequence[ParticipantInfo]]]
# Much longer than any media server tries to deliver one.
REMEMBER_EVENTS = timedelta(days=2)
_CORRECTABLE = (LessonState.ENDED, LessonState.ATTENDANCE_SIGNED)
_ADULT, _PUPIL = "adult-", "pupil-"


class AttendanceService:
    """Who may see, correct and sign is judged by `server.access`; that each side does so for itself, here."""

    def __init__(
        self,
        *,
        attendance: AttendanceRepository,
        lessons: LessonService,
        changes: LessonChanges,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._attendance = attendance
        self._lessons = lessons
        self._changes = changes
        self._directory = directory
        self._clock = clock

    # -- what the media server says

    async def take(self, lesson_id: LessonId, told: Told | None, *, event_id: str = "") -> bool:
        """Whether it is news: not seen before, and of a lesson that exists."""
        return await self._attendance.take(lesson_id, told, event_id=event_id, at=self._clock.now())

    async def joined(
        self, lesson_id: LessonId, person: PersonId, at: datetime, *, sid: str, room_sid: str = "", event_id: str = ""
    ) -> bool:
        """`sid`: of this connection; also for those without media, such as silent companions."""
        presence = Presence(lesson_id=lesson_id, sid=sid, person=person, room_sid=room_sid, joined_at=whole_second(at))
        return await self.take(lesson_id, Joined(presence=presence), event_id=event_id)

    async def left(
        self,
        lesson_id: LessonId,
        person: PersonId,
        at: datetime,
        *,
        sid: str,
        room_sid: str = "",
        joined_at: datetime | None = None,
        is_interrupted: bool = False,
        event_id: str = "",
    ) -> bool:
        """`joined_at`: of this connection when it is known, so that a lost `joined` is made good."""
        presence = Presence(
            lesson_id=lesson_id,
            sid=sid,
            person=person,
            room_sid=room_sid,
            joined_at=min(whole_second(joined_at or at), whole_second(at)),
            left_at=whole_second(at),
            left_by=LeftBy.TOLD,
            is_interrupted=is_interrupted,
        )
        return await self.take(lesson_id, Left(presence=presence), event_id=event_id)

    async def present(self, lesson_id: LessonId) -> frozenset[PersonId]:
        """Who is in the room now, as every app process sees it."""
        return frozenset(one.person for one in await self._attendance.presences(lesson_id) if one.is_open)

    async def reconcile(self, list_participants: ListParticipants) -> None:
        """After words may have been missed (a restart, a lost network): ask the media server who is there.

        A room that cannot be asked about is left as it is, for the next time.
        """
        now = self._clock.now()
        await self._attendance.forget_events(now - REMEMBER_EVENTS)
        held = await self._lessons.in_states([LessonState.LOBBY, LessonState.LIVE])
        for lesson_id in sorted({*(lesson.id for lesson in held), *await self._attendance.with_open_presences()}):
            known = frozenset(one.sid for one in await self._attendance.presences(lesson_id) if one.is_open)
            try:
                participants = await list_participants(room_of(lesson_id))
            except (TongchuangError, OSError, TimeoutError) as error:
                log.warning("attendance_not_compared", lesson_id=lesson_id, error=type(error).__name__)
                continue
            present = tuple(presence_of(lesson_id, "", one, now) for one in participants if is_there(one))
            await self.take(lesson_id, Compared(known=known, present=present, at=whole_second(self._clock.now())))

    # -- the sheet

    async def sheet(self, lesson_id: LessonId, *, by: AccountId | None = None) -> Sheet:
        """`by` given: it is noted that they saw it (C20). Raises NotFound."""
        return await self._seen(await self._sheet(lesson_id), "attendance.seen", by)

    async def _seen(self, sheet: Sheet, action: str, by: AccountId | None) -> Sheet:
        if by is not None:
            pupils = sum(not row.is_adult for row in sheet.rows)
            school_id = await self._changes.school_of(by)
            done = Done(action=action, by=by, school_id=school_id, detail={"pupils": pupils})
            await self._attendance.note_seen(sheet.lesson.id, done)
        return sheet

    async def _sheet(self, lesson_id: LessonId) -> Sheet:
        lesson = await self._lessons.get(lesson_id)
        presences = await self._attendance.presences(lesson_id)
        corrections = await self._attendance.corrections(lesson_id)
        seen = dict.fromkeys([*(one.person for one in presences), *corrections])
        expected = await self._expected(lesson, tuple(seen))
        return build_sheet(lesson, expected, presences, corrections, self._clock.now())

    async def _expected(self, lesson: Lesson, seen: tuple[PersonId, ...]) -> list[Expected]:
        """Both rosters and all adults; then who was there though they no longer are (removed, replaced)."""
        accounts = await self._directory.accounts(
            [*lesson.adults, *(AccountId(one.removeprefix(_ADULT)) for one in seen if one.startswith(_ADULT))]
        )
        found: dict[PersonId, Expected] = {}
        for side in lesson.sides:
            of_school = [one.id for one in accounts.values() if one.school_id == side.school_id]
            visitors = [one for one in of_school if one not in side.adults and adult_person(one) in seen]
            for account_id in (*side.adults, *visitors):
                account = accounts.get(account_id)
                name = account.name if account else LocalizedText("(deleted account)", "（已刪除的帳號）")
                person = adult_person(account_id)
                found[person] = Expected(person=person, side=side.key, is_adult=True, name=name)
            for student in await self._directory.students(side.class_group_id):
                person = pupil_person(student.id)
                name = LocalizedText(student.display_name, student.display_name)
                found[person] = Expected(person=person, side=side.key, is_adult=False, name=name)
        for person in seen:
            if person.startswith(_PUPIL) and person not in found:
                found |= await self._removed_pupil(lesson, person)
        return list(found.values())

    async def _removed_pupil(self, lesson: Lesson, person: PersonId) -> dict[PersonId, Expected]:
        student = await self._directory.find_student(StudentId(person.removeprefix(_PUPIL)))
        side = lesson.side_of_class_group(student.class_group_id) if student else None
        if student is None or side is None:
            return {}
        name = LocalizedText(student.display_name, student.display_name)
        return {person: Expected(person=person, side=side.key, is_adult=False, name=name)}

    async def csv(self, lesson_id: LessonId, language: Language, *, by: AccountId | None = None) -> bytes:
        """As `sheet`, as a file."""
        sheet = await self._seen(await self._sheet(lesson_id), "attendance.downloaded", by)
        schools = await self._directory.schools([side.school_id for side in sheet.lesson.sides])
        return write_csv(sheet, schools, language)

    # -- correcting and signing

    async def correct(
        self, lesson_id: LessonId, person: PersonId, intervals: Sequence[Interval], *, by: AccountId, reason: str
    ) -> Sheet:
        """What counts from now on; what was recorded stays. A signature of that side is void. No intervals: absent."""
        sheet = await self._sheet(lesson_id)
        lesson = sheet.lesson
        row = next((row for row in sheet.rows if row.person == person), None)
        if row is None:
            raise InvalidInput(ErrorCode.ATTENDANCE_INVALID, f"{person[:80]} is not on the sheet")
        own = await self._changes.own_side(lesson, by, row.side)
        if lesson.state not in _CORRECTABLE:
            raise Conflict(ErrorCode.LESSON_STATE, f"attendance in {lesson.state}")
        now = self._clock.now()
        correction = Correction(
            person=person,
            intervals=require_intervals(intervals, lesson, now),
            by=by,
            at=now,
            reason=require_text(reason, MAX_NOTE_CHARS),
        )
        detail = {"seconds_before": row.seconds, "seconds_after": sum(one.seconds for one in correction.intervals)}
        done = Done(action="attendance.correct", by=by, school_id=await self._changes.school_of(by), detail=detail)
        await self._attendance.correct(lesson_id, correction, done)
        if lesson.side(own).is_attendance_signed:
            await self._lessons.void_signature(lesson_id, own, by=by, note=correction.reason)
        return await self._sheet(lesson_id)

    async def sign(self, lesson_id: LessonId, *, by: AccountId, version: int | None = None) -> Lesson:
        """For the side of `by`'s school."""
        return await self._lessons.sign_attendance(lesson_id, by=by, version=version)


def presence_of(lesson_id: LessonId, room_sid: str, info: ParticipantInfo, now: datetime) -> Presence:
    """An open connection as the media server describes it."""
    seconds = info.joined_at or info.joined_at_ms // 1000
    joined_at = datetime.fromtimestamp(seconds, UTC) if seconds else whole_second(now)
    return Presence(
        lesson_id=lesson_id, sid=info.sid, person=PersonId(info.identity), room_sid=room_sid, joined_at=joined_at
    )


def counts(info: ParticipantInfo) -> bool:
    """People and screens; not recorders or agents, which LiveKit tells apart by kind."""
    return bool(info.identity and info.sid) and info.kind == ParticipantInfo.Kind.STANDARD


def is_there(info: ParticipantInfo) -> bool:
    """Somebody whose media is not connected yet has not joined, and no `left` will be told of them."""
    return counts(info) and info.state == ParticipantInfo.State.ACTIVE


def whole_second(at: datetime) -> datetime:
    """Webhooks have whole seconds; so has the sheet, and its times add up."""
    return at.replace(microsecond=0)
