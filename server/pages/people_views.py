"""The adults of a school or of the whole installation: invited, verified (C19), given roles, given links, disabled."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import field_validator

from server.access import Action, Adult, Subject, add_route, authorise, may
from server.errors import TongchuangError
from server.pages.flash import Flash
from server.pages.form_parts import Address, TwoNames
from server.pages.forms import CHOOSE, Filled, Form, fresh, problem, read_form
from server.pages.people_context import account_for, moment_text, origin_of, people_of, school_for, signed_in
from server.pages.person_rows import person_row, person_rows
from server.pages.staff import go_to, staff_page
from server.pages.words import ROLE_HINTS, ROLES
from server.pair import LocalizedText
from server.people import Account, OneTimeLink, Role, School

_SCHOOL_ROLES = (Role.TEACHER, Role.COORDINATOR)
_WIDE_ROLES = (Role.IT_ADMINISTRATOR, Role.LIAISON_OFFICER)


class RolesForm(Form):
    """At least one; which ones somebody may give is decided by the service."""

    roles: frozenset[Role]

    @field_validator("roles")
    @classmethod
    def _some(cls, roles: frozenset[Role]) -> frozenset[Role]:
        if not roles:
            raise problem(CHOOSE)
        return roles


class InvitationForm(TwoNames, RolesForm):
    """`vouch`: who invites verifies at once (C19), because they know the person."""

    email: Address
    vouch: str = ""


def add_people(app: web.Application) -> None:
    add_route(app, "GET", "/schools/{school}/people", show_people, Action.PEOPLE_SEE)
    add_route(app, "GET", "/schools/{school}/invite", show_invite, Action.ACCOUNT_INVITE)
    add_route(app, "POST", "/schools/{school}/invite", invite, Action.ACCOUNT_INVITE)
    add_route(app, "GET", "/administrators/invite", show_invite_administrator, Action.ADMINISTRATOR_INVITE)
    add_route(app, "POST", "/administrators/invite", invite_administrator, Action.ADMINISTRATOR_INVITE)
    add_route(app, "GET", "/accounts/{account}", show_person, Action.ACCOUNT_SET_ROLES)
    add_route(app, "POST", "/accounts/{account}/roles", set_roles, Action.ACCOUNT_SET_ROLES)
    add_route(app, "POST", "/accounts/{account}/verify", verify, Action.ACCOUNT_VERIFY)
    add_route(app, "POST", "/accounts/{account}/link", make_link, Action.ACCOUNT_RESET)
    add_route(app, "POST", "/accounts/{account}/disable", disable, Action.ACCOUNT_DISABLE)
    add_route(app, "POST", "/accounts/{account}/enable", enable, Action.ACCOUNT_DISABLE)


async def show_people(request: web.Request) -> web.Response:
    school = await school_for(request, Action.PEOPLE_SEE)
    adult = signed_in(request)
    return await staff_page(
        request,
        "school_people.html",
        school=school,
        people=person_rows(adult, await people_of(request).accounts.of_school(school.id)),
        may_invite=may(adult, Action.ACCOUNT_INVITE, Subject(school_id=school.id)),
    )


async def show_invite(request: web.Request) -> web.Response:
    school = await school_for(request, Action.ACCOUNT_INVITE)
    return await _invite_page(request, fresh(roles=[Role.TEACHER]), school)


async def invite(request: web.Request) -> web.Response:
    return await _invite(request, await school_for(request, Action.ACCOUNT_INVITE))


async def show_invite_administrator(request: web.Request) -> web.Response:
    authorise(signed_in(request), Action.ADMINISTRATOR_INVITE)
    return await _invite_page(request, fresh(roles=[]), None)


async def invite_administrator(request: web.Request) -> web.Response:
    authorise(signed_in(request), Action.ADMINISTRATOR_INVITE)
    return await _invite(request, None)


async def _invite(request: web.Request, school: School | None) -> web.Response:
    form = await read_form(request, InvitationForm)
    if form.parsed is None:
        return await _invite_page(request, form, school)
    given = form.parsed
    try:
        link = await people_of(request).accounts.invite(
            school_id=school.id if school else None,
            email=given.email,
            name=given.name,
            roles=given.roles,
            by=signed_in(request).account.id,
            language=school.language if school else None,
            is_verified=bool(given.vouch),
        )
    except TongchuangError as error:
        if error.status >= 500:
            raise
        return await _invite_page(request, form.with_problem(error), school)
    return await _link_page(request, link, school, is_reset=False)


async def show_person(request: web.Request) -> web.Response:
    """Only for those who may change something; one's own page is /account."""
    account = await account_for(request, Action.ACCOUNT_SET_ROLES)
    return await _person_page(request, account, fresh(roles=account.roles))


