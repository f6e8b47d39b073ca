"""/class-groups/{id}/cards: first what it means (new codes end the old), then a sheet to print, shown once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from markupsafe import Markup

from server.access import Action, Subject, authorise
from server.errors import ErrorCode, NotFound
from server.ids import ClassGroupId
from server.pages.lessons.context import LESSON_PAGES, LessonPages
from server.pages.lessons.moments import moment
from server.pages.lessons.reading import adult_viewer
from server.pages.staff import go_to, staff_page
from server.people import Account, ClassGroup, School

# Four and four are read out and typed without losing one's place.
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CardShown:
    """`groups`: the code as printed. `spelled`: as a screen reader says it."""

    name: str
    qr: Markup
    groups: str
    spelled: str


async def show_cards(request: web.Request) -> web.Response:
    pages, _, school, group = await _ask(request)
    printed_at = await pages.cards.printed_at(group.id)
    return await staff_page(
        request,
        "cards/confirm.html",
        nav="class_groups",
        group=group,
        school=school,
        count=await pages.people.rosters.count(group.id),
        printed=moment(printed_at, school.side, school.zone) if printed_at else "",
        address=_address(pages, request),
    )


async def print_cards(request: web.Request) -> web.Response:
    """The one answer that holds codes: never stored, by us or by a browser's cache."""
    pages, account, school, group = await _ask(request)
    if not await pages.people.rosters.count(group.id):
        return go_to(request, f"/class-groups/{group.id}/cards")
    origin = pages.origin(request)
    printed = await pages.cards.print(group.id, account.id)
    return await staff_page(
        request,
        "cards/sheet.html",
        here=f"/class-groups/{group.id}/cards",
        nav="class_groups",
        group=group,
        school=school,
        address=_address(pages, request),
        cards=[card_shown(one.student.display_name, one.code, origin) for one in printed],
    )


async def _ask(request: web.Request) -> tuple[LessonPages, Account, School, ClassGroup]:
    viewer, pages = adult_viewer(request), request.app[LESSON_PAGES]
    group = await pages.people.class_groups.find(ClassGroupId(request.match_info["id"]))
    if group is None:
        raise NotFound(ErrorCode.NOT_FOUND, "class group")
    authorise(viewer, Action.CARDS_PRINT, Subject(school_id=group.school_id))
    school = await pages.people.schools.find(group.school_id)
    if school is None:
        raise NotFound(ErrorCode.NOT_FOUND, "school of a class group")
    return pages, viewer.account, school, group


def _address(pages: LessonPages, request: web.Request) -> str:
    """What pupils type: host and /join, without the scheme that browsers add."""
    parts = urlsplit(pages.origin(request))
    return f"{parts.netloc}/join"


def card_shown(name: str, code: str, origin: str) -> CardShown:
    code = code.replace("-", "")
    groups = [code[start : start + _GROUP] for start in range(0, len(code), _GROUP)]
    return CardShown(
        name=name,
        qr=qr_svg(f"{origin}/join/{code}"),
        groups="-".join(groups),
        spelled=", ".join(" ".join(group) for group in groups),
    )


def qr_svg(address: str) -> Markup:
    """An inline SVG that the content policy lets through: attributes only, no style. ISO/IEC 18004 by segno."""
    import segno  # Why here: only who prints cards needs it, and it would make every start slower.

    # Error level M: a thumbed card still reads. The border of 4 modules is the standard's quiet zone.
    code = segno.make(address, error="m", micro=False)
    size = code.symbol_size(border=0)[0] + 8
    path = "".join(
        f"M{x + 4} {y + 4}h{length}v1h-{length}z" for x, y, length in _runs([bytes(row) for row in code.matrix])
    )
    return Markup(
        '<svg viewBox="0 0 {size} {size}" role="img" aria-hidden="true" focusable="false" shape-rendering="crispEdges">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>'
    ).format(size=size, path=path)


def _runs(rows: list[bytes]) -> list[tuple[int, int, int]]:
    """(x, y, length) of dark stretches: one rectangle each keeps the page small."""
    found = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                found.append((x, y, length))
            x += max(length, 1)
    return found
