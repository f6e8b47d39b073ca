"""Puts the coming reminders into the outbox, in both languages; run every few minutes, by any app process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from server.clock import Clock
from server.ids import LessonId, SchoolId
from server.lessons.directory import Directory
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.reminders import REMINDED, Reminder, ReminderKind, is_still_wanted, lesson_of_key, reminders
from server.outbox import Letter, OutboxRepository
from server.pair import WEEKDAYS
from server.people import Account, School

# A day's reminder is planned at most so long before it is due, so that what is changed until then is in it.
AHEAD = timedelta(hours=2)
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ReminderJob:
    """`find_lesson`, `lessons_in`: of the lesson store. `origin`: for the link in the letter."""

    def __init__(
        self,
        *,
        lessons_in: Callable[[frozenset[LessonState]], Awaitable[Sequence[Lesson]]],
        find_lesson: Callable[[LessonId], Awaitable[Lesson | None]],
        directory: Directory,
        letters: OutboxRepository,
        clock: Clock,
        origin: str,
    ) -> None:
        self._lessons_in = lessons_in
        self._find_lesson = find_lesson
        self._directory = directory
        self._letters = letters
        self._clock = clock
        self._origin = origin

    async def plan(self) -> int:
        """Idempotent: a reminder that was planned before is not planned again. How many were due to be planned."""
        now = self._clock.now()
        lessons = await self._lessons_in(REMINDED)
        coming = [lesson for lesson in lessons if now < lesson.starts_at <= now + timedelta(days=2)]
        if not coming:
            return 0
        accounts = await self._directory.accounts({one for lesson in coming for one in lesson.adults})
        schools = await self._directory.schools({side.school_id for lesson in coming for side in lesson.sides})
        zones = {
            one.id: schools[one.school_id].zone
            for one in accounts.values()
            if one.school_id is not None and one.school_id in schools
        }
        wanted = [one for one in reminders(coming, zones, now) if one.due_at <= now + AHEAD]
        await self._letters.put(
            [self._letter(one, accounts[one.account], schools) for one in wanted if one.account in accounts]
        )
        return len(wanted)

    async def is_still_wanted(self, key: str) -> bool:
        """For the outbox, just before a letter goes."""
        found = lesson_of_key(key)
        return found is None or is_still_wanted(key, await self._find_lesson(found[0]))

    def _letter(self, reminder: Reminder, account: Account, schools: Mapping[SchoolId, School]) -> Letter:
        lesson, local = reminder.lesson, reminder.local_start
        partner = next((side for side in lesson.sides if account.id not in side.adults), lesson.sides[1])
        school = schools.get(partner.school_id)
        link = f"{self._origin}/lessons/{lesson.id}"
        when_en, when_zh = _when(local)
        soon = reminder.kind is ReminderKind.HOUR
        return Letter(
            key=reminder.key,
            to=account.email,
            subject=f"{'In one hour 一小時後' if soon else 'Tomorrow 明天'}: {lesson.title.en} {lesson.title.zh}",
            text=f"""\
Hello {account.name.en},

{"in one hour" if soon else "tomorrow"} your class meets {school.name.en if school else "its partner"}:
{lesson.title.en}
{when_en} (your local time), {lesson.minutes} minutes
{link}

{account.name.zh} 您好：

{"一小時後" if soon else "明天"}，您的班級將與{school.name.zh if school else "夥伴學校"}一起上課：
{lesson.title.zh}
{when_zh}（當地時間），共 {lesson.minutes} 分鐘
{link}
""",
            due_at=reminder.due_at,
            not_after=reminder.not_after,
        )


def _when(local: datetime) -> tuple[str, str]:
    clock_12 = f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
    en = f"{_WEEKDAYS_EN[local.weekday()]}, {local:%Y-%m-%d}, {clock_12}"
    zh = f"{local.year} 年 {local.month} 月 {local.day} 日（{WEEKDAYS[local.weekday()].zh}）{local:%H:%M}"
    return en, zh
