"""What the scheduling commands share: class groups by id, dates as arguments, failures as one sentence."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scheduler import Party, SchoolFileError, UnknownClassGroup, find_party, parties_in
from server.clock import SystemClock
from server.commands.stored_classes import stored_parties
from server.errors import ErrorCode, InvalidInput
from server.settings import load_settings

# Of dates that are asked for: far enough for every school, and no sum of them leaves the calendar.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def day(text: str) -> date:
    """`2026-10-19`."""
    try:
        on = date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-10-19") from error
    if not _FIRST_DAY <= on <= _LAST_DAY:
        raise argparse.ArgumentTypeError(f"{text} is not between {_FIRST_DAY} and {_LAST_DAY}")
    return on


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error


def today_at(party: Party) -> date:
    """The date on that school's wall."""
    return SystemClock().now().astimezone(ZoneInfo(party.school.zone)).date()


@contextmanager
def one_sentence() -> Iterator[None]:
    """Wrong ids, files and numbers are wrong use, said in one sentence."""
    try:
        yield
    except UnknownClassGroup as error:
        near = difflib.get_close_matches(error.wanted, error.known, n=3, cutoff=0.6)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        detail = f"there is no class group {error.wanted!r}; {meant}overlap --list shows them all"
        raise InvalidInput(ErrorCode.INVALID_REQUEST, detail) from error
    except SchoolFileError as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, str(error)) from error
    except ValueError as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, str(error)) from error


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    text = "data folder; school files in its `schools` are known too (default ./data)"
    parser.add_argument("--data", type=Path, metavar="DIR", help=text)


def own_parties(data: Path | None) -> tuple[Party, ...]:
    """Class groups of the school files in the data folder. Raises InvalidInput for a folder that is not there."""
    if data is not None and not data.is_dir():
        raise InvalidInput(ErrorCode.INVALID_REQUEST, f"--data {data}: there is no such folder")
    return parties_in(load_settings(data=data).data / "schools")


def find_class(wanted: str, own: tuple[Party, ...], data: Path | None) -> Party:
    """Of the school files, the demo data, a file of its own, or the database: in this order, the quick ones first."""
    try:
        return find_party(wanted, own)
    except UnknownClassGroup:
        return find_party(wanted, (*own, *stored_parties(data)))


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
