"""/lessons/{id}: one page that says what to press now, and everything that both sides must know of the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from server.access import Action, Subject, may
from server.errors import TongchuangError
from server.lessons import Lesson, LessonSide, SideKey
from server.pages.forms import Filled, fresh
from server.pages.lessons.board import Half, HalfFacts, Rights, board_of, halves_of, viewpoint_of
from server.pages.lessons.directory import Directory, directory_of
from server.pages.lessons.press import MODE_HINTS, MODES, STATES, TONES, Authorised, Press, next_press
from server.pages.lessons.reading import Asked, ask
from server.pages.lessons.story import story_of
from server.pages.staff import FORM_REFUSED, staff_language, staff_page
from server.people import SCHOOL_ROLES, Account, AuditFilter

WORDS: Mapping[str, Any] = {
    "state_text": STATES,
    "state_tone": TONES,
    "mode_text": MODES,
    "mode_hint": MODE_HINTS,
}
# The right behind each next press; without it the page only says what somebody else must do.
PRESSES: Mapping[Press, Action] = {
    Press.ANSWER: Action.LESSON_CONFIRM,
    Press.CHECK_CONSENT: Action.LESSON_CHECK_CONSENT,
    Press.CONSENT_MISSING: Action.LESSON_CHECK_CONSENT,
    Press.OPEN_LOBBY: Action.LESSON_OPEN_LOBBY,
    Press.ENTER: Action.ROOM_SEE,
    Press.SIGN: Action.ATTENDANCE_SIGN,
    Press.REPORT: Action.LESSON_REPORT,
}
# How many changes are told; a lesson that was moved more often has other troubles.
MAX_STORY = 40


async def show_lesson(request: web.Request) -> web.Response:
    asked = await ask(request, Action.LESSON_SEE)
    if notices := await asked.pages.lessons.lessons.notices_of(asked.account.id):
        here = [notice.id for notice in notices if notice.lesson_id == asked.lesson.id]
        if here:
            await asked.pages.lessons.lessons.mark_read(asked.account.id, here)
    return await lesson_page(request, asked)


async def refused_lesson(request: web.Request, asked: Asked, error: TongchuangError) -> web.Response:
    """The page again, as the lesson is now, with what is wrong."""
    now = await asked.pages.lessons.lessons.get(asked.lesson.id)
    return await lesson_page(request, replace(asked, lesson=now), problem=error)


async def lesson_page(
    request: web.Request,
    asked: Asked,
    *,
    problem: TongchuangError | None = None,
    forms: Mapping[str, Filled[Any]] | None = None,
) -> web.Response:
    lesson, people = asked.lesson, asked.pages.people
    audit = await people.audit.read(AuditFilter(lesson_id=lesson.id, action_prefix="lesson."), MAX_STORY)
    actors = {entry.actor for entry in audit.entries if entry.actor.startswith("ac_")}
    directory = await directory_of(people, [lesson], more=actors)  # type: ignore[arg-type]  # they begin with ac_
    viewpoint = viewpoint_of(lesson, asked.side, asked.account.school_id, directory)
    facts = {side.key: await _facts(asked, side) for side in lesson.sides}
    language = staff_language(request)
    colleagues = await _colleagues(asked)
    now, authorised = asked.now, authorised_of(facts, asked.side.key if asked.side else "a")
    press = next_press(lesson, asked.side, authorised, now)
    halves = halves_of(lesson, directory, viewpoint, facts)
    first, second = (_with_staff(half, asked, directory, colleagues, language) for half in halves)
    board = board_of(
        lesson,
        (first, second),
        viewpoint,
        authorised=authorised,
        can=_rights(asked, press),
        now=now,
        story=story_of(audit.entries, lesson, directory, viewpoint),
    )
    problem_form = fresh()
    if problem is not None:
        problem_form = problem_form.with_problem(problem)
    values: dict[str, Any] = {
        "problem_form": problem_form,
        "reason_form": fresh("decline-"),
        "cancel_form": fresh("cancel-"),
        "report_form": fresh("report-"),
        "staff_form": fresh(substitute=asked.side.substitute if asked.side else None),
        **(forms or {}),
    }
    values["series"] = await asked.pages.lessons.series.of_lesson(asked.lesson.id)
    status = problem.status if problem else FORM_REFUSED if forms else 200
    return await staff_page(
        request, "lessons/one.html", status=status, here=asked.path, nav="lessons", board=board, **WORDS, **values
    )


def authorised_of(facts: Mapping[SideKey, HalfFacts], own: SideKey) -> Authorised:
    other: SideKey = "b" if own == "a" else "a"
    return Authorised(mine=facts[own].authorisation is not None, other=facts[other].authorisation is not None)


async def _facts(asked: Asked, side: LessonSide) -> HalfFacts:
    people = asked.pages.people
    is_own = asked.side is not None and asked.side.key == side.key
    return HalfFacts(
        pupils=await people.rosters.count(side.class_group_id),
        authorisation=await people.class_groups.authorisation_of(side.class_group_id),
        cards_at=await asked.pages.cards.printed_at(side.class_group_id) if is_own else None,
    )


async def _colleagues(asked: Asked) -> tuple[Account, ...]:
    """Those of the own school who may lead: verified, not disabled, with a school's role (C19)."""
    if asked.side is None:
        return ()
    everybody = await asked.pages.people.accounts.of_school(asked.side.school_id)
    return tuple(one for one in everybody if may_lead(one))


def may_lead(account: Account) -> bool:
    return account.is_verified and not account.is_disabled and bool(account.roles & SCHOOL_ROLES)


def _with_staff(half: Half, asked: Asked, directory: Directory, colleagues: tuple[Account, ...], language: str) -> Half:
    side = asked.side
    if side is None or side.key != half.key or not asked.may(Action.LESSON_NAME_SUBSTITUTE):
        return half

    def said(account: Account) -> str:
        return account.name.en if language == "en" else account.name.zh

    taken = set(asked.lesson.adults)
    free = [one for one in colleagues if one.id not in taken]
    own = [one for one in colleagues if one.id in side.adults]
    return replace(
        half,
        can_staff=True,
        substitute_options=tuple((one.id, said(one)) for one in colleagues if one in free or one.id == side.substitute),
        co_teacher_options=tuple(
            (one.id, said(one), one.id in side.co_teachers)
            for one in colleagues
            if one in free or one.id in side.co_teachers
        ),
        hand_over_options=tuple((one.id, said(one)) for one in own if one.id != side.lead),
    )


def _rights(asked: Asked, press: Press) -> Rights:
    side = asked.side
    subject = Subject(school_id=side.school_id) if side else None
    return Rights(
        press=press in PRESSES and asked.may(PRESSES[press]),
        move=asked.may(Action.LESSON_MOVE),
        cancel=asked.may(Action.LESSON_CANCEL),
        cards=subject is not None and may(asked.viewer, Action.CARDS_PRINT, subject) and _is_before(asked.lesson),
        attendance=asked.may(Action.ATTENDANCE_SEE),
        write_report=asked.may(Action.LESSON_REPORT),
        read_reports=asked.may(Action.REPORTS_READ),
    )


def _is_before(lesson: Lesson) -> bool:
    return lesson.started_at is None and lesson.state != "cancelled"
