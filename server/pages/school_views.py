"""Schools: the list, one school, adding and changing it."""

from __future__ import annotations

from typing import Any, Self

from aiohttp import web
from pydantic import field_validator, model_validator

from server.access import Action, Subject, add_route, authorise, may
from server.errors import InvalidInput
from server.pages.flash import Flash
from server.pages.form_parts import HalfName, WithLanguage, two_names
from server.pages.forms import Filled, fresh, problem, read_form
from server.pages.people_context import PEOPLE, people_of, school_for, signed_in, wall_now
from server.pages.person_rows import person_rows
from server.pages.staff import go_to, staff_page
from server.pages.words import ZONES, zone_options
from server.pair import LocalizedText, Side
from server.people import School

ZONE_OF_OTHER_SIDE = LocalizedText("This time zone is not on that side.", "這個時區不在所選的那一邊。")
UNKNOWN_ZONE = LocalizedText("Please choose a time zone of the list.", "請從清單選擇時區。")
ONE_PLACE = LocalizedText("Please give the town in at least one language.", "請至少用一種語言填寫城鎮。")

# What a school of a side has when nothing else is said: time zone, language.
_USUAL = {str(Side.TAIWAN): ("Asia/Taipei", "zh-Hant-TW"), str(Side.UNITED_STATES): ("", "en")}


class SchoolForm(WithLanguage):
    """`zone`: one of our list, of the side where the school is."""

    side: Side
    place_en: HalfName = ""
    place_zh: HalfName = ""
    zone: str

    @model_validator(mode="before")
    @classmethod
    def _left_open(cls, given: Any) -> Any:
        """Where it is says it already: Taiwan has one time zone, and each side a language that most read first."""
        side = given.get("side") if isinstance(given, dict) else None
        if side not in _USUAL:
            return given
        zone, language = _USUAL[side]
        return {**given, "zone": given.get("zone") or zone, "language": given.get("language") or language}

    @field_validator("zone")
    @classmethod
    def _is_of_the_list(cls, zone: str) -> str:
        if zone not in ZONES:
            raise problem(UNKNOWN_ZONE)
        return zone

    @model_validator(mode="after")
    def _place_and_zone_fit(self) -> Self:
        if not (self.place_en or self.place_zh):
            raise problem(ONE_PLACE, field="place_en")
        if ZONES[self.zone].side is not self.side:
            raise problem(ZONE_OF_OTHER_SIDE, field="zone")
        return self

    @property
    def place(self) -> LocalizedText:
        return LocalizedText(self.place_en or self.place_zh, self.place_zh or self.place_en)


def add_schools(app: web.Application) -> None:
    add_route(app, "GET", "/schools", show_schools, Action.SCHOOL_LIST)
    add_route(app, "GET", "/schools/new", show_new_school, Action.SCHOOL_CREATE)
    add_route(app, "POST", "/schools/new", create_school, Action.SCHOOL_CREATE)
    add_route(app, "GET", "/schools/{school}", show_school, Action.SCHOOL_SEE)
    add_route(app, "GET", "/schools/{school}/edit", show_edit_school, Action.SCHOOL_CHANGE)
    add_route(app, "POST", "/schools/{school}/edit", change_school, Action.SCHOOL_CHANGE)


async def show_schools(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.SCHOOL_LIST)
    people = people_of(request)
    schools = await people.schools.list()
    administrators = None
    if may(adult, Action.ADMINISTRATOR_LIST):
        administrators = person_rows(adult, await people.accounts.administrators())
    return await staff_page(
        request,
        "schools.html",
        schools=sorted(schools, key=lambda one: (one.side, one.name.en)),
        open_ids={one.id for one in schools if may(adult, Action.SCHOOL_SEE, Subject(school_id=one.id))},
        may_create=may(adult, Action.SCHOOL_CREATE),
        administrators=administrators,
        has_outbox=request.app[PEOPLE].outbox is not None,
    )


async def show_new_school(request: web.Request) -> web.Response:
    authorise(signed_in(request), Action.SCHOOL_CREATE)
    sides = {school.side for school in await people_of(request).schools.list()}
    # The first school's partner is on the other side.
    partner = next((str(side) for side in Side if side not in sides), "") if len(sides) == 1 else ""
    return await _form_page(request, fresh(side=partner), None)


async def create_school(request: web.Request) -> web.Response:
    adult = signed_in(request)
    authorise(adult, Action.SCHOOL_CREATE)
    form = await read_form(request, SchoolForm)
    if form.parsed is None:
        return await _form_page(request, form, None)
    given = form.parsed
    try:
        school = await people_of(request).schools.create(
            side=given.side,
            name=given.name,
            place=given.place,
            zone=given.zone,
            language=given.language,
            by=adult.account.id,
        )
    except InvalidInput as error:
        return await _form_page(request, form.with_problem(error), None)
    return go_to(request, f"/schools/{school.id}", Flash.SCHOOL_ADDED)


async def show_school(request: web.Request) -> web.Response:
    """What an unverified member sees holds no names of colleagues and no classes (C19)."""
    school = await school_for(request, Action.SCHOOL_SEE)
    adult, people, subject = signed_in(request), people_of(request), Subject(school_id=school.id)
    may_see_people = may(adult, Action.PEOPLE_SEE, subject)
    may_see_classes = may(adult, Action.CLASS_GROUP_LIST, subject)
    return await staff_page(
        request,
        "school.html",
        school=school,
        time_there=wall_now(school.side, school.zone, request.app[PEOPLE].clock.now()),
        people=[one for one in await people.accounts.of_school(school.id) if not one.is_disabled]
        if may_see_people
        else None,
        groups=await people.class_groups.of_school(school.id) if may_see_classes else None,
        may_change=may(adult, Action.SCHOOL_CHANGE, subject),
        may_invite=may(adult, Action.ACCOUNT_INVITE, subject),
        may_add_class=may(adult, Action.CLASS_GROUP_CREATE, subject),
    )


async def show_edit_school(request: web.Request) -> web.Response:
    school = await school_for(request, Action.SCHOOL_CHANGE)
    place = {"place_en": school.place.en, "place_zh": "" if school.place.zh == school.place.en else school.place.zh}
    known = fresh(side=school.side, zone=school.zone, language=school.language, **two_names(school.name), **place)
    return await _form_page(request, known, school)


async def change_school(request: web.Request) -> web.Response:
    school = await school_for(request, Action.SCHOOL_CHANGE)
    form = await read_form(request, SchoolForm)
    # Why: a school does not cross the ocean, and its lessons hang on its side.
    if form.parsed is not None and form.parsed.side is not school.side:
        form = form.with_error("side", LocalizedText("A school stays on its side.", "學校所在的一邊不能更改。"))
    if form.parsed is None:
        return await _form_page(request, form, school)
    given = form.parsed
    try:
        await people_of(request).schools.update(
            school.id,
            name=given.name,
            place=given.place,
            zone=given.zone,
            language=given.language,
            by=signed_in(request).account.id,
        )
    except InvalidInput as error:
        return await _form_page(request, form.with_problem(error), school)
    return go_to(request, f"/schools/{school.id}", Flash.SAVED)


async def _form_page(request: web.Request, form: Filled[Any], school: School | None) -> web.Response:
    status = 422 if form.has_problems else 200
    return await staff_page(request, "school_form.html", status=status, form=form, school=school, zones=zone_options())