async def set_roles(request: web.Request) -> web.Response:
    account = await account_for(request, Action.ACCOUNT_SET_ROLES)
    form = await read_form(request, RolesForm)
    if form.parsed is None:
        return await _person_page(request, account, form)
    try:
        await people_of(request).accounts.set_roles(account.id, form.parsed.roles, by=signed_in(request).account.id)
    except TongchuangError as error:
        if error.status >= 500:
            raise
        return await _person_page(request, account, form.with_problem(error))
    return go_to(request, _back_to(account), Flash.ROLES_CHANGED)


async def verify(request: web.Request) -> web.Response:
    account = await account_for(request, Action.ACCOUNT_VERIFY)
    await people_of(request).accounts.verify(account.id, by=signed_in(request).account.id)
    return go_to(request, _back_to(account), Flash.VERIFIED)


async def make_link(request: web.Request) -> web.Response:
    """Another invitation while there is no password yet, else a link to choose a new one."""
    account = await account_for(request, Action.ACCOUNT_RESET)
    accounts, by = people_of(request).accounts, signed_in(request).account.id
    make = accounts.make_reset_link if account.has_password else accounts.renew_invitation
    link = await make(account.id, by=by)
    school = await people_of(request).schools.find(account.school_id) if account.school_id else None
    return await _link_page(request, link, school, is_reset=account.has_password, account=account)


async def disable(request: web.Request) -> web.Response:
    account = await account_for(request, Action.ACCOUNT_DISABLE)
    await people_of(request).accounts.disable(account.id, by=signed_in(request).account.id)
    return go_to(request, _back_to(account), Flash.DISABLED)


async def enable(request: web.Request) -> web.Response:
    account = await account_for(request, Action.ACCOUNT_DISABLE)
    await people_of(request).accounts.enable(account.id, by=signed_in(request).account.id)
    return go_to(request, f"/accounts/{account.id}", Flash.ENABLED)


async def _person_page(request: web.Request, account: Account, form: Filled[Any]) -> web.Response:
    adult = signed_in(request)
    school = await people_of(request).schools.find(account.school_id) if account.school_id else None
    return await staff_page(
        request,
        "person.html",
        status=422 if form.has_problems else 200,
        here=f"/accounts/{account.id}",
        nav="school",
        one=account,
        row=person_row(adult, account),
        school=school,
        form=form,
        roles=_role_options(adult, school, account.roles),
        back=_back_to(account),
    )


async def _invite_page(request: web.Request, form: Filled[Any], school: School | None) -> web.Response:
    return await staff_page(
        request,
        "invite.html",
        status=422 if form.has_problems else 200,
        nav="school",
        form=form,
        school=school,
        roles=_role_options(signed_in(request), school),
        has_mail=people_of(request).mailer.is_configured,
        back=f"/schools/{school.id}/people" if school else "/schools",
    )


async def _link_page(
    request: web.Request, link: OneTimeLink, school: School | None, *, is_reset: bool, account: Account | None = None
) -> web.Response:
    """Answers the POST itself: the link stands in no address, cookie or history."""
    back = f"/schools/{school.id}/people" if school else "/schools"
    adult = signed_in(request)
    own = await people_of(request).schools.find(adult.account.school_id) if adult.account.school_id else school
    return await staff_page(
        request,
        "link_made.html",
        here=back,
        account=link.account or account,
        url=origin_of(request) + link.path,
        until=moment_text(link.expires_at, own),
        is_mailed=link.is_mailed,
        is_reset=is_reset,
        back=back,
        again=None if is_reset else (f"/schools/{school.id}/invite" if school else "/administrators/invite"),
    )


def _back_to(account: Account) -> str:
    return f"/schools/{account.school_id}/people" if account.school_id else "/schools"


def _role_options(
    adult: Adult, school: School | None, held: frozenset[Role] = frozenset()
) -> list[tuple[Role, LocalizedText, LocalizedText]]:
    """What this person may give here, and what is held already (so that saving takes nothing away unseen)."""
    is_it = Role.IT_ADMINISTRATOR in adult.account.roles
    offered = [*(_SCHOOL_ROLES if school else ()), *(_WIDE_ROLES if is_it else ())]
    offered += [role for role in sorted(held) if role not in offered]
    return [(role, ROLES[role], ROLE_HINTS[role]) for role in offered]
