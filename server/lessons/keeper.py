"""What nobody presses a button for: attendance that was missed, and lessons that were left open.

A lesson that two schools forgot to end would otherwise be where the cards of its class lead the next morning.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from server.clock import Clock
from server.errors import TongchuangError
from server.lessons.attendance_service import AttendanceService, ListParticipants
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.service import LessonService

log = structlog.get_logger("tongchuang.lessons")

# Webhooks come at once; this only makes good what was lost, and asking about a handful of rooms costs nothing.
LOOK_EVERY_S = 30.0
# Longer than any lesson runs over its bell; with people in the room it is never ended for them.
FORGOTTEN_AFTER = timedelta(hours=2)
NEVER_STARTED = "The lobby was open, but the lesson was never started. 等候室已開放，但課程未開始。"


class LessonKeeper:
    """One per app process; several do no harm, because each change is checked against the newest state."""

    def __init__(self, *, lessons: LessonService, attendance: AttendanceService, clock: Clock) -> None:
        self._lessons = lessons
        self._attendance = attendance
        self._clock = clock

    async def run(self, list_participants: ListParticipants, *, every_s: float = LOOK_EVERY_S) -> None:
        """Until it is cancelled; the first look is now. A look that fails is followed by the next."""
        while True:
            try:
                await self._attendance.reconcile(list_participants)
                await self.close_forgotten()
            except Exception:
                # The database may be away for a moment.
                log.exception("lesson_keeper_failed")
            await asyncio.sleep(every_s)

    async def close_forgotten(self) -> None:
        """End what is live, and cancel what never started, long after its planned end and with nobody there."""
        now = self._clock.now()
        for lesson in await self._lessons.in_states([LessonState.LOBBY, LessonState.LIVE]):
            if now >= lesson.ends_at + FORGOTTEN_AFTER and not await self._attendance.present(lesson.id):
                await self._close(lesson)

    async def _close(self, lesson: Lesson) -> None:
        try:
            if lesson.state is LessonState.LIVE:
                await self._lessons.end(lesson.id, by=None, version=lesson.version)
            else:
                await self._lessons.cancel(lesson.id, NEVER_STARTED, by=None, version=lesson.version)
        except TongchuangError as error:
            # Somebody was faster, which is as good.
            log.info("lesson_not_closed", lesson_id=lesson.id, error_code=str(error.code))
