"""A school file as values that a form changes: read as the scheduler reads it, one key changed, the others kept.

Whatever a form cannot show stays in the file; comments do not. Pure but for our templates and calendars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from scheduler import calendar_values, file_values, template_values

_WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """No anchors: what stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def values_of(text: str) -> dict[str, Any]:
    """Every scalar stays the text that was written (10:30, no, on). Raises SchoolFileError for what is no mapping."""
    return file_values(text.encode("utf-8", "replace"), "school.yaml")


def written(values: Mapping[str, Any]) -> str:
    """The short lists and mappings in one line each, as docs/scheduler.md shows a file."""
    text = yaml.dump(
        dict(values), Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=_WIDTH
    )
    return str(text)


def with_key(text: str, key: str, value: Any) -> str:
    return written({**values_of(text), key: value})


def bells_in(text: str) -> list[dict[str, Any]]:
    """The schedules of the file, else of the template that it names; in the file's order."""
    values = values_of(text)
    found = values.get("bells")
    if found is None and values.get("template"):
        found = template_bells(str(values["template"]))
    return [dict(one) for one in found or []]


def template_bells(name: str) -> list[dict[str, Any]]:
    """Empty for a template that is none of ours."""
    try:
        return [dict(one) for one in template_values(name)["bells"]]
    except KeyError:
        return []


def calendar_in(text: str) -> dict[str, Any]:
    """The calendar of the file, else ours of the name that it gives; without any, one that knows no year."""
    found = values_of(text).get("calendar")
    if isinstance(found, str):
        try:
            found = calendar_values(found)
        except KeyError:
            found = None
    return dict(found) if isinstance(found, dict) else {}


def years_in(calendar: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(one) for one in calendar.get("years") or []]


def placed(entries: Sequence[dict[str, Any]], entry: dict[str, Any], at: int | None) -> list[dict[str, Any]]:
    """With the entry instead of the one at that place, or as a new one; by their first days."""
    changed = [one for number, one in enumerate(entries) if number != at]
    return sorted([*changed, entry], key=lambda one: str(one.get("first", "")))
