"""What one-time links lead to: the first administrator's set-up, an invitation, a forgotten password."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from server.pages.flash import Flash
from server.pages.form_parts import Address, NewPasswordForm, WithLanguage
from server.pages.forms import Filled, Form, fresh, read_form
from server.pages.people_context import PEOPLE, people_of
from server.pages.sign_in_views import enter
from server.pages.staff import staff_language, staff_page
from server.people import Account


class SetUpForm(WithLanguage, NewPasswordForm):
    email: Address


class EmailForm(Form):
    email: Address


def add_links(app: web.Application) -> None:
    app.router.add_get("/set-up/{token}", show_set_up)
    app.router.add_post("/set-up/{token}", set_up)
    app.router.add_get("/invitation/{token}", show_invitation)
    app.router.add_post("/invitation/{token}", accept_invitation)
    app.router.add_get("/reset", show_reset_request)
    app.router.add_post("/reset", request_reset)
    app.router.add_get("/reset/{token}", show_reset)
    app.router.add_post("/reset/{token}", reset)


async def show_set_up(request: web.Request) -> web.Response:
    if not await people_of(request).accounts.is_set_up_link(request.match_info["token"]):
        return await _ended(request)
    return await staff_page(request, "set_up.html", form=fresh(language=staff_language(request)))


async def set_up(request: web.Request) -> web.Response:
    accounts, token = people_of(request).accounts, request.match_info["token"]
    form = await read_form(request, SetUpForm)
    if form.parsed is None:
        if not await accounts.is_set_up_link(token):
            return await _ended(request)
        return await staff_page(request, "set_up.html", status=422, form=form)
    given = form.parsed
    try:
        account = await accounts.set_up(
            token, email=given.email, name=given.name, password=given.password, language=given.language
        )
    except (NotFound, Conflict):
        return await _ended(request)
    except InvalidInput as error:
        return await staff_page(request, "set_up.html", status=422, form=form.with_problem(error))
    return await _enter_with(request, account, given.password)


async def show_invitation(request: web.Request) -> web.Response:
    account = await people_of(request).accounts.find_invitation(request.match_info["token"])
    return await _password_page(request, account, fresh(), is_invitation=True)


async def accept_invitation(request: web.Request) -> web.Response:
    accounts, token = people_of(request).accounts, request.match_info["token"]
    form = await read_form(request, NewPasswordForm)
    if form.parsed is None:
        return await _password_page(request, await accounts.find_invitation(token), form, is_invitation=True)
    try:
        account = await accounts.accept_invitation(token, form.parsed.password)
    except NotFound:
        return await _ended(request)
    except InvalidInput as error:
        account_or_none, again = await accounts.find_invitation(token), form.with_problem(error)
        return await _password_page(request, account_or_none, again, is_invitation=True)
    return await _enter_with(request, account, form.parsed.password)


async def show_reset_request(request: web.Request) -> web.Response:
    return await _reset_page(request, fresh(), is_sent=False)


async def request_reset(request: web.Request) -> web.Response:
    """The same words whether there is such an account or not."""
    form = await read_form(request, EmailForm)
    if form.parsed is None:
        return await _reset_page(request, form, is_sent=False, status=422)
    pages = request.app[PEOPLE]
    try:
        await pages.people.accounts.request_reset(form.parsed.email, pages.client(request))
    except LimitExceeded as error:
        return await _reset_page(request, form.with_problem(error), is_sent=False, status=error.status)
    return await _reset_page(request, form, is_sent=True)


async def show_reset(request: web.Request) -> web.Response:
    account = await people_of(request).accounts.find_reset(request.match_info["token"])
    return await _password_page(request, account, fresh(), is_invitation=False)


async def reset(request: web.Request) -> web.Response:
    accounts, token = people_of(request).accounts, request.match_info["token"]
    form = await read_form(request, NewPasswordForm)
    if form.parsed is None:
        return await _password_page(request, await accounts.find_reset(token), form, is_invitation=False)
    try:
        account = await accounts.reset(token, form.parsed.password)
    except NotFound:
        return await _ended(request)
    except InvalidInput as error:
        account_or_none, again = await accounts.find_reset(token), form.with_problem(error)
        return await _password_page(request, account_or_none, again, is_invitation=False)
    return await _enter_with(request, account, form.parsed.password, Flash.PASSWORD_CHANGED)


async def _enter_with(
    request: web.Request, account: Account, password: str, flash: Flash = Flash.WELCOME
) -> web.Response:
    pages = request.app[PEOPLE]
    signed_in = await pages.people.accounts.sign_in(account.email, password, pages.client(request))
    return enter(request, signed_in, flash=flash)


async def _password_page(
    request: web.Request, account: Account | None, form: Filled[Any], *, is_invitation: bool
) -> web.Response:
    if account is None:
        return await _ended(request)
    school = await people_of(request).schools.find(account.school_id) if account.school_id else None
    return await staff_page(
        request,
        "set_password.html",
        status=422 if form.has_problems else 200,
        form=form,
        account=account,
        school=school,
        is_invitation=is_invitation,
    )


async def _reset_page(request: web.Request, form: Filled[Any], *, is_sent: bool, status: int = 200) -> web.Response:
    has_mail = people_of(request).mailer.is_configured
    return await staff_page(request, "reset.html", status=status, form=form, is_sent=is_sent, has_mail=has_mail)


async def _ended(request: web.Request) -> web.Response:
    return await staff_page(request, "link_ended.html", status=404)
