"""The one letter about several lessons of a series that were moved at once: each on the reader's wall. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from server.ids import SchoolId
from server.lessons.lesson import Lesson
from server.lessons.local_time import wall_time
from server.lessons.series import Series
from server.outbox import Letter
from server.pair import WEEKDAYS
from server.people import Account, School

# Why said: eight short letters at once look like a fault to who does not know what they are for.
_UPDATES_EN = "For your calendar, one short letter for each lesson follows this one ({count}). They need no answer."
_UPDATES_ZH = "隨後另有 {count} 封短信，每堂課一封，供您的行事曆更新，不必答覆。"

Moved = tuple[int, datetime, Lesson]  # its number, where it stood, the lesson as it is now


def moves_subject(moved: Sequence[Moved]) -> str:
    """The same for all letters about them."""
    lesson, count = moved[0][2], len(moved)
    what = "A lesson to move 一堂課改期" if count == 1 else f"{count} lessons to move 改期 {count} 堂課"
    # Why: a title is typed by people, and a line break would start another header.
    return " ".join(f"{what}: {lesson.title.en} {lesson.title.zh}".split())


def moves_letter(
    series: Series,
    moved: Sequence[Moved],
    reader: Account,
    schools: Mapping[SchoolId, School],
    origin: str,
    now: datetime,
    *,
    updates: int = 0,
) -> Letter:
    """`updates`: how many letters for the calendar alone come with it."""
    first = moved[0][2]
    own = first.side_of_adult(reader.id) or first.sides[1]
    other = first.sides[0] if own is first.sides[1] else first.sides[1]
    partner = schools.get(other.school_id)
    versions = "-".join(f"{number}.{lesson.version}" for number, _, lesson in moved)
    link = f"{origin}/series/{series.id}"
    return Letter(
        # Letters are kept once by their key: another change of the same lessons has other versions.
        key=f"series-moves:{series.id}:{sha256(versions.encode()).hexdigest()[:20]}:{reader.id}",
        to=reader.email,
        subject=moves_subject(moved),
        text=f"""\
Hello {reader.name.en},

{partner.name.en if partner else "Your partner school"} proposes {_for_how_many(moved)} (your local time):

{_lines(moved, own.zone, is_chinese=False)}

All other lessons stay where they are. Look at both clocks and accept all of them, or answer one by one:
{link}
{_so_many(updates, _UPDATES_EN)}
{reader.name.zh} 您好：

{partner.name.zh if partner else "夥伴學校"}提議更改 {len(moved)} 堂課的時間（以下為您當地的時間）：

{_lines(moved, own.zone, is_chinese=True)}

其他課堂維持不變。請由以下連結查看雙方時間，可全部接受或逐堂答覆：
{link}
{_so_many(updates, _UPDATES_ZH)}""",
        due_at=now,
        not_after=max(lesson.ends_at for _, _, lesson in moved),
    )


def _for_how_many(moved: Sequence[Moved]) -> str:
    return "another hour for a lesson" if len(moved) == 1 else f"other hours for {len(moved)} lessons"


def _so_many(updates: int, words: str) -> str:
    return f"\n{words.format(count=updates)}\n" if updates else ""


def _lines(moved: Sequence[Moved], zone: str, *, is_chinese: bool) -> str:
    found = []
    for number, before, lesson in moved:
        was, now = (_when(at, zone, is_chinese=is_chinese) for at in (before, lesson.starts_at))
        found.append(f"{number}. {was} → {now}")
    return "\n".join(found)


def _when(at: datetime, zone: str, *, is_chinese: bool) -> str:
    wall = wall_time(at, zone)
    day = WEEKDAYS[wall.weekday]
    if is_chinese:
        return f"{wall.date.isoformat()}（{day.zh}）{wall.time:%H:%M}"
    return f"{day.en} {wall.date.isoformat()} {wall.time:%H:%M}"
