"""/lessons: mine, by what they wait for: my answer, their day, nothing any more. The dashboard shows the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from server.access import Action, Adult, Subject, authorise, may
from server.ids import SchoolId
from server.lessons import Lesson, LessonService, LessonState, Notice, NoticeKind
from server.pages.lessons.board import Row, row_of, viewpoint_of
from server.pages.lessons.context import LESSON_PAGES, LessonPages
from server.pages.lessons.directory import Directory, directory_of
from server.pages.lessons.moments import moment
from server.pages.lessons.one import WORDS
from server.pages.lessons.press import OVER, Authorised, Press
from server.pages.lessons.reading import adult_viewer, own_side
from server.pages.staff import DashboardBlock, staff_page
from server.pair import LocalizedText
from server.people import Account, Role

# What is shown of the past; older ones are found by their class group.
MAX_PAST: Final = 30
# On the dashboard: what one looks at before the next bell.
MAX_COMING: Final = 4
MAX_NOTICES: Final = 6

# A bell is near: it stands above everything else.
AT_ONCE: Final = frozenset({Press.ENTER, Press.OPEN_LOBBY})
# Nothing goes on before this person does it.
WAITING: Final = frozenset({Press.ANSWER, Press.SIGN, Press.REPORT})

NOTICES: Final[dict[NoticeKind, LocalizedText]] = {
    NoticeKind.PROPOSED: LocalizedText("{who} proposes a lesson:", "{who}提議一堂課："),
    NoticeKind.CONFIRMED: LocalizedText("{who} confirmed:", "{who}確認了："),
    NoticeKind.DECLINED: LocalizedText("{who} declined:", "{who}婉拒了："),
    NoticeKind.MOVED: LocalizedText("{who} moved to another hour, please answer:", "{who}更改了時間，請回覆："),
    NoticeKind.CANCELLED: LocalizedText("{who} cancelled:", "{who}取消了："),
    NoticeKind.ADULTS_CHANGED: LocalizedText("{who} changed who leads:", "{who}更改了主持老師："),
    NoticeKind.CLOCK_RULES: LocalizedText(
        "The rules of a clock have changed, please look at the time:", "時區規則有變動，請查看時間："
    ),
    NoticeKind.LOBBY_OPENED: LocalizedText("{who} opened the lobby:", "{who}開放了等候室："),
    NoticeKind.ATTENDANCE_TO_SIGN: LocalizedText("The attendance can be signed:", "出席紀錄可以簽核了："),
    NoticeKind.ATTENDANCE_CORRECTED: LocalizedText("{who} corrected the attendance:", "{who}更正了出席紀錄："),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    when: str
    text: LocalizedText
    title: LocalizedText
    path: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Rows in the order in which they are read."""

    now: tuple[Row, ...]
    waiting: tuple[Row, ...]
    coming: tuple[Row, ...]
    past: tuple[Row, ...]


async def show_lessons(request: web.Request) -> web.Response:
    viewer, pages = adult_viewer(request), request.app[LESSON_PAGES]
    authorise(viewer, Action.LESSON_LIST)
    lessons = await lessons_of(pages, viewer.account)
    directory = await directory_of(pages.people, lessons)
    rows = await sorted_rows(pages, viewer.account, lessons, directory)
    return await staff_page(
        request,
        "lessons/list.html",
        now=rows.now,
        waiting=rows.waiting,
        coming=rows.coming,
        past=rows.past,
        may_propose=may_propose(viewer),
        **WORDS,
    )


def may_propose(viewer: Adult) -> bool:
    school_id = viewer.account.school_id
    return school_id is not None and may(viewer, Action.LESSON_PROPOSE, Subject(school_id=school_id))


async def lessons_of(pages: LessonPages, account: Account) -> list[Lesson]:
    return await lessons_of_school_or_account(pages.lessons.lessons, account)


async def lessons_of_school_or_account(service: LessonService, account: Account) -> list[Lesson]:
    """Where they lead; a coordinator sees the whole school."""
    if Role.COORDINATOR in account.roles and account.is_verified and account.school_id is not None:
        return await service.of_school(account.school_id)
    return await service.of_account(account.id)


