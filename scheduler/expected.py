"""What a school file should say instead, by code, in both languages: the one table of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scheduler.model import Names


@dataclass(frozen=True, slots=True)
class Expected:
    """`code` for machines, `text` for people."""

    code: str
    text: Names


class Unexpected(ValueError):
    """A value that is none of ours."""

    def __init__(self, expected: Expected) -> None:
        super().__init__(expected.text.en)
        self.expected = expected


# The words in braces are filled in with what stands in the file, or in our own data.
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # -- the file
    "file_readable": ("a readable file ({why})", "需要可讀取的檔案（{why}）"),
    "file_too_large": ("at most {most} bytes, not {found}", "最多 {most} 位元組，目前為 {found}"),
    "file_too_long": ("at most {most} characters", "最多 {most} 個字元"),
    "file_utf8": ("UTF-8 text", "需要 UTF-8 編碼的文字"),
    "file_yaml": ("YAML ({why})", "需要 YAML 格式（{why}）"),
    "file_empty": ("a mapping, and the file is empty", "檔案是空的，需要鍵與值"),
    "file_too_deep": ("at most {most} levels, one inside the other", "最多 {most} 層巢狀結構"),
    "file_expands": ("a smaller file; this one expands without end", "檔案展開後過大，請改用較小的檔案"),
    "plain_key": ("a plain key", "鍵必須是單純的文字"),
    "key_once": ("each key once, and {found} stands here again", "每個鍵只能出現一次，{found} 重複了"),
    "keys_and_values": ("expected keys and values", "需要鍵與值"),
    "key_unknown": ("no such key (see docs/scheduler.md)", "沒有這個鍵（請見 docs/scheduler.md）"),
    "key_missing": ("expected this key, and it is missing", "缺少這個必填的鍵"),
    # -- values
    "time": (
        "expected a time such as 08:40 (up to 30:00 for the next morning)",
        "需要時間，例如 08:40（隔天清晨最晚可寫到 30:00）",
    ),
    "date_exists": ("expected a date that exists, such as 2026-09-01", "需要實際存在的日期，例如 2026-09-01"),
    "date": ("expected a date such as 2026-09-01", "需要日期，例如 2026-09-01"),
    "weekday": ("expected a weekday: {known}", "需要星期的代號：{known}"),
    "zone": ("expected an IANA zone such as America/Phoenix", "需要 IANA 時區名稱，例如 America/Phoenix"),
    "zone_of_school": ("{zone}, the zone of the school", "需要這所學校的時區 {zone}"),
    "end_after_start": ("expected an end after the start", "結束時間必須在開始時間之後"),
    "last_not_before_first": ("expected a last date that is not before the first", "最後一天不可早於第一天"),
    "kind_of_day": (
        "expected one of the kinds of day {known}, not {found}",
        "需要其中一種作息日：{known}，而非 {found}",
    ),
    "periods_in_order": (
        "expected periods in order that do not overlap: {day} {one}, {other}",
        "節次必須依序且不重疊：{day} 的 {one} 與 {other}",
    ),
    "window_start": (
        "expected `start`: a window before school has no other beginning",
        "需要 `start`：上學前的時段沒有其他開始時間",
    ),
    "window_end": (
        "expected `end`: a window {kind} has no bell that ends it",
        "需要 `end`：{kind} 時段沒有鐘聲作為結束",
    ),
    "saturday_start": ("expected `start`: a Saturday has no bells", "需要 `start`：星期六沒有作息鐘聲"),
    "weekdays_or_date": ("expected either `weekdays` or `date`", "`weekdays` 與 `date` 須擇一填寫"),
    # -- what belongs together
    "one_of": ("expected one of {known}, not {found}", "需要其中之一：{known}，而非 {found}"),
    "one_of_school": (
        "expected one of the school's {key}: {known}; not {found}",
        "需要這所學校的 {key} 其中之一：{known}，而非 {found}",
    ),
    "bells": ("expected bells, or a template that has them", "需要 bells，或含有作息表的範本"),
    "level": ("expected a level, or a template that has one", "需要 level，或含有學制的範本"),
    "windows": (
        "expected windows and lesson_minutes, or a template that has them",
        "需要 windows 與 lesson_minutes，或含有這兩項的範本",
    ),
    "period_names": ("expected names of periods, and {found} is none", "需要節次名稱，{found} 不是"),
}
# What pydantic says in English of a value; the others are told as not usable.
_VALUES_ZH: Final[Mapping[str, str]] = {
    "string_type": "需要文字",
    "string_too_short": "文字至少需要 {min_length} 個字元",
    "string_too_long": "文字最多 {max_length} 個字元",
    "string_pattern_mismatch": "需要符合格式 {pattern} 的文字",
    "int_type": "需要整數",
    "int_parsing": "需要整數",
    "bool_type": "需要 true 或 false",
    "bool_parsing": "需要 true 或 false",
    "list_type": "需要清單",
    "dict_type": "需要鍵與值",
    "model_type": "需要鍵與值",
    "literal_error": "需要其中之一：{expected}",
    "enum": "需要其中之一：{expected}",
    "greater_than_equal": "需要不小於 {ge} 的數值",
    "less_than_equal": "需要不大於 {le} 的數值",
}


def expected(code: str, **words: object) -> Expected:
    """By its code. Raises KeyError for one that is not in the table, or a word that is missing."""
    en, zh = _TEXTS[code]
    return Expected(code, Names(en=en.format(**words), zh=zh.format(**words)))


def expected_value(error: Mapping[str, Any]) -> Expected:
    """Of one entry of pydantic's list."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "extra_forbidden":
        return expected("key_unknown")
    if kind == "missing":
        return expected("key_missing")
    if kind == "value_error" and isinstance(context.get("error"), Unexpected):
        found: Expected = context["error"].expected
        return found
    message = str(error["msg"]).removeprefix("Input ").removeprefix("Value ").removeprefix("String ")
    given = repr(error["input"])
    zh = _VALUES_ZH.get(kind, "這個值無法使用").format_map({**context})
    return Expected(kind, Names(en=f"expected a value that {message}, not {given}", zh=f"{zh}，而非 {given}"))
