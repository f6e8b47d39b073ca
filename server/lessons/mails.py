"""Notices by mail: in the reader's language, with the time on both clocks. No pupil is ever named in a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from server.ids import AccountId, SchoolId
from server.lessons.directory import Directory
from server.lessons.invitation import invitation
from server.lessons.lesson import Lesson
from server.lessons.local_time import wall_time
from server.lessons.notice import Notice, NoticeKind
from server.outbox import Letter
from server.pair import WEEKDAYS, LocalizedText
from server.people import Account, Language, School

# Notices that ask the other side for an answer.
_ASKS = frozenset({NoticeKind.PROPOSED, NoticeKind.MOVED})
_HOW_TO_ANSWER = LocalizedText(
    "Accept it, propose another hour or decline here, without signing in:",
    "不必登入，就能在這裡接受、提議其他時間或婉拒：",
)
# What the reader did: told once more so that a calendar program can read it.
_RECEIPTS = {
    NoticeKind.CONFIRMED: LocalizedText("You confirmed the lesson.", "您已確認這堂課。"),
    NoticeKind.DECLINED: LocalizedText("You declined the lesson.", "您已婉拒這堂課。"),
    NoticeKind.MOVED: LocalizedText("You moved the lesson.", "您已將這堂課改期。"),
    NoticeKind.CANCELLED: LocalizedText("You cancelled the lesson.", "您已取消這堂課。"),
}
# Of a letter that is there for the calendar alone, to who is asked by another one, and to the side that proposed.
_CALENDAR_ONLY = LocalizedText(
    "For your calendar: the new hour proposed for lesson {number}. Please answer by the letter that lists all lessons.",
    "供您的行事曆更新：第 {number} 堂課提議的新時間。請由列出所有課堂的那封信答覆。",
)
_CALENDAR_OF_PROPOSER = LocalizedText(
    "For your calendar: the new hour proposed for lesson {number}. The other school has been asked.",
    "供您的行事曆更新：第 {number} 堂課提議的新時間，已請對方學校答覆。",
)
# The organizer of events where there is no address to name: RFC 2606 keeps it free of everybody.
NOBODY = "no-reply@tongchuang.invalid"
MakeAnswerLink = Callable[[Lesson, AccountId], Awaitable[str]]

# A mail server that is down for longer makes nobody wiser: the dashboard has told it by then.
STALE_AFTER = timedelta(days=1)


class LessonMails:
    """`origin`: where links in mails lead; without one they have no link. `make_answer_link`: the path of a link by
    which this adult answers this version without signing in. `organizer`: the address that calendars are told."""

    def __init__(
        self,
        directory: Directory,
        origin: str = "",
        make_answer_link: MakeAnswerLink | None = None,
        *,
        organizer: str = NOBODY,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._make_answer_link = make_answer_link
        self._organizer = organizer

    async def letters(self, lesson: Lesson, notices: Sequence[Notice]) -> list[Letter]:
        """Each notice to its reader; accounts that are disabled or not there get none."""
        if not notices:
            return []
        accounts = await self._directory.accounts([notice.account_id for notice in notices])
        schools = await self._directory.schools([side.school_id for side in lesson.sides])
        letters = []
        for notice in notices:
            account = accounts.get(notice.account_id)
            if account is not None and not account.is_disabled:
                letters.append(await self._letter(lesson, notice, account, schools))
        return letters

    async def receipt(self, lesson: Lesson, kind: NoticeKind, by: AccountId, at: datetime) -> list[Letter]:
        """To whoever did it, when they lead in the lesson: their calendar would else keep the old hour."""
        heading = _RECEIPTS.get(kind)
        account = (await self._directory.accounts([by])).get(by)
        if heading is None or account is None or account.is_disabled or by not in lesson.adults:
            return []
        schools = await self._directory.schools([side.school_id for side in lesson.sides])
        notice = Notice(account_id=by, lesson_id=lesson.id, kind=kind, at=at, by=by)
        return [await self._letter(lesson, notice, account, schools, heading=heading)]

    async def calendar_updates(
        self, numbered: Mapping[int, Lesson], asking: Sequence[Letter], subject: str, at: datetime
    ) -> list[Letter]:
        """For lessons that were moved together, whose one letter asks for the answer: the new hour for the calendars
        of everybody who leads, one letter a lesson. Why: Outlook, Gmail and Apple's programs take up one invitation a
        mail, and one iTIP message holds one event (ADR 0510). They hang on the reader's letter in `asking`, or on
        their own first, under its `subject`: programs show letters together by both."""
        accounts = await self._directory.accounts({adult for lesson in numbered.values() for adult in lesson.adults})
        first = {one.to: one for one in asking}
        asked, letters = frozenset(first), []
        for number, lesson in numbered.items():
            schools = await self._directory.schools([side.school_id for side in lesson.sides])
            for account in (accounts[adult] for adult in lesson.adults if adult in accounts):
                if account.is_disabled:
                    continue
                notice = Notice(account_id=account.id, lesson_id=lesson.id, kind=NoticeKind.MOVED, at=at, by=None)
                words = _CALENDAR_ONLY if account.email in asked else _CALENDAR_OF_PROPOSER
                heading = LocalizedText(words.en.format(number=number), words.zh.format(number=number))
                letter = await self._letter(lesson, notice, account, schools, heading=heading, asks=False)
                if account.email in first:
                    letter = replace(letter, subject=f"Re: {subject}", follows=first[account.email].key)
                else:
                    letter = first[account.email] = replace(letter, subject=subject)
                letters.append(letter)
        return letters

    async def _letter(
        self,
        lesson: Lesson,
        notice: Notice,
        account: Account,
        schools: Mapping[SchoolId, School],
        *,
        heading: LocalizedText | None = None,
        asks: bool = True,
    ) -> Letter:
        link = await self._link(lesson, notice, asks=asks)
        subject, text = write_mail(lesson, notice, schools, account.language, link, heading=heading)
        # In a thread: the calendar library reads files when first used.
        calendar = await asyncio.to_thread(
            invitation,
            lesson,
            account,
            notice.kind,
            schools,
            organizer=self._organizer,
            origin=self._origin,
            at=notice.at,
        )
        return Letter(
            key=f"notice:{lesson.id}:{lesson.version}:{account.id}",
            to=account.email,
            subject=subject,
            text=text,
            due_at=notice.at,
            not_after=max(notice.at, lesson.ends_at) + STALE_AFTER,
            calendar=calendar,
        )

    async def _link(self, lesson: Lesson, notice: Notice, *, asks: bool) -> str:
        """Where the answer is given, or the lesson's own page."""
        if not self._origin:
            return ""
        side = lesson.side_of_adult(notice.account_id)
        is_asked = asks and notice.kind in _ASKS and side is not None and not side.is_confirmed
        if is_asked and self._make_answer_link is not None:
            return self._origin + await self._make_answer_link(lesson, notice.account_id)
        return f"{self._origin}/lessons/{lesson.id}"


