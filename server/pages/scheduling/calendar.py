"""The private calendar address of an adult: shown once when it is made, ended at will, fetched by calendar programs."""

from __future__ import annotations

from aiohttp import web

from server.access import Action, Adult, authorise, viewer_of
from server.errors import ErrorCode, Unauthorized
from server.pages.flash import Flash
from server.pages.scheduling.context import SCHEDULING
from server.pages.staff import go_to, staff_page
from server.people import Account

PATH = "/account/calendar"


def _own(request: web.Request, action: Action) -> Account:
    viewer = viewer_of(request)
    authorise(viewer, action)
    if not isinstance(viewer, Adult):
        raise Unauthorized(ErrorCode.SIGN_IN_NEEDED, PATH)
    return viewer.account


async def show_calendar(request: web.Request) -> web.Response:
    account = _own(request, Action.ACCOUNT_SEE_OWN)
    made_at = await request.app[SCHEDULING].feeds.made_at(account.id)
    return await staff_page(request, "scheduling/calendar.html", made_at=made_at, address=None)


async def make_calendar(request: web.Request) -> web.Response:
    """The address stands in this answer only: afterwards nobody can read it, not even its owner."""
    account = _own(request, Action.ACCOUNT_CHANGE_OWN)
    pages = request.app[SCHEDULING]
    token = await pages.feeds.make(account.id)
    address = f"{pages.origin(request)}/calendar/{token}.ics"
    made_at = await pages.feeds.made_at(account.id)
    return await staff_page(request, "scheduling/calendar.html", here=PATH, made_at=made_at, address=address)


async def end_calendar(request: web.Request) -> web.Response:
    account = _own(request, Action.ACCOUNT_CHANGE_OWN)
    await request.app[SCHEDULING].feeds.end(account.id)
    return go_to(request, PATH, Flash.SAVED)


async def send_calendar(request: web.Request) -> web.Response:
    """For calendar programs: no cookie, the address is the right. 304 when nothing changed. Raises NotFound."""
    file = await request.app[SCHEDULING].feeds.file(request.match_info["token"])
    headers = {"ETag": file.etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match", "") == file.etag:
        return web.Response(status=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="tongchuang.ics"'
    return web.Response(body=file.content, content_type="text/calendar", charset="utf-8", headers=headers)
