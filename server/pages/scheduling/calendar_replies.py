"""Handing in what calendar programs answered to our mailbox (/calendar-replies): a file, whose owner is named in it.

For the administrator who reads that mailbox, and for who may answer for the side anyway. Looking changes nothing.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.access import Action, Adult, Subject, authorise, authorise_alike, viewer_of
from server.errors import ErrorCode, InvalidInput, TongchuangError, Unauthorized
from server.lessons import facts_of
from server.pages.flash import Flash
from server.pages.forms import MAX_UPLOAD_BYTES, Form, read_form
from server.pages.scheduling.context import SCHEDULING
from server.pages.staff import FORM_REFUSED, go_to, staff_page
from server.pair import LocalizedText

PATH: Final = "/calendar-replies"


async def show_replies(request: web.Request) -> web.Response:
    _reader(request)
    return await _page(request)


async def post_replies(request: web.Request) -> web.Response:
    viewer, desk = _reader(request), request.app[SCHEDULING].reply_desk
    uploaded = (await read_form(request, Form)).files.get("reply", b"")
    try:
        if len(uploaded) > MAX_UPLOAD_BYTES:
            raise InvalidInput(ErrorCode.CALENDAR_REPLY_INVALID, "too large")
        handed = await desk.read(uploaded)
        authorise_alike(
            viewer,
            Action.CALENDAR_REPLY_TAKE,
            Subject(lesson=facts_of(handed.lesson), side=handed.side),
            InvalidInput(ErrorCode.CALENDAR_REPLY_OTHER, "not for them to hand in"),
        )
        await desk.take(handed, by=viewer.account.id)
    except TongchuangError as error:
        if error.status >= 500:
            raise
        return await _page(request, LocalizedText(error.text.en, error.text.zh))
    return go_to(request, PATH, Flash.REPLY_YES if handed.reply.is_accepted else Flash.REPLY_NO)


def _reader(request: web.Request) -> Adult:
    viewer = viewer_of(request)
    authorise(viewer, Action.CALENDAR_REPLY_READ)
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, PATH)
    return viewer


async def _page(request: web.Request, problem: LocalizedText | None = None) -> web.Response:
    return await staff_page(
        request,
        "scheduling/calendar_replies.html",
        status=FORM_REFUSED if problem else 200,
        here=PATH,
        problem=problem,
        address=request.app[SCHEDULING].people.mailer.sender,
    )
