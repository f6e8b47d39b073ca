"""Conditions of statements that are made once and kept: making one anew takes as long as running it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.sql.elements import SQLCoreOperations


def is_among(column: SQLCoreOperations[Any], name: str = "ids") -> ColumnElement[bool]:
    """`column IN (…)`, with the values given as parameter `name` (a list, also an empty one) when it runs."""
    return column.in_(bindparam(name, expanding=True))


def equals(column: SQLCoreOperations[Any], name: str) -> ColumnElement[bool]:
    """`column = …`, with the value given as parameter `name`."""
    return column == bindparam(name)
