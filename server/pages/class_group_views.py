"""Class groups: all of one's schools, one with its pupils, adding, changing, archiving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, StringConstraints

from server.access import Action, Adult, Subject, add_route, authorise, may
from server.errors import ErrorCode, InvalidInput, NotFound
from server.ids import SchoolId
from server.pages.flash import Flash
from server.pages.form_parts import TwoNames, two_names
from server.pages.forms import Filled, fresh, one_line, read_form
from server.pages.people_context import day_of, group_for, people_of, signed_in
from server.pages.staff import go_to, staff_page
from server.people import ClassGroup, People, School, Student


class ClassGroupForm(TwoNames):
    """`grade`: as the school writes it, Grade 5 or 五年級."""

    grade: Annotated[str, StringConstraints(max_length=20), AfterValidator(one_line)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    group: ClassGroup
    pupils: int
    is_authorised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolPart:
    school: School
    rows: Sequence[GroupRow]
    archived: Sequence[ClassGroup]
    may_add: bool


def add_class_groups(app: web.Application) -> None:
    add_route(app, "GET", "/class-groups", show_class_groups, Action.CLASS_GROUP_LIST)
    add_route(app, "GET", "/class-groups/new", show_new, Action.CLASS_GROUP_CREATE)
    add_route(app, "POST", "/class-groups/new", create, Action.CLASS_GROUP_CREATE)
    add_route(app, "GET", "/class-groups/{group}", show_class_group, Action.CLASS_GROUP_SEE)
    add_route(app, "GET", "/class-groups/{group}/edit", show_edit, Action.CLASS_GROUP_CHANGE)
    add_route(app, "POST", "/class-groups/{group}/edit", change, Action.CLASS_GROUP_CHANGE)
    add_route(app, "POST", "/class-groups/{group}/archive", archive, Action.CLASS_GROUP_CHANGE)
    add_route(app, "POST", "/class-groups/{group}/bring-back", bring_back, Action.CLASS_GROUP_CHANGE)


async def show_class_groups(request: web.Request) -> web.Response:
    """Those of the own school; of every school for the administrator, who has none."""
    adult = signed_in(request)
    authorise(adult, Action.CLASS_GROUP_LIST, Subject(school_id=adult.account.school_id))
    people = people_of(request)
    if may(adult, Action.CLASS_GROUP_LIST):
        schools = list(await people.schools.list())
    else:
        own = await people.schools.find(adult.account.school_id) if adult.account.school_id else None
        schools = [own] if own else []
    parts = [await _part(adult, people, school) for school in schools]
    own_part = next((part for part in parts if part.school.id == adult.account.school_id), None)
    add_path = f"/class-groups/new?school={own_part.school.id}" if own_part and own_part.may_add else None
    return await staff_page(request, "class_groups.html", parts=parts, add_path=add_path)


async def _part(adult: Adult, people: People, school: School) -> SchoolPart:
    groups = await people.class_groups.of_school(school.id, with_archived=True)
    rows = [
        GroupRow(
            group=group,
            pupils=await people.rosters.count(group.id),
            is_authorised=await people.class_groups.authorisation_of(group.id) is not None,
        )
        for group in groups
        if group.archived_at is None
    ]
    archived = [group for group in groups if group.archived_at is not None]
    may_add = may(adult, Action.CLASS_GROUP_CREATE, Subject(school_id=school.id))
    return SchoolPart(school=school, rows=rows, archived=archived, may_add=may_add)


async def _school_of_query(request: web.Request) -> School:
    """`?school=…`, else one's own."""
    school_id = SchoolId(request.query.get("school", "") or signed_in(request).account.school_id or "")
    authorise(signed_in(request), Action.CLASS_GROUP_CREATE, Subject(school_id=school_id))
    school = await people_of(request).schools.find(school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school")
    return school


async def show_new(request: web.Request) -> web.Response:
    return await _form_page(request, fresh(), await _school_of_query(request), None)


async def create(request: web.Request) -> web.Response:
    school = await _school_of_query(request)
    form = await read_form(request, ClassGroupForm)
    if form.parsed is None:
        return await _form_page(request, form, school, None)
    try:
        group = await people_of(request).class_groups.create(
            school.id, name=form.parsed.name, grade=form.parsed.grade, by=signed_in(request).account.id
        )
    except InvalidInput as error:
        return await _form_page(request, form.with_problem(error), school, None)
    return go_to(request, f"/class-groups/{group.id}/roster", Flash.CLASS_ADDED)


async def show_edit(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.CLASS_GROUP_CHANGE)
    return await _form_page(request, fresh(grade=group.grade, **two_names(group.name)), school, group)


async def change(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.CLASS_GROUP_CHANGE)
    form = await read_form(request, ClassGroupForm)
    if form.parsed is None:
        return await _form_page(request, form, school, group)
    try:
        await people_of(request).class_groups.update(
            group.id, name=form.parsed.name, grade=form.parsed.grade, by=signed_in(request).account.id
        )
    except InvalidInput as error:
        return await _form_page(request, form.with_problem(error), school, group)
    return go_to(request, f"/class-groups/{group.id}", Flash.SAVED)


async def archive(request: web.Request) -> web.Response:
    group, _ = await group_for(request, Action.CLASS_GROUP_CHANGE)
    await people_of(request).class_groups.archive(group.id, by=signed_in(request).account.id)
    return go_to(request, "/class-groups", Flash.CLASS_ARCHIVED)


async def bring_back(request: web.Request) -> web.Response:
    group, _ = await group_for(request, Action.CLASS_GROUP_CHANGE)
    await people_of(request).class_groups.bring_back(group.id, by=signed_in(request).account.id)
    return go_to(request, f"/class-groups/{group.id}", Flash.CLASS_BACK)


async def show_class_group(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.CLASS_GROUP_SEE)
    return await class_group_page(request, group, school)


async def class_group_page(
    request: web.Request,
    group: ClassGroup,
    school: School,
    *,
    wrong_id: str = "",
    name_form: Filled[Any] | None = None,
) -> web.Response:
    """`name_form`: a new name for the pupil `wrong_id` that could not be taken."""
    adult, people, subject = signed_in(request), people_of(request), Subject(school_id=group.school_id)

    def fresh_name(student: Student) -> Filled[Any]:
        return fresh(f"{student.id}-", name=student.display_name)

    return await staff_page(
        request,
        "class_group.html",
        status=422 if name_form else 200,
        here=f"/class-groups/{group.id}",
        group=group,
        school=school,
        students=await people.rosters.students(group.id, by=adult.account.id),
        authorisation=await people.class_groups.authorisation_of(group.id),
        day=day_of(school),
        may_change=may(adult, Action.ROSTER_CHANGE, subject) and group.archived_at is None,
        may_bring_back=may(adult, Action.CLASS_GROUP_CHANGE, subject) and group.archived_at is not None,
        may_print=may(adult, Action.CARDS_PRINT, subject),
        may_propose=may(adult, Action.LESSON_PROPOSE, subject),
        wrong_id=wrong_id,
        name_form=name_form,
        fresh_name=fresh_name,
    )


async def _form_page(request: web.Request, form: Filled[Any], school: School, group: ClassGroup | None) -> web.Response:
    status = 422 if form.has_problems else 200
    return await staff_page(request, "class_group_form.html", status=status, form=form, school=school, group=group)
