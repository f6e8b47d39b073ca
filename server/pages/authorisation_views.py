"""The school's authorisation of a class (C3): the text to sign, who signed and when, and taking it back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import AfterValidator, StringConstraints

from server.access import Action, Subject, add_route, may
from server.errors import InvalidInput
from server.pages.authorisation_text import LETTER, TEXT_VERSION
from server.pages.flash import Flash
from server.pages.forms import Filled, Form, fresh, one_line, read_form
from server.pages.people_context import PEOPLE, day_of, group_for, people_of, signed_in
from server.pages.staff import go_to, staff_page
from server.pair import LocalizedText
from server.people import ClassGroup, School

IN_THE_FUTURE = LocalizedText("This day has not come yet.", "這個日期還沒到。")
TOO_LONG_AGO = LocalizedText("This is too long ago: please check the year.", "日期太久以前，請檢查年份。")
# Why: an authorisation of another school career is none for this class; and it catches a mistyped year.
_OLDEST_YEARS = 5


class AuthorisationForm(Form):
    """`given_by`: name and office, as written on the paper."""

    given_by: Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(one_line)]
    given_on: date


def add_authorisations(app: web.Application) -> None:
    add_route(app, "GET", "/class-groups/{group}/authorisation", show, Action.CLASS_GROUP_SEE)
    add_route(app, "POST", "/class-groups/{group}/authorisation", record, Action.AUTHORISATION_RECORD)
    add_route(app, "POST", "/class-groups/{group}/authorisation/revoke", revoke, Action.AUTHORISATION_REVOKE)


async def show(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.CLASS_GROUP_SEE)
    return await _page(request, group, school, fresh(given_on=_today(request, school).isoformat()))


async def record(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.AUTHORISATION_RECORD)
    form = await read_form(request, AuthorisationForm)
    today = _today(request, school)
    if form.parsed is not None and form.parsed.given_on > today:
        form = form.with_error("given_on", IN_THE_FUTURE)
    elif form.parsed is not None and form.parsed.given_on.year < today.year - _OLDEST_YEARS:
        form = form.with_error("given_on", TOO_LONG_AGO)
    if form.parsed is None:
        return await _page(request, group, school, form)
    try:
        await people_of(request).class_groups.authorise(
            group.id,
            given_by=form.parsed.given_by,
            given_on=form.parsed.given_on,
            text_version=TEXT_VERSION,
            by=signed_in(request).account.id,
        )
    except InvalidInput as error:
        return await _page(request, group, school, form.with_problem(error))
    return go_to(request, f"/class-groups/{group.id}", Flash.AUTHORISATION_RECORDED)


async def revoke(request: web.Request) -> web.Response:
    group, _ = await group_for(request, Action.AUTHORISATION_REVOKE)
    await people_of(request).class_groups.revoke(group.id, by=signed_in(request).account.id)
    return go_to(request, f"/class-groups/{group.id}/authorisation", Flash.AUTHORISATION_REVOKED)


def _today(request: web.Request, school: School) -> date:
    return request.app[PEOPLE].clock.now().astimezone(ZoneInfo(school.zone)).date()


async def _page(request: web.Request, group: ClassGroup, school: School, form: Filled[Any]) -> web.Response:
    adult, people, subject = signed_in(request), people_of(request), Subject(school_id=group.school_id)
    authorisation = await people.class_groups.authorisation_of(group.id)
    recorder = await people.accounts.find(authorisation.recorded_by) if authorisation else None
    history = [one for one in await people.class_groups.authorisations(group.id) if one.revoked_at is not None]
    return await staff_page(
        request,
        "authorisation.html",
        status=422 if form.has_problems else 200,
        here=f"/class-groups/{group.id}/authorisation",
        group=group,
        school=school,
        form=form,
        authorisation=authorisation,
        recorder=recorder,
        history=history,
        day=day_of(school),
        letter=LETTER,
        text_version=TEXT_VERSION,
        today=_today(request, school).isoformat(),
        may_record=may(adult, Action.AUTHORISATION_RECORD, subject),
        may_revoke=may(adult, Action.AUTHORISATION_REVOKE, subject),
    )
