"""Mounts the pages of this package."""

from __future__ import annotations

from aiohttp import web

from server.access import Action, add_route
from server.pages.scheduling import outside
from server.pages.scheduling.answer import post_answer, post_reply, show_answer
from server.pages.scheduling.bells import post_bells, remove_bells, show_bells
from server.pages.scheduling.calendar import end_calendar, make_calendar, send_calendar, show_calendar
from server.pages.scheduling.calendar_replies import post_replies, show_replies
from server.pages.scheduling.class_term import show_class_term
from server.pages.scheduling.clock_banner import dashboard_clock
from server.pages.scheduling.context import SCHEDULING, SchedulingPages
from server.pages.scheduling.fairness import show_fairness
from server.pages.scheduling.hours import show_hours
from server.pages.scheduling.painting import choose_classes, paint_class, paint_own, show_class, show_own
from server.pages.scheduling.school_calendar import post_year, show_school_calendar, show_year
from server.pages.scheduling.school_hours import (
    add_closure,
    put_school_file,
    remove_closure,
    send_school_file,
    show_school_hours,
)
from server.pages.scheduling.series import post_series, show_new_series
from server.pages.scheduling.term import confirm_series, post_moves, post_note, show_term
from server.pages.scheduling.term_change import post_clock, show_change
from server.pages.staff import add_dashboard_part


def add_scheduling_pages(app: web.Application, pages: SchedulingPages) -> None:
    app[SCHEDULING] = pages
    add_route(app, "GET", "/hours", show_hours, Action.HOURS_FIND)
    add_route(app, "GET", "/account/availability", show_own, Action.HOURS_PAINT_OWN)
    add_route(app, "POST", "/account/availability", paint_own, Action.HOURS_PAINT_OWN)
    add_route(app, "POST", "/account/availability/classes", choose_classes, Action.HOURS_PAINT_OWN)
    add_route(app, "GET", "/class-groups/{id}/availability", show_class, Action.HOURS_SEE_CLASS)
    add_route(app, "POST", "/class-groups/{id}/availability", paint_class, Action.HOURS_PAINT_CLASS)
    add_route(app, "GET", "/account/calendars", outside.show_own, Action.HOURS_PAINT_OWN)
    add_route(app, "POST", "/account/calendars", outside.add_own, Action.HOURS_PAINT_OWN)
    add_route(app, "POST", "/account/calendars/keep", outside.keep_own, Action.HOURS_PAINT_OWN)
    add_route(app, "POST", "/account/calendars/remove", outside.remove_own, Action.HOURS_PAINT_OWN)
    of_school, change = "/schools/{school}/calendars", Action.SCHOOL_CALENDARS_CHANGE
    add_route(app, "GET", of_school, outside.show_school, change)
    add_route(app, "POST", of_school, outside.add_school, change)
    add_route(app, "POST", f"{of_school}/keep", outside.keep_school, change)
    add_route(app, "POST", f"{of_school}/remove", outside.remove_school, change)
    add_route(app, "POST", f"{of_school}/closures", outside.close_days, change)
    add_route(app, "GET", "/account/calendar", show_calendar, Action.ACCOUNT_SEE_OWN)
    add_route(app, "POST", "/account/calendar", make_calendar, Action.ACCOUNT_CHANGE_OWN)
    add_route(app, "POST", "/account/calendar/end", end_calendar, Action.ACCOUNT_CHANGE_OWN)
    add_route(app, "GET", "/calendar-replies", show_replies, Action.CALENDAR_REPLY_READ)
    add_route(app, "POST", "/calendar-replies", post_replies, Action.CALENDAR_REPLY_READ)
    add_route(app, "GET", "/series/new", show_new_series, Action.LESSON_PROPOSE)
    add_route(app, "POST", "/series/new", post_series, Action.LESSON_PROPOSE)
    add_dashboard_part(app, dashboard_clock)
    add_route(app, "GET", "/series/{id}", show_term, Action.LESSON_SEE)
    add_route(app, "GET", "/series/{id}/change", show_change, Action.LESSON_MOVE)
    add_route(app, "POST", "/series/{id}/move", post_moves, Action.LESSON_MOVE)
    add_route(app, "POST", "/series/{id}/clock", post_clock, Action.LESSON_MOVE)
    add_route(app, "POST", "/series/{id}/notes", post_note, Action.LESSON_MOVE)
    add_route(app, "POST", "/series/{id}/confirm", confirm_series, Action.LESSON_CONFIRM)
    add_route(app, "GET", "/schools/{school}/hours", show_school_hours, Action.SCHOOL_HOURS_SEE)
    add_route(app, "GET", "/schools/{school}/fairness", show_fairness, Action.SCHOOL_FAIRNESS_SEE)
    add_route(app, "GET", "/class-groups/{group}/term", show_class_term, Action.CLASS_GROUP_SEE)
    add_route(app, "GET", "/schools/{school}/hours.yaml", send_school_file, Action.SCHOOL_HOURS_SEE)
    add_route(app, "POST", "/schools/{school}/hours/closures", add_closure, Action.SCHOOL_HOURS_CHANGE)
    add_route(app, "POST", "/schools/{school}/hours/closures/remove", remove_closure, Action.SCHOOL_HOURS_CHANGE)
    add_route(app, "POST", "/schools/{school}/hours/file", put_school_file, Action.SCHOOL_HOURS_CHANGE)
    add_route(app, "GET", "/schools/{school}/hours/bells", show_bells, Action.SCHOOL_HOURS_SEE)
    add_route(app, "POST", "/schools/{school}/hours/bells", post_bells, Action.SCHOOL_HOURS_CHANGE)
    add_route(app, "POST", "/schools/{school}/hours/bells/remove", remove_bells, Action.SCHOOL_HOURS_CHANGE)
    add_route(app, "GET", "/schools/{school}/hours/calendar", show_school_calendar, Action.SCHOOL_HOURS_SEE)
    add_route(app, "GET", "/schools/{school}/hours/calendar/year", show_year, Action.SCHOOL_HOURS_SEE)
    add_route(app, "POST", "/schools/{school}/hours/calendar/year", post_year, Action.SCHOOL_HOURS_CHANGE)
    app.router.add_get("/calendar/{token}.ics", send_calendar)
    app.router.add_get("/answer/{token}", show_answer)
    app.router.add_post("/answer/{token}", post_answer)
    app.router.add_post("/answer/{token}/reply", post_reply)