def write_mail(
    lesson: Lesson,
    notice: Notice,
    schools: Mapping[SchoolId, School],
    language: Language,
    link: str,
    *,
    heading: LocalizedText | None = None,
) -> tuple[str, str]:
    """Subject and text. `heading`: of what the reader did. Pure."""

    def in_language(text: LocalizedText) -> str:
        return text.en if language == "en" else text.zh

    what = in_language(heading or heading_of(notice.kind))
    title = in_language(lesson.title)
    lines = [what, "", title]
    for side in lesson.sides:
        at = wall_time(lesson.starts_at, side.zone)
        school = schools.get(side.school_id)
        place = in_language(school.name) if school else side.zone
        day = in_language(WEEKDAYS[at.weekday])
        lines.append(f"{place}: {at.date.isoformat()} {day} {at.time:%H:%M} ({side.zone}), {lesson.minutes} min")
    if notice.note:
        lines += ["", notice.note]
    if link:
        if notice.kind in _ASKS and "/answer/" in link:
            lines += ["", in_language(_HOW_TO_ANSWER)]
        lines += ["", link]
    # Why: a title is typed by people, and a line break would start another header.
    subject = " ".join(f"{what} {title}".split())
    return subject, "\n".join(lines) + "\n"


def heading_of(kind: NoticeKind) -> LocalizedText:
    """What happened, as a sentence; pages and mails say it alike."""
    match kind:
        case NoticeKind.PROPOSED:
            return LocalizedText("A lesson was proposed to you.", "有學校向您提議一堂課。")
        case NoticeKind.CONFIRMED:
            return LocalizedText("The other side has confirmed the lesson.", "對方已確認這堂課。")
        case NoticeKind.DECLINED:
            return LocalizedText("The other side has declined the lesson.", "對方婉拒了這堂課。")
        case NoticeKind.MOVED:
            return LocalizedText("The lesson was moved: please confirm the new time.", "課程改期，請確認新的時間。")
        case NoticeKind.CANCELLED:
            return LocalizedText("The lesson was cancelled.", "這堂課已取消。")
        case NoticeKind.ADULTS_CHANGED:
            return LocalizedText("The teachers of the lesson have changed.", "這堂課的老師有異動。")
        case NoticeKind.CLOCK_RULES:
            return LocalizedText(
                "The rules of a clock have changed: please look at the time on both sides.",
                "時區規則有變動，請查看兩地的時間。",
            )
        case NoticeKind.LOBBY_OPENED:
            return LocalizedText("The lobby of the lesson is open.", "這堂課的等候室已開放。")
        case NoticeKind.ATTENDANCE_TO_SIGN:
            return LocalizedText("The lesson has ended: please sign the attendance.", "課程已結束，請簽核出席紀錄。")
        case NoticeKind.ATTENDANCE_CORRECTED:
            return LocalizedText("The attendance was corrected: please sign it again.", "出席紀錄已更正，請重新簽核。")
        case _:
            assert_never(kind)
