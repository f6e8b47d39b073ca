"""The attendance as a file for spreadsheets: UTF-8 with a byte order mark, no cell that runs as a formula. Pure.

Why the mark: without it Excel reads Chinese in the machine's own encoding. Why the guard: a name such as
`=HYPERLINK(…)` would run on the desk of whoever opens the file (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from server.ids import SchoolId
from server.lessons.attendance import Row, Sheet
from server.lessons.lesson import Lesson, LessonSide
from server.lessons.local_time import wall_time
from server.people import Language, School

# What starts a formula, also full-width, and what some programs skip before one.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

_HEADINGS: Mapping[Literal["en", "zh-Hant-TW"], tuple[str, ...]] = {
    "en": ("School", "Name", "Role", "Present", "First", "Last", "Minutes", "Seconds", "Times", "Correction"),
    "zh-Hant-TW": ("學校", "姓名", "身分", "出席", "最早進入", "最後離開", "分鐘", "秒", "各段時間", "更正原因"),
}
_ADULT = {"en": "adult", "zh-Hant-TW": "老師"}
_PUPIL = {"en": "pupil", "zh-Hant-TW": "學生"}
_YES = {"en": "yes", "zh-Hant-TW": "是"}
_NO = {"en": "no", "zh-Hant-TW": "否"}


def guard(cell: str) -> str:
    """As text in any spreadsheet."""
    stripped = cell.lstrip(" \u3000\ufeff\u200b")
    return f"'{cell}" if stripped.startswith(_FORMULA_STARTS) or cell.startswith(_FORMULA_STARTS) else cell


def write_csv(sheet: Sheet, schools: Mapping[SchoolId, School], language: Language) -> bytes:
    """Times are the wall times of each person's own school."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_HEADINGS[language])
    for side in sheet.lesson.sides:
        school = schools.get(side.school_id)
        name = (school.name.en if language == "en" else school.name.zh) if school else ""
        for row in sheet.of_side(side.key):
            writer.writerow([guard(cell) for cell in _cells(name, row, side, language)])
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8", errors="replace")


def _cells(school: str, row: Row, side: LessonSide, language: Language) -> list[str]:
    def clock(at: datetime | None) -> str:
        return f"{wall_time(at, side.zone).local:%Y-%m-%d %H:%M:%S}" if at else ""

    return [
        school,
        row.name.en if language == "en" else row.name.zh,
        (_ADULT if row.is_adult else _PUPIL)[language],
        (_YES if row.was_there else _NO)[language],
        clock(row.first_at),
        clock(row.last_at),
        f"{row.seconds / 60:.1f}",
        str(row.seconds),
        "; ".join(f"{clock(one.start)} / {clock(one.end)}" for one in row.intervals),
        row.correction.reason if row.correction else "",
    ]


def file_name(lesson: Lesson) -> str:
    """ASCII, for a header."""
    return f"attendance-{lesson.date.isoformat()}-{lesson.id}.csv"
