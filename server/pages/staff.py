"""What every page for adults who are signed in shares: the layout's values, the flash line, redirect after post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from server.access import Adult, viewer_of
from server.ids import SchoolId
from server.pages.context import RENDERER
from server.pages.flash import Flash, clear_flash, read_flash, set_flash
from server.pages.language import Language, choose_language, other_language, remember_choice
from server.pages.school_words import school_word
from server.pages.words import LANGUAGE_NAMES, ROLES, SIDES, ZONES
from server.people import Account, Role, School

# Why no-store: pages with names of people do not stay on a shared staff-room computer.
PRIVATE: Final = {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"}
FORM_REFUSED: Final = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """`key` chooses the word in staff.html."""

    key: str
    path: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardBlock:
    """A part of the dashboard that another package's pages supply: its template is included with `block.values`.

    `steps_done`: which of the first steps are done by what this block knows ("lesson", "cards"). `partner`: whose
    clock stands beside one's own, as the next lesson has it.
    """

    template: str
    values: Mapping[str, object]
    steps_done: frozenset[str] = frozenset()
    partner: SchoolId | None = None


DashboardPart = Callable[[web.Request, Adult], Awaitable[DashboardBlock]]
FindSchool = Callable[[str], Awaitable[School | None]]

FIND_SCHOOL: web.AppKey[FindSchool] = web.AppKey("staff_find_school", FindSchool)  # type: ignore[arg-type]  # only for its repr
DASHBOARD_PARTS = web.AppKey("staff_dashboard_parts", list[DashboardPart])


def add_dashboard_part(app: web.Application, part: DashboardPart) -> None:
    """Shown on /dashboard under the first steps, in the order of calls."""
    app.setdefault(DASHBOARD_PARTS, []).append(part)


def adult_of(request: web.Request) -> Adult | None:
    viewer = viewer_of(request)
    return viewer if isinstance(viewer, Adult) else None


def staff_language(request: web.Request) -> Language:
    """An explicit choice, else the account's own, else the browser's."""
    adult = adult_of(request)
    return choose_language(request, adult.account.language if adult else None)


async def staff_page(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    here: str | None = None,
    nav: str | None = None,
    **values: Any,
) -> web.Response:
    """A page in the staff layout. `here`: the path that shows it by GET, when this request came by another one.

    `nav`: the key of the navigation entry it belongs to ("today", "lessons", "class_groups", "school", "audit"),
    when the path does not say it. Templates see `me` (Adult or None), `my_school`, `flash`, `here` and the words.
    """
    adult, language = adult_of(request), staff_language(request)
    school_id = adult.account.school_id if adult else None
    school = await request.app[FIND_SCHOOL](school_id) if school_id else None
    path = here or request.path
    query = {} if here else {name: value for name, value in request.query.items() if name != "lang"}
    page = request.app[RENDERER].render(
        template,
        language,
        me=adult,
        my_school=school,
        nav=nav_of(adult.account, path, nav) if adult else (),
        flash=read_flash(request),
        here=path,
        other_language_url=f"{path}?{urlencode({**query, 'lang': other_language(language)})}",
        role_text=ROLES,
        side_text=SIDES,
        language_text=LANGUAGE_NAMES,
        zone_text=ZONES,
        comma="、" if language == "zh-Hant-TW" else ", ",
        school_word=lambda name: school_word(name, language),
        colon="：" if language == "zh-Hant-TW" else ": ",
        **values,
    )
    response = web.Response(status=status, text=page, content_type="text/html", headers=PRIVATE)
    remember_choice(request, response)
    clear_flash(request, response)
    return response


async def refused(request: web.Request, template: str, *, here: str, **values: Any) -> web.Response:
    """The page again, after a form that could not be taken as it was."""
    return await staff_page(request, template, status=FORM_REFUSED, here=here, **values)


def go_to(request: web.Request, path: str, flash: Flash | None = None, count: int = 0) -> web.Response:
    """Redirect after post, so that loading the page again does nothing twice. `path`: one of ours, built by us."""
    response = web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
    if flash is not None:
        set_flash(response, flash, count, is_secure=request.secure)
    return response


def nav_of(account: Account, path: str, chosen: str | None = None) -> tuple[NavItem, ...]:
    """Where this person's work is. Rights are decided elsewhere; a link too many would only lead to a refusal."""
    is_it = Role.IT_ADMINISTRATOR in account.roles
    school = "/schools" if is_it or account.school_id is None else f"/schools/{account.school_id}"
    entries = [("today", "/dashboard")]
    if account.is_verified:
        entries += [("lessons", "/lessons"), ("class_groups", "/class-groups")]
    entries.append(("school", school))
    if account.is_verified and account.roles & {Role.IT_ADMINISTRATOR, Role.COORDINATOR}:
        entries.append(("audit", "/audit"))
    prefixes = {"school": "/schools"}
    return tuple(
        NavItem(
            key=key,
            path=target,
            is_here=_is_under(path, prefixes.get(key, target)) if chosen is None else key == chosen,
        )
        for key, target in entries
    )


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
