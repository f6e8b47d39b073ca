"""The addresses of the lesson pages, each with its right."""

from __future__ import annotations

from aiohttp import web

from server.access import Action, add_route
from server.pages.lessons.attendance import download_csv, post_correction, post_signature, show_attendance
from server.pages.lessons.cards import print_cards, show_cards
from server.pages.lessons.changes import CHANGES
from server.pages.lessons.context import LESSON_PAGES, LessonPages
from server.pages.lessons.lists import dashboard_lessons, show_lessons
from server.pages.lessons.move import post_move, show_move
from server.pages.lessons.new import post_new, show_new
from server.pages.lessons.one import show_lesson
from server.pages.lessons.reports import show_reports
from server.pages.staff import add_dashboard_part


def add_lesson_pages(app: web.Application, pages: LessonPages) -> None:
    """After `setup_pages`, which makes the templates. /lessons/{id}/room belongs to the classroom."""
    app[LESSON_PAGES] = pages
    add_route(app, "GET", "/lessons", show_lessons, Action.LESSON_LIST)
    add_route(app, "GET", "/lessons/new", show_new, Action.LESSON_PROPOSE)
    add_route(app, "POST", "/lessons/new", post_new, Action.LESSON_PROPOSE)
    add_route(app, "GET", "/lessons/{id}", show_lesson, Action.LESSON_SEE)
    add_route(app, "GET", "/lessons/{id}/move", show_move, Action.LESSON_MOVE)
    add_route(app, "POST", "/lessons/{id}/move", post_move, Action.LESSON_MOVE)
    for verb, (handler, action) in CHANGES.items():
        add_route(app, "POST", f"/lessons/{{id}}/{verb}", handler, action)
    add_route(app, "GET", "/lessons/{id}/attendance", show_attendance, Action.ATTENDANCE_SEE)
    add_route(app, "GET", "/lessons/{id}/attendance.csv", download_csv, Action.ATTENDANCE_SEE)
    add_route(app, "POST", "/lessons/{id}/attendance/correct", post_correction, Action.ATTENDANCE_CORRECT)
    add_route(app, "POST", "/lessons/{id}/attendance/sign", post_signature, Action.ATTENDANCE_SIGN)
    add_route(app, "GET", "/lessons/{id}/reports", show_reports, Action.REPORTS_READ)
    add_route(app, "GET", "/class-groups/{id}/cards", show_cards, Action.CARDS_PRINT)
    add_route(app, "POST", "/class-groups/{id}/cards", print_cards, Action.CARDS_PRINT)
    add_dashboard_part(app, dashboard_lessons)
