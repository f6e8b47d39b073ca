"""Answering a proposal from the link in a mail, on a phone, without signing in: accept, counter or decline.

Looking changes nothing: mail programs fetch links before their readers do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field, ValidationError

from server.access import Action, Adult, Subject, authorise
from server.errors import ErrorCode, InvalidInput, NotFound, TongchuangError, Unauthorized
from server.lessons import (
    DECLINED_WITHOUT_REASON,
    AnswerLink,
    LessonSide,
    LinkState,
    facts_of,
    read_calendar_reply,
    wall_time,
)
from server.pages.forms import MAX_UPLOAD_BYTES, Form, Note, empty_is_none, read_form
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.staff import staff_page
from server.pages.wall import lang_of, wall_text
from server.pair import LocalizedText
from server.people import Account, School

REFUSED: Final = 422
_ACTIONS: Final[Mapping[str, Action]] = {
    "accept": Action.LESSON_CONFIRM,
    "decline": Action.LESSON_DECLINE,
    "counter": Action.LESSON_MOVE,
}
FILL_IN: Final = LocalizedText("Please give a date and a time.", "請填寫日期與時間。")


class AnswerForm(Form):
    """`on` (the field `date`) and `start`: on the answerer's own wall."""

    answer: Literal["accept", "decline", "counter"]
    reason: Note = ""
    on: Annotated[date | None, BeforeValidator(empty_is_none)] = Field(None, alias="date")
    start: Annotated[time | None, BeforeValidator(empty_is_none)] = None


async def show_answer(request: web.Request) -> web.Response:
    link = await request.app[SCHEDULING].answers.find(request.match_info["token"])
    return await _page(request, link)


async def post_reply(request: web.Request) -> web.Response:
    """What a calendar program wrote when its own button was pressed, given as a file."""
    link = await request.app[SCHEDULING].answers.find(request.match_info["token"])
    if link.state is not LinkState.OPEN:
        return await _page(request, link)
    uploaded = (await read_form(request, Form)).files.get("reply", b"")
    try:
        if len(uploaded) > MAX_UPLOAD_BYTES:
            raise InvalidInput(ErrorCode.CALENDAR_REPLY_INVALID, "too large")
        # In a thread: the calendar library reads files when first used.
        reply = await asyncio.to_thread(read_calendar_reply, uploaded)
        account = await request.app[SCHEDULING].people.accounts.find(link.account_id)
        is_about_it = (reply.lesson_id, reply.version) == (link.lesson.id, link.version)
        if account is None or not is_about_it or not reply.is_of(account.email):
            raise InvalidInput(ErrorCode.CALENDAR_REPLY_OTHER, "another lesson, version or person than the link")
    except InvalidInput as error:
        return await _page(request, link, problem=LocalizedText(error.text.en, error.text.zh))
    said = AnswerForm(answer="accept" if reply.is_accepted else "decline", reason=reply.comment)
    return await _give(request, link, said)


async def post_answer(request: web.Request) -> web.Response:
    link = await request.app[SCHEDULING].answers.find(request.match_info["token"])
    if link.state is not LinkState.OPEN:
        return await _page(request, link)
    try:
        form = AnswerForm.model_validate(dict((await request.post()).items()))
    except ValidationError:
        return await _page(request, link, problem=FILL_IN)
    if form.answer == "counter" and (form.on is None or form.start is None):
        return await _page(request, link, problem=FILL_IN)
    return await _give(request, link, form)


async def _give(request: web.Request, link: AnswerLink, form: AnswerForm) -> web.Response:
    pages, token = request.app[SCHEDULING], request.match_info["token"]
    account = await pages.people.accounts.find(link.account_id)
    if account is None or account.is_disabled:
        raise NotFound(ErrorCode.NOT_FOUND, "the account of an answer link")
    side = _own_side(link, account)
    # The link says who asks; what they may do is asked as of everybody else.
    subject = Subject(lesson=facts_of(link.lesson), side=side.key)
    authorise(Adult(account=account, csrf=""), _ACTIONS[form.answer], subject)
    try:
        link = await pages.answers.use(token)
    except TongchuangError:
        return await _page(request, await pages.answers.find(token))
    try:
        await _do(pages, link, account, side, form)
    except TongchuangError as error:
        await pages.answers.give_back(token)
        if error.status not in (400, 409):
            raise
        return await _page(
            request, await pages.answers.find(token), problem=LocalizedText(error.text.en, error.text.zh)
        )
    headers = {"Location": f"/answer/{token}", "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


async def _do(pages: SchedulingPages, link: AnswerLink, account: Account, side: LessonSide, form: AnswerForm) -> None:
    if form.answer == "accept":
        await pages.lessons.confirm(link.lesson.id, by=account.id, version=link.version)
    elif form.answer == "decline":
        reason = form.reason or DECLINED_WITHOUT_REASON
        await pages.lessons.decline(link.lesson.id, reason, by=account.id, version=link.version)
    elif form.on is not None and form.start is not None:
        await pages.lessons.move(
            link.lesson.id, date=form.on, start=form.start, anchor=side.key, by=account.id, version=link.version
        )


def _own_side(link: AnswerLink, account: Account) -> LessonSide:
    side = link.lesson.side_of_adult(account.id) or link.lesson.side_of_school(account.school_id)
    if side is None:
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, "the answerer left this lesson")
    return side


async def _page(request: web.Request, link: AnswerLink, *, problem: LocalizedText | None = None) -> web.Response:
    pages = request.app[SCHEDULING]
    lesson = link.lesson
    account = await pages.people.accounts.find(link.account_id)
    schools = await pages.people.schools.find_many([side.school_id for side in lesson.sides])
    groups = await pages.people.class_groups.find_many([side.class_group_id for side in lesson.sides])
    own = lesson.side_of_adult(link.account_id) or lesson.sides[1]
    at = wall_time(lesson.starts_at, own.zone)
    return await staff_page(
        request,
        "scheduling/answer.html",
        here=f"/answer/{request.match_info['token']}",
        status=REFUSED if problem else 200,
        lesson=lesson,
        reader=account.name if account else None,
        walls=[
            (side, schools[side.school_id], _wall(side, schools[side.school_id], lesson.starts_at, lesson.ends_at))
            for side in lesson.sides
            if side.school_id in schools
        ],
        groups=groups,
        lang_of=lang_of,
        own=own,
        own_date=at.date.isoformat(),
        own_start=f"{at.time:%H:%M}",
        link_state=str(link.state),
        is_open=link.state is LinkState.OPEN,
        problem=problem,
    )


def _wall(side: LessonSide, school: School, starts_at: datetime, ends_at: datetime) -> str:
    start, end = wall_time(starts_at, side.zone), wall_time(ends_at, side.zone)
    return wall_text(school.side, start.date, start.time, end.time)