async def sorted_rows(pages: LessonPages, account: Account, lessons: Sequence[Lesson], directory: Directory) -> Sorted:
    now = pages.clock.now()
    rows = [await _row(pages, account, lesson, directory) for lesson in lessons]
    pairs = list(zip(lessons, rows, strict=True))
    at_once = [row for _, row in pairs if row.press in AT_ONCE]
    waiting = [row for _, row in pairs if row.press in WAITING]
    coming = [
        row
        for lesson, row in pairs
        if row.press not in WAITING | AT_ONCE
        and lesson.state not in OVER
        and not (row.press is Press.MISSED and lesson.ends_at < now)
    ]
    known = {row.id for row in (*at_once, *waiting, *coming)}
    past = [row for row in reversed(rows) if row.id not in known]
    return Sorted(now=tuple(at_once), waiting=tuple(waiting), coming=tuple(coming), past=tuple(past[:MAX_PAST]))


async def _row(pages: LessonPages, account: Account, lesson: Lesson, directory: Directory) -> Row:
    side = own_side(lesson, account)
    missing: tuple[str, ...] = ()
    if lesson.state is LessonState.CONFIRMED:
        missing = await pages.lessons.lessons.missing_consent(lesson.id)
    mine = side.key if side else "a"
    authorised = Authorised(mine=mine not in missing, other=not set(missing) - {mine})
    viewpoint = viewpoint_of(lesson, side, account.school_id, directory)
    is_leading = account.id in lesson.adults
    return row_of(lesson, directory, viewpoint, authorised, pages.clock.now(), is_leading=is_leading)


async def dashboard_lessons(request: web.Request, adult: Adult) -> DashboardBlock:
    """What waits for this person, what is next, and what others changed."""
    pages, account = request.app[LESSON_PAGES], adult.account
    lessons = await lessons_of(pages, account)
    notices = (await pages.lessons.lessons.notices_of(account.id))[:MAX_NOTICES]
    by_id = {lesson.id: lesson for lesson in lessons}
    for notice in notices:
        if notice.lesson_id not in by_id and (found := await pages.lessons.lessons.find(notice.lesson_id)):
            by_id[found.id] = found
    directory = await directory_of(pages.people, list(by_id.values()), more=[one.by for one in notices if one.by])
    rows = await sorted_rows(pages, account, lessons, directory)
    lines = [_line(one, by_id[one.lesson_id], account, directory) for one in notices if one.lesson_id in by_id]
    return DashboardBlock(
        template="lessons/dashboard.html",
        values={
            "now": rows.now,
            "waiting": rows.waiting,
            "coming": rows.coming[:MAX_COMING],
            "more": max(0, len(rows.coming) - MAX_COMING),
            "notices": tuple(lines),
            "may_propose": may_propose(adult),
            **WORDS,
        },
        steps_done=await _steps_done(pages, account, lessons),
        partner=_partner(rows),
    )


def _partner(rows: Sorted) -> SchoolId | None:
    """Of the next lesson: the second clock of the dashboard is theirs."""
    for row in (*rows.now, *rows.coming, *rows.waiting):
        for half in row.halves:
            if not half.is_mine:
                return half.school_id
    return None


async def _steps_done(pages: LessonPages, account: Account, lessons: Sequence[Lesson]) -> frozenset[str]:
    """A step counts for the whole school: a colleague who printed cards has done it for all."""
    if account.school_id is None:
        return frozenset()
    done = set()
    if lessons or await pages.lessons.lessons.of_school(account.school_id):
        done.add("lesson")
    for group in await pages.people.class_groups.of_school(account.school_id):
        if await pages.cards.printed_at(group.id) is not None:
            done.add("cards")
            break
    return frozenset(done)


def _line(notice: Notice, lesson: Lesson, account: Account, directory: Directory) -> NoticeLine:
    viewpoint = viewpoint_of(lesson, own_side(lesson, account), account.school_id, directory)
    text, who = NOTICES[notice.kind], directory.name_of(notice.by)
    return NoticeLine(
        when=moment(notice.at, viewpoint.side, viewpoint.zone),
        text=LocalizedText(text.en.replace("{who}", who.en), text.zh.replace("{who}", who.zh)),
        title=lesson.title,
        path=f"/lessons/{lesson.id}",
        note=notice.note,
    )
