"""Series and calendars as JSON for programs and as tables for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduler import zone
from scheduler.ical_in import Feed
from scheduler.ical_out import CalendarLesson, lesson_uid
from scheduler.report import instant, party_json, reason_json, slot_json, table
from scheduler.series import PlannedLesson, SeriesPlan
from scheduler.slot import Slot
from scheduler.zone import tzdata_release


def series_json(plan: SeriesPlan) -> dict[str, Any]:
    query = plan.query
    return {
        "a": party_json(query.a),
        "b": party_json(query.b),
        "from": query.from_on.isoformat(),
        "weeks": query.weeks,
        "minutes": query.minutes,
        "anchor": str(plan.anchor),
        "every_weeks": plan.every_weeks,
        "tzdata": tzdata_release(),
        "is_complete": plan.is_complete,
        "lessons": [_lesson_json(lesson) for lesson in plan.lessons],
        "quiet_weeks": [
            {"monday": week.monday.isoformat(), "suggestion": reason_json(week.suggestion)} for week in plan.quiet_weeks
        ],
        "seams": [{"number": s.number, "side": s.side, "before": s.before, "after": s.after} for s in plan.seams],
    }


def _lesson_json(lesson: PlannedLesson) -> dict[str, Any]:
    return {
        "number": lesson.number,
        "wanted_at": instant(lesson.wanted_at),
        "slot": slot_json(lesson.slot) if lesson.slot else None,
        "problem": reason_json(lesson.problem) if lesson.problem else None,
        "replacements": [slot_json(slot) for slot in lesson.replacements],
    }


def series_table(plan: SeriesPlan) -> str:
    """One line a lesson with both dates; the seam stands where the clock changes."""
    rows: list[tuple[str, str, str, str, str]] = []
    seams = {seam.number: seam for seam in plan.seams}
    names = {"a": plan.query.a.school.name.en, "b": plan.query.b.school.name.en}
    for lesson in plan.lessons:
        if lesson.number in seams:
            seam = seams[lesson.number]
            rows.append(("~", f"clock change: {names[seam.side]} {seam.before} → {seam.after}", "", "", ""))
        if lesson.slot is not None:
            slot = lesson.slot
            rows.append((str(lesson.number), _wall(slot, "a"), _wall(slot, "b"), str(slot.tier), str(slot.payer)))
            continue
        assert lesson.problem is not None
        rows.append((str(lesson.number), f"— {lesson.problem.text.en}", "", "", ""))
        for choice in lesson.replacements[:1]:
            rows.append(
                ("", f"  better: {_wall(choice, 'a')}", _wall(choice, "b"), str(choice.tier), str(choice.payer))
            )
    lines = [table(("#", "A", "B", "TIER", "PAYS"), rows)]
    lines += [week.suggestion.text.en for week in plan.quiet_weeks]
    return "\n".join(lines)


def _wall(slot: Slot, side: str) -> str:
    one = slot.a if side == "a" else slot.b
    return f"{one.weekday.capitalize()} {one.on} {one.start}–{one.end}"


def calendar_lessons(plan: SeriesPlan, changed_at: datetime, domain: str) -> list[CalendarLesson]:
    """The planned lessons for a file; a UID is made of both class groups and the lesson's number, so it is stable."""
    query = plan.query
    return [
        CalendarLesson(
            uid=lesson_uid(f"{query.a.id}.{query.b.id}.{query.from_on}.{lesson.number}", domain),
            sequence=0,
            start_at=lesson.slot.start_at,
            end_at=lesson.slot.end_at,
            summary=f"{query.a.school.name.zh} × {query.b.school.name.en} ({lesson.number}/{len(plan.lessons)})",
            zones=(query.a.school.zone, query.b.school.zone),
            places=(query.a.school.name.zh, query.b.school.name.en),
            changed_at=changed_at,
            is_confirmed=False,
        )
        for lesson in plan.lessons
        if lesson.slot is not None
    ]


def feed_json(feed: Feed, key: str) -> dict[str, Any]:
    return {
        "zone": key,
        "events": [
            {
                "uid": event.uid,
                "summary": event.summary,
                "start_at": instant(event.interval.start_at),
                "end_at": instant(event.interval.end_at),
                "is_all_day": event.is_all_day,
                "first_on": event.first_on.isoformat(),
                "last_on": event.last_on.isoformat(),
            }
            for event in feed.events
        ],
        "skipped": [{"event": s.event, "summary": s.summary, "code": s.code, "why": s.why} for s in feed.skipped],
    }


def feed_table(feed: Feed, key: str) -> str:
    rows = []
    for event in feed.events:
        start, end = (zone.to_local(at, key) for at in (event.interval.start_at, event.interval.end_at))
        when = f"{event.first_on} – {event.last_on}" if event.is_all_day else f"{start:%Y-%m-%d %H:%M} – {end:%H:%M}"
        rows.append((when, "all day" if event.is_all_day else "busy", event.summary))
    lines = [table(("WHEN", "KIND", "WHAT"), rows)]
    if feed.skipped:
        lines += ["", "Skipped:", *(f"  event {s.event} {s.summary!r}: {s.why}" for s in feed.skipped)]
    return "\n".join(lines)
