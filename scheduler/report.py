"""Answers as the JSON that programs rely on (guide interfaces.md, `overlap --json`) and as tables for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.expand import Party
from scheduler.model import Names
from scheduler.overlap import Answer
from scheduler.slot import Reason, SideSlot, Slot


def instant(at: datetime) -> str:
    """`2026-10-19T23:40:00Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def text_json(names: Names) -> dict[str, str]:
    return {"en": names.en, "zh-Hant-TW": names.zh}


def party_json(party: Party) -> dict[str, Any]:
    school, group = party.school, party.group
    return {
        "id": party.id,
        "school": school.name.en,
        "country": school.country,
        "zone": school.zone,
        "level": school.level,
        "region": school.region,
        "school_id": str(school.id),
        "school_name": text_json(school.name),
        "name": text_json(group.name),
        "size": group.size,
        "lesson_minutes": group.lesson_minutes,
        "is_demo": school.is_demo,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    query = answer.query
    return {
        "a": party_json(query.a),
        "b": party_json(query.b),
        "from": query.from_on.isoformat(),
        "weeks": query.weeks,
        "minutes": query.minutes,
        "worst_tier": str(query.worst_tier),
        "tzdata": answer.tzdata,
        "slots": [slot_json(slot) for slot in answer.slots],
        "none_because": [reason_json(reason) for reason in answer.none_because],
        "relaxations": [
            {"code": r.code, "gain_slots": r.gain_slots, "gain_dates": r.gain_dates, "text": text_json(r.text)}
            for r in answer.relaxations
        ],
    }


def slot_json(slot: Slot) -> dict[str, Any]:
    change = slot.clock_change
    return {
        "rank": slot.rank,
        "start_at": instant(slot.start_at),
        "end_at": instant(slot.end_at),
        "tier": str(slot.tier),
        "payer": str(slot.payer),
        "first_start_at": instant(slot.first_start_at),
        "last_start_at": instant(slot.last_start_at),
        "a": side_json(slot.a),
        "b": side_json(slot.b),
        "confidence": str(slot.confidence),
        "clock_change": None
        if change is None
        else {
            "side": change.side,
            "zone": change.zone,
            "at": instant(change.at),
            "date": change.on.isoformat(),
            "shift_minutes": change.shift_minutes,
            "b_start_if_a_stays": change.if_a_stays,
            "a_start_if_b_stays": change.if_b_stays,
        },
        "reasons": [reason_json(reason) for reason in slot.reasons],
    }


def side_json(side: SideSlot) -> dict[str, Any]:
    return {
        "date": side.on.isoformat(),
        "weekday": side.weekday,
        "start": side.start,
        "end": side.end,
        "window": str(side.window),
        "burden_minutes": side.burden_minutes,
        "zone": side.zone,
    }


def reason_json(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "text": text_json(reason.text)}


def width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, each line without spaces at its end."""
    lines = [head, *rows]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def parties_table(parties: Sequence[Party]) -> str:
    rows = [(p.id, p.school.name.en, p.school.country, p.school.zone, p.school.level) for p in parties]
    return table(("ID", "SCHOOL", "COUNTRY", "ZONE", "LEVEL"), rows)


def answer_table(answer: Answer, most: int) -> str:
    """Both dates and both weekdays in every line, because they differ (guide §1.2)."""
    query = answer.query
    weeks = "1 week" if query.weeks == 1 else f"{query.weeks} weeks"
    lines = [
        f"A  {query.a.school.name.en}, {query.a.group.name.en} ({query.a.school.zone})",
        f"B  {query.b.school.name.en}, {query.b.group.name.en} ({query.b.school.zone})",
        f"{query.minutes} minutes, {weeks} from {query.from_on}, tzdata {answer.tzdata}",
        "",
    ]
    if answer.slots:
        rows = [
            (
                str(s.rank),
                _when(s.a),
                _when(s.b),
                str(s.tier),
                str(s.payer),
                f"{s.a.burden_minutes}/{s.b.burden_minutes}",
                str(s.confidence),
            )
            for s in answer.slots[:most]
        ]
        lines.append(table(("#", "A", "B", "TIER", "PAYS", "OUTSIDE A/B", "CALENDAR"), rows))
        if len(answer.slots) > most:
            lines.append(f"… and {len(answer.slots) - most} more (--all)")
        lines.append("OUTSIDE: minutes outside of school hours on either side; PAYS: the side that gives more of them.")
        lines += ["", "Why the first one:", *(f"  {reason.text.en}" for reason in answer.slots[0].reasons)]
    if answer.none_because:
        lines += ["", "Why there are so few:" if answer.slots else "Why there are none:"]
        lines += [f"  {reason.text.en} [{reason.code}]" for reason in answer.none_because]
    if answer.relaxations:
        lines += ["", "What would open more:", *(f"  {r.text.en} [{r.code}]" for r in answer.relaxations)]
    return "\n".join(lines)


def _when(side: SideSlot) -> str:
    return f"{side.weekday.capitalize()} {side.on} {side.start}–{side.end} {side.window}"
