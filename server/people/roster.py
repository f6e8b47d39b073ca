"""Names of a class from what a teacher typed, pasted or exported, line by line, with what is wrong with each. Pure.

Takes one name per line, or CSV (RFC 4180; comma, semicolon or tab) with or without a header. Of a table only the names
are read: everything else that a school's export holds about pupils is left behind (C2).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.errors import ErrorCode, InvalidInput
from server.pair import LocalizedText
from server.people.text import TextProblem, problem_of, tidy

MAX_STUDENTS = 100
MAX_DISPLAY_NAME = 40
# A class of 100 with a wide export; more is no class.
MAX_LINES = 400
MAX_CHARACTERS = 64_000
MAX_BYTES = 4 * MAX_CHARACTERS

_NAME_HEADERS = frozenset(
    {
        "name", "display name", "display_name", "displayname", "full name", "student", "student name", "pupil",
        "姓名", "名字", "學生", "學生姓名", "中文姓名", "顯示名稱", "稱呼",
    }
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = tuple("=+-@＝＋－＠")
_NUMBER = re.compile(r"[#(（]?\d{1,4}[.)）、:：]?")
_LEADING_NUMBER = re.compile(r"\A\s*\d{1,3}[.)）、:：]\s*(?=\S)")
_CONTACT = re.compile(r"@|://|www\.|(\d[\s-]?){6}", re.IGNORECASE)


class RosterProblem(StrEnum):
    """Why a line is no pupil."""

    NO_NAME = "no_name"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    CONTROL = "control"
    DIRECTION = "direction"
    INVISIBLE = "invisible"
    STACKED_MARKS = "stacked_marks"
    FORMULA = "formula"
    CONTACT = "contact"
    COLUMNS = "columns"
    TWICE = "twice"
    IN_CLASS = "in_class"
    FULL = "full"


PROBLEM_TEXTS = {
    RosterProblem.NO_NAME: LocalizedText("There is no name in this line.", "這一行沒有姓名。"),
    RosterProblem.TOO_LONG: LocalizedText("The name is longer than 40 characters.", "姓名超過 40 個字元。"),
    RosterProblem.UNREADABLE: LocalizedText(
        "Some characters cannot be read. Please save the file as UTF-8.", "有些字元無法讀取，請將檔案存成 UTF-8。"
    ),
    RosterProblem.CONTROL: LocalizedText("There is a control character in the name.", "姓名中含有控制字元。"),
    RosterProblem.DIRECTION: LocalizedText(
        "There is a sign in the name that turns the direction of writing.", "姓名中含有改變書寫方向的符號。"
    ),
    RosterProblem.INVISIBLE: LocalizedText("There is an invisible character in the name.", "姓名中含有看不見的字元。"),
    RosterProblem.STACKED_MARKS: LocalizedText("There are too many marks on one letter.", "單一字母上的符號過多。"),
    RosterProblem.FORMULA: LocalizedText(
        "A name cannot begin with this sign: spreadsheets take it for a formula.",
        "姓名不能以這個符號開頭，試算表會把它當成公式。",
    ),
    RosterProblem.CONTACT: LocalizedText(
        "This looks like an address or a phone number. Only names are kept.",
        "這看起來像是聯絡方式，系統只保存姓名。",
    ),
    RosterProblem.COLUMNS: LocalizedText(
        "There is more than one column. Please add a first line that says which one is the name.",
        "這一行有多個欄位，請在第一行加上欄位名稱，標明哪一欄是姓名。",
    ),
    RosterProblem.TWICE: LocalizedText("This name is in the list twice.", "名單中有重複的姓名。"),
    RosterProblem.IN_CLASS: LocalizedText("This name is in the class already.", "班級裡已經有這個姓名。"),
    RosterProblem.FULL: LocalizedText("A class group has at most 100 pupils.", "一個班級最多 100 名學生。"),
}

_OF_TEXT = {
    TextProblem.EMPTY: RosterProblem.NO_NAME,
    TextProblem.TOO_LONG: RosterProblem.TOO_LONG,
    TextProblem.UNREADABLE: RosterProblem.UNREADABLE,
    TextProblem.CONTROL: RosterProblem.CONTROL,
    TextProblem.DIRECTION: RosterProblem.DIRECTION,
    TextProblem.INVISIBLE: RosterProblem.INVISIBLE,
    TextProblem.STACKED_MARKS: RosterProblem.STACKED_MARKS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """`number`: from 1, as an editor counts. Exactly one of `display_name` and `problem` is there."""

    number: int
    text: str
    display_name: str | None = None
    problem: RosterProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPreview:
    """What would become of a text. `dropped_columns`: headers of columns that are not kept."""

    lines: tuple[RosterLine, ...]
    dropped_columns: tuple[str, ...] = ()

    @property
    def good(self) -> tuple[str, ...]:
        return tuple(line.display_name for line in self.lines if line.display_name is not None)

    @property
    def problems(self) -> tuple[RosterLine, ...]:
        return tuple(line for line in self.lines if line.problem is not None)


def decode_roster(data: bytes) -> str:
    """A file as schools send it: UTF-8 or UTF-16 with or without a mark, else Big5. Raises InvalidInput."""
    if len(data) > MAX_BYTES:
        raise InvalidInput(ErrorCode.ROSTER_INVALID, "too long")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[:200].count(0) > len(data[:200]) // 4:
        # Spreadsheets' "Unicode text" without its mark: every second byte of Latin text is 0.
        encodings = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp950"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(ErrorCode.ROSTER_INVALID, "neither UTF-8, UTF-16 nor Big5")


def parse_roster(text: str, *, in_class: Collection[str] = ()) -> RosterPreview:
    """`in_class`: display names that are there already. Raises InvalidInput when it is too long to be a class."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(ErrorCode.ROSTER_INVALID, "too long")
    rows = list(_rows(text.removeprefix("\ufeff")))
    if len(rows) > MAX_LINES:
        raise InvalidInput(ErrorCode.ROSTER_INVALID, "too many lines")
    header = _header(rows[0].cells) if rows else None
    body = rows if header is None else rows[1:]
    present = {same_name(name) for name in in_class}
    room = MAX_STUDENTS - len(in_class)
    lines: list[RosterLine] = []
    seen: set[str] = set()
    for row in body:
        name, problem = _name_in(row.cells, None if header is None else header.name_column)
        if problem is None:
            problem = _clash(name, seen, present, room)
        if problem is None:
            seen.add(same_name(name))
        lines.append(
            RosterLine(
                number=row.number,
                text=_shown(row.text),
                display_name=None if problem else name,
                problem=problem,
            )
        )
    return RosterPreview(lines=tuple(lines), dropped_columns=() if header is None else header.dropped)


