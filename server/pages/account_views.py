"""One's own account: name, language, password, and every sign-in ended at once."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.access import SIGN_IN_COOKIE, Action, Adult, add_route, authorise, token_of
from server.errors import InvalidInput, LimitExceeded, Unauthorized
from server.pages.flash import Flash
from server.pages.form_parts import NewPasswordForm, Password, WithLanguage, two_names
from server.pages.forms import Filled, fresh, read_form
from server.pages.language import COOKIE, COOKIE_MAX_AGE_S
from server.pages.people_context import people_of, signed_in
from server.pages.sign_in_views import leave
from server.pages.staff import go_to, staff_page
from server.pair import LocalizedText

WRONG_PASSWORD = LocalizedText("This is not your present password.", "這不是您目前的密碼。")


class ChangePasswordForm(NewPasswordForm):
    current: Password


def add_account(app: web.Application) -> None:
    add_route(app, "GET", "/account", show_account, Action.ACCOUNT_SEE_OWN)
    add_route(app, "POST", "/account", change_account, Action.ACCOUNT_CHANGE_OWN)
    add_route(app, "POST", "/account/password", change_password, Action.ACCOUNT_CHANGE_OWN)
    add_route(app, "POST", "/account/sign-out-everywhere", sign_out_everywhere, Action.ACCOUNT_SIGN_OUT)


async def show_account(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.ACCOUNT_SEE_OWN)
    return await _page(request, adult)


async def change_account(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.ACCOUNT_CHANGE_OWN)
    form = await read_form(request, WithLanguage)
    if form.parsed is None:
        return await _page(request, adult, form=form)
    language = form.parsed.language
    try:
        await people_of(request).accounts.change_own(adult.account.id, name=form.parsed.name, language=language)
    except InvalidInput as error:
        return await _page(request, adult, form=form.with_problem(error))
    response = go_to(request, "/account", Flash.SAVED)
    response.set_cookie(COOKIE, language, max_age=COOKIE_MAX_AGE_S, path="/", samesite="Lax", secure=request.secure)
    return response


async def change_password(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.ACCOUNT_CHANGE_OWN)
    form = await read_form(request, ChangePasswordForm, prefix="new-")
    if form.parsed is None:
        return await _page(request, adult, password_form=form)
    accounts, given = people_of(request).accounts, form.parsed
    try:
        keep = token_of(request, SIGN_IN_COOKIE)
        await accounts.change_password(adult.account.id, given.current, given.password, keep=keep)
    except Unauthorized:
        return await _page(request, adult, password_form=form.with_error("current", WRONG_PASSWORD))
    except (InvalidInput, LimitExceeded) as error:
        return await _page(request, adult, password_form=form.with_problem(error))
    return go_to(request, "/account", Flash.PASSWORD_CHANGED)


async def sign_out_everywhere(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.ACCOUNT_SIGN_OUT)
    await people_of(request).accounts.sign_out_everywhere(adult.account.id, by=adult.account.id)
    return leave(request, Flash.SIGNED_OUT_EVERYWHERE)


async def _page(
    request: web.Request, adult: Adult, form: Filled[Any] | None = None, password_form: Filled[Any] | None = None
) -> web.Response:
    known = fresh(language=adult.account.language, **two_names(adult.account.name))
    has_problems = form is not None or password_form is not None
    return await staff_page(
        request,
        "account.html",
        status=422 if has_problems else 200,
        here="/account" if request.method == "POST" else None,
        form=form or known,
        password_form=password_form or fresh("new-"),
    )
