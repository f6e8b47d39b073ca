"""Coming in and going out: sign-in, the demo people's buttons, sign-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import StringConstraints

from server.access import SIGN_IN_COOKIE, Action, CookiePolicy, add_route, authorise, own_path, token_of, viewer_of
from server.errors import ErrorCode, LimitExceeded, NotFound, Unauthorized
from server.ids import AccountId
from server.pages.flash import Flash
from server.pages.form_parts import Password
from server.pages.forms import Filled, Form, fresh, read_form
from server.pages.people_context import PEOPLE, people_of
from server.pages.staff import adult_of, go_to, staff_page
from server.people import SIGN_IN_MAX_AGE_S, Account, School, SignedIn

HOME = "/dashboard"
# Whom a visitor of the demo wants to be first: a teacher on each side, a coordinator, the IT administrator.
_FIRST_DEMO_PEOPLE = ("ac_demo_lin", "ac_demo_ortega", "ac_demo_chiu", "ac_demo_it")


class SignInForm(Form, str_strip_whitespace=False):
    """Anything may be typed: a wrong address and a wrong password get one answer."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]
    password: Password
    next: str = ""


class DemoForm(Form):
    account: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    account: Account
    school: School | None


def add_sign_in(app: web.Application) -> None:
    app.router.add_get("/sign-in", show_sign_in)
    app.router.add_post("/sign-in", sign_in)
    if app[PEOPLE].is_demo:
        app.router.add_post("/demo/sign-in", sign_in_as_demo)
    add_route(app, "POST", "/sign-out", sign_out, Action.ACCOUNT_SIGN_OUT)


async def show_sign_in(request: web.Request) -> web.Response:
    back = own_path(request.query.get("next", "")) or ""
    if adult_of(request) is not None:
        return go_to(request, back or HOME)
    return await _form_page(request, fresh(), back)


async def sign_in(request: web.Request) -> web.Response:
    """One answer for an unknown address, a wrong password and a disabled account."""
    form = await read_form(request, SignInForm)
    back = own_path(form.value("next")) or ""
    if form.parsed is None:
        return await _form_page(request, form, back, status=422)
    pages = request.app[PEOPLE]
    try:
        signed_in = await pages.people.accounts.sign_in(
            form.parsed.email,
            form.parsed.password,
            pages.client(request),
            replaces=token_of(request, SIGN_IN_COOKIE),
        )
    except (Unauthorized, LimitExceeded) as error:
        return await _form_page(request, form.with_problem(error), back, status=error.status)
    return enter(request, signed_in, back)


async def sign_in_as_demo(request: web.Request) -> web.Response:
    """In demo mode only; the service refuses everybody who is not of the demo data."""
    form = await read_form(request, DemoForm)
    if form.parsed is None:
        raise NotFound(ErrorCode.NOT_FOUND, "no such demo account")
    account_id = AccountId(form.parsed.account)
    signed_in = await people_of(request).accounts.sign_in_as(account_id, replaces=token_of(request, SIGN_IN_COOKIE))
    return enter(request, signed_in, own_path(form.parsed.next) or "")


async def sign_out(request: web.Request) -> web.Response:
    authorise(viewer_of(request), Action.ACCOUNT_SIGN_OUT)
    token = token_of(request, SIGN_IN_COOKIE)
    if token is not None:
        await people_of(request).accounts.sign_out(token)
    return leave(request, Flash.SIGNED_OUT)


def enter(request: web.Request, signed_in: SignedIn, path: str = "", flash: Flash | None = None) -> web.Response:
    """Signed in from now on. `path`: one of ours, already checked."""
    response = go_to(request, path or HOME, flash)
    policy = CookiePolicy(is_tls=request.app[PEOPLE].is_tls)
    policy.set(request, response, SIGN_IN_COOKIE, signed_in.token, SIGN_IN_MAX_AGE_S)
    return response


def leave(request: web.Request, flash: Flash) -> web.Response:
    response = go_to(request, "/sign-in", flash)
    CookiePolicy(is_tls=request.app[PEOPLE].is_tls).clear(request, response, SIGN_IN_COOKIE)
    return response


async def _form_page(request: web.Request, form: Filled[Any], back: str, status: int = 200) -> web.Response:
    response = await staff_page(
        request,
        "sign_in.html",
        status=status,
        here="/sign-in" if request.method == "POST" else None,
        form=form,
        next=back,
        demo_people=await _demo_people(request),
    )
    if status == LimitExceeded.status:
        response.headers["Retry-After"] = "10"
    return response


async def _demo_people(request: web.Request) -> list[DemoPerson]:
    pages = request.app[PEOPLE]
    if not pages.is_demo:
        return []
    accounts = await pages.people.accounts.demo_accounts()
    schools = await pages.people.schools.find_many({one.school_id for one in accounts if one.school_id})
    ranks = {account_id: rank for rank, account_id in enumerate(_FIRST_DEMO_PEOPLE)}
    ranked = sorted(accounts, key=lambda one: ranks.get(one.id, len(ranks)))
    return [DemoPerson(account=one, school=schools.get(one.school_id) if one.school_id else None) for one in ranked]