def check_display_name(text: str) -> tuple[str, RosterProblem | None]:
    """The name as it would be kept, and what is wrong with it."""
    name = tidy(text)
    problem = problem_of(name, MAX_DISPLAY_NAME)
    if problem is not None:
        return name, _OF_TEXT[problem]
    if name.startswith(_FORMULA):
        return name, RosterProblem.FORMULA
    if _CONTACT.search(unicodedata.normalize("NFKC", name)):
        return name, RosterProblem.CONTACT
    if not any(unicodedata.category(character)[0] in "LN" for character in name):
        return name, RosterProblem.NO_NAME
    return name, None


def same_name(name: str) -> str:
    """Two names that look the same are the same: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    text: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    name_column: int
    dropped: tuple[str, ...]


def _rows(text: str) -> Iterator[_Row]:
    """One row per line: a quoted cell ends with its line, because a name has no line break."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    filled = [line for line in lines if line.strip()]
    delimiter = _delimiter(filled)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _Row(number, line, _cells(line, delimiter))


def _delimiter(lines: Sequence[str]) -> str | None:
    """The one that most lines have; None: each line is one name."""
    counts = {mark: sum(mark in line for line in lines) for mark in ("\t", ";", ",")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def _cells(line: str, delimiter: str | None) -> tuple[str, ...]:
    if delimiter is None and '"' not in line:
        return (line,)
    try:
        # A field of csv's own has a limit of 131,072 characters, which is above ours.
        return tuple(next(csv.reader([line], delimiter=delimiter or ",", skipinitialspace=True), ()))
    except csv.Error:
        return (line,)


def _header(cells: Sequence[str]) -> _Header | None:
    """Which column is the name, when the first line says so."""
    words = [tidy(cell).casefold() for cell in cells]
    if not any(word in _NAME_HEADERS for word in words):
        return None
    column = next(index for index, word in enumerate(words) if word in _NAME_HEADERS)
    dropped = tuple(_shown(cell) for index, cell in enumerate(cells) if index != column and cell.strip())
    return _Header(column, dropped)


def _name_in(cells: Sequence[str], column: int | None) -> tuple[str, RosterProblem | None]:
    if column is not None:
        return check_display_name(cells[column]) if column < len(cells) else ("", RosterProblem.NO_NAME)
    words = [cell for cell in cells if cell.strip() and not _NUMBER.fullmatch(cell.strip())]
    if not words:
        return "", RosterProblem.NO_NAME
    if len(words) > 1:
        return "", RosterProblem.COLUMNS
    return check_display_name(_LEADING_NUMBER.sub("", words[0]) if len(cells) == 1 else words[0])


def _clash(name: str, seen: set[str], present: set[str], room: int) -> RosterProblem | None:
    key = same_name(name)
    if key in seen:
        return RosterProblem.TWICE
    if key in present:
        return RosterProblem.IN_CLASS
    return RosterProblem.FULL if len(seen) >= room else None


def _shown(text: str) -> str:
    """A line as the preview may show it: short, and with nothing that turns or hides what stands around it."""
    visible = "".join(
        character if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else "\ufffd"
        for character in text[: MAX_DISPLAY_NAME * 3].replace("\t", " ")
    )
    return visible.strip()
