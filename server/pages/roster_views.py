"""Names into a class and out of it: typed, pasted or from a file, looked at line by line before anything is stored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from server.access import Action, Subject, add_route, authorise, viewer_of
from server.errors import ErrorCode, InvalidInput, LimitExceeded, NotFound
from server.ids import SchoolId, StudentId
from server.pages.class_group_views import class_group_page
from server.pages.flash import Flash
from server.pages.forms import MAX_UPLOAD_BYTES, Filled, Form, Name, fresh, read_form
from server.pages.people_context import group_for, people_of, signed_in
from server.pages.staff import go_to, staff_page
from server.pair import LocalizedText
from server.people import PROBLEM_TEXTS, ClassGroup, RosterPreview, School, Student

TOO_LARGE = LocalizedText("This file is larger than any class list.", "檔案太大，不像是班級名單。")
NO_NAMES = LocalizedText("Please type names or choose a file.", "請輸入姓名或選擇檔案。")


class NamesForm(Form, str_strip_whitespace=False):
    """Everything that may be typed; what becomes of it is the roster's business."""

    names: str = ""


class OneNameForm(Form):
    name: Name


def add_rosters(app: web.Application) -> None:
    add_route(app, "GET", "/class-groups/{group}/roster", show_roster_form, Action.ROSTER_CHANGE)
    add_route(app, "POST", "/class-groups/{group}/roster/preview", preview, Action.ROSTER_CHANGE)
    add_route(app, "POST", "/class-groups/{group}/roster", save, Action.ROSTER_CHANGE)
    add_route(app, "POST", "/students/{student}/rename", rename, Action.ROSTER_CHANGE)
    add_route(app, "POST", "/students/{student}/remove", remove, Action.ROSTER_CHANGE)


async def show_roster_form(request: web.Request) -> web.Response:
    group, school = await group_for(request, Action.ROSTER_CHANGE)
    return await _page(request, group, school, fresh())


async def preview(request: web.Request) -> web.Response:
    """Stores nothing. A file wins over what is typed."""
    group, school = await group_for(request, Action.ROSTER_CHANGE)
    form = await read_form(request, NamesForm)
    uploaded = form.files.get("file", b"")
    if len(uploaded) > MAX_UPLOAD_BYTES:
        return await _page(request, group, school, form.with_problem(TOO_LARGE))
    if not uploaded and not form.value("names").strip():
        return await _page(request, group, school, form.with_error("names", NO_NAMES))
    try:
        found = await people_of(request).rosters.preview(group.id, uploaded or form.value("names"))
    except (InvalidInput, LimitExceeded) as error:
        return await _page(request, group, school, form.with_problem(error))
    lines = "\n".join(line.display_name or line.text for line in found.lines) if uploaded else form.value("names")
    return await _page(request, group, school, fresh(names=lines), found)


async def save(request: web.Request) -> web.Response:
    """The names of the preview, looked at once more: the class may have changed meanwhile."""
    group, school = await group_for(request, Action.ROSTER_CHANGE)
    form = await read_form(request, NamesForm)
    rosters = people_of(request).rosters
    try:
        found = await rosters.preview(group.id, form.value("names"))
    except (InvalidInput, LimitExceeded) as error:
        return await _page(request, group, school, form.with_problem(error))
    if found.problems or not found.good:
        names = "\n".join(line.display_name or line.text for line in found.lines)
        return await _page(request, group, school, fresh(names=names), found, status=409)
    saved = await rosters.save(group.id, found, by=signed_in(request).account.id)
    return go_to(request, f"/class-groups/{group.id}", Flash.NAMES_SAVED, len(saved))


async def rename(request: web.Request) -> web.Response:
    student, group, school = await _student_for(request)
    form = await read_form(request, OneNameForm, prefix=f"{student.id}-")
    if form.parsed is not None:
        by = signed_in(request).account.id
        try:
            await people_of(request).rosters.rename(student.id, form.parsed.name, by=by)
        except InvalidInput as error:
            form = form.with_error("name", LocalizedText(error.text.en, error.text.zh))
        else:
            return go_to(request, f"/class-groups/{group.id}#pupil-{student.id}", Flash.NAME_CHANGED)
    return await class_group_page(request, group, school, wrong_id=student.id, name_form=form)


async def remove(request: web.Request) -> web.Response:
    student, group, _ = await _student_for(request)
    await people_of(request).rosters.remove(student.id, by=signed_in(request).account.id)
    return go_to(request, f"/class-groups/{group.id}", Flash.NAME_REMOVED)


async def _student_for(request: web.Request) -> tuple[Student, ClassGroup, School]:
    people = people_of(request)
    student = await people.rosters.find_student(StudentId(request.match_info["student"]))
    group = await people.class_groups.find(student.class_group_id) if student else None
    authorise(viewer_of(request), Action.ROSTER_CHANGE, Subject(school_id=group.school_id if group else SchoolId("")))
    school = await people.schools.find(group.school_id) if group else None
    if student is None or group is None or school is None or student.removed_at is not None:
        raise NotFound(ErrorCode.NOT_FOUND, "student")
    return student, group, school


async def _page(
    request: web.Request,
    group: ClassGroup,
    school: School,
    form: Filled[Any],
    found: RosterPreview | None = None,
    status: int = 200,
) -> web.Response:
    return await staff_page(
        request,
        "roster.html",
        status=422 if form.has_problems else status,
        here=f"/class-groups/{group.id}/roster",
        group=group,
        school=school,
        form=form,
        preview=found,
        good_text=quoted(found.good) if found else "",
        problem_text=PROBLEM_TEXTS,
    )


def quoted(names: Iterable[str]) -> str:
    """Names as a table of one column that reads back to exactly these, whatever commas they hold."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["name"], *([name] for name in names)])
    return text.getvalue()
