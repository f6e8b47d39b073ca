"""The one letter about a whole series: every lesson on the reader's own wall, and where to answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.ids import SchoolId
from server.lessons.lesson import Lesson
from server.lessons.local_time import wall_time
from server.lessons.series import Series
from server.outbox import Letter
from server.pair import WEEKDAYS
from server.people import Account, School


def series_letter(
    series: Series,
    lessons: Sequence[Lesson],
    reader: Account,
    schools: Mapping[SchoolId, School],
    origin: str,
    now: datetime,
) -> Letter:
    own = next((side for side in lessons[0].sides if reader.id in side.adults), lessons[0].sides[1])
    other = lessons[0].sides[0] if own is lessons[0].sides[1] else lessons[0].sides[1]
    partner = schools.get(other.school_id)
    link = f"{origin}/series/{series.id}"
    title = lessons[0].title
    return Letter(
        key=f"series:{series.id}:{reader.id}",
        to=reader.email,
        subject=" ".join(f"{len(lessons)} lessons proposed 提議 {len(lessons)} 堂課: {title.en} {title.zh}".split()),
        text=f"""\
Hello {reader.name.en},

{partner.name.en if partner else "Your partner school"} proposes {len(lessons)} lessons to your class (your local time):

{_lines(lessons, own.zone, is_chinese=False)}

Look at them on both clocks, accept all of them or answer one by one:
{link}

{reader.name.zh} 您好：

{partner.name.zh if partner else "夥伴學校"}向您的班級提議 {len(lessons)} 堂課（以下為您當地的時間）：

{_lines(lessons, own.zone, is_chinese=True)}

請由以下連結查看雙方時間，可全部接受或逐堂答覆：
{link}
""",
        due_at=now,
        not_after=lessons[-1].ends_at,
    )


def _lines(lessons: Sequence[Lesson], zone: str, *, is_chinese: bool) -> str:
    found = []
    for lesson in lessons:
        at = wall_time(lesson.starts_at, zone)
        if is_chinese:
            found.append(f"{at.date.isoformat()}（{WEEKDAYS[at.weekday].zh}）{at.time:%H:%M}，{lesson.minutes} 分鐘")
        else:
            found.append(f"{WEEKDAYS[at.weekday].en} {at.date.isoformat()} {at.time:%H:%M}, {lesson.minutes} minutes")
    return "\n".join(found)
