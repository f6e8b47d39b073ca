"""What the app does without being asked: plans reminders, sends the letters that are due, reads calendars elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog
from aiohttp import web

from server.clock import Clock
from server.lessons import Lessons
from server.outbox import Letter, Outbox
from server.people import Mailer
from server.tasks import TaskOwner

# A reminder is due on the minute; five of them late is still an hour before.
PLAN_EVERY_S = 300.0

log = structlog.get_logger("tongchuang.jobs")


def add_jobs(
    app: web.Application, *, lessons: Lessons, mailer: Mailer, clock: Clock, plan_every_s: float = PLAN_EVERY_S
) -> None:
    """They run while the application does. Every app process has them: letters are claimed one by one."""
    app.cleanup_ctx.append(_jobs(lessons, mailer, clock, plan_every_s))


def _jobs(
    lessons: Lessons, mailer: Mailer, clock: Clock, plan_every_s: float
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def deliver(letter: Letter, message_id: str, follows: str) -> bool:
        return await mailer.send(
            letter.to,
            letter.subject,
            letter.text,
            message_id=message_id,
            follows=follows,
            calendar=letter.calendar,
        )

    async def run(_: web.Application) -> AsyncIterator[None]:
        outbox = Outbox(
            lessons.letters,
            clock,
            deliver=deliver if mailer.is_configured else None,
            is_still_wanted=lessons.reminders.is_still_wanted,
            domain=mailer.sender.rpartition("@")[2] or "localhost",
        )
        tasks = TaskOwner("jobs")
        outbox.start()
        tasks.start(_follow_clock_rules(lessons, outbox), name="clock rules")
        tasks.start(_remind(lessons, outbox, plan_every_s), name="reminders")
        tasks.start(_read_calendars(lessons, plan_every_s), name="calendars")
        yield
        await tasks.close()
        await outbox.close()

    return run


async def _follow_clock_rules(lessons: Lessons, outbox: Outbox) -> None:
    try:
        if await lessons.clock_rules.follow():
            outbox.wake()
    except Exception:
        # The next start looks again; lessons follow the new rules all the same.
        log.exception("clock_rules_failed")


async def _remind(lessons: Lessons, outbox: Outbox, plan_every_s: float) -> None:
    while True:
        try:
            if await lessons.reminders.plan():
                outbox.wake()
        except Exception:
            # The database may be away for a moment; what was missed is planned the next time.
            log.exception("reminders_failed")
        await asyncio.sleep(plan_every_s)


async def _read_calendars(lessons: Lessons, every_s: float) -> None:
    while True:
        try:
            await lessons.outside_calendars.refresh()
        except Exception:
            # As above; what is due stays due.
            log.exception("calendars_failed")
        await asyncio.sleep(every_s)
