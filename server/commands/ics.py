"""`ics`: a series as a calendar file, or what a school's calendar file says and which of its events were skipped."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler import NotACalendar, calendar_lessons, feed_json, feed_table, read_feed, write_calendar, zone_keys
from server.clock import SystemClock
from server.commands.class_groups import one_sentence, print_json
from server.commands.series import add_series_arguments, planned
from server.errors import ErrorCode, InvalidInput

HELP = "calendar files: write a series, or read a school's"
_DOMAIN = "tongchuang.invalid"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_series_arguments(parser, pair="?")
    add = parser.add_argument
    add("--out", type=Path, metavar="FILE", help="where to write (default stdout)")
    add(
        "--read",
        type=Path,
        metavar="FILE",
        help="show what a calendar file says instead (--zone, --from, --weeks)",
    )
    add("--zone", default="Asia/Taipei", help="wall of floating and all-day times of --read (default Asia/Taipei)")
    add("--json", action="store_true", help="with --read: for programs")


def run(arguments: argparse.Namespace) -> int:
    if arguments.read is not None:
        return _read(arguments)
    if not arguments.a or not arguments.b:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, "ics needs two class groups, or --read FILE")
    plan = planned(arguments)
    raw = write_calendar(calendar_lessons(plan, SystemClock().now(), _DOMAIN), name="Tongchuang 同窗")
    if arguments.out is None:
        sys.stdout.write(raw.decode())
    else:
        try:
            arguments.out.write_bytes(raw)
        except OSError as error:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, f"{arguments.out}: {error.strerror}") from error
    missing = len(plan.exceptions)
    if missing:
        sys.stderr.write(f"{missing} of {len(plan.lessons)} lessons have no hour yet and are left out; see `series`.\n")
    return 0


def _read(arguments: argparse.Namespace) -> int:
    if arguments.zone not in zone_keys():
        raise InvalidInput(ErrorCode.INVALID_REQUEST, f"--zone {arguments.zone!r} is no IANA zone such as Asia/Taipei")
    first = arguments.from_on or SystemClock().now().date()
    start_at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    try:
        raw = arguments.read.read_bytes()
    except OSError as error:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, f"{arguments.read}: {error.strerror}") from error
    with one_sentence():
        try:
            feed = read_feed(raw, start_at, start_at + timedelta(weeks=arguments.weeks), arguments.zone)
        except NotACalendar as error:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, f"{arguments.read}: {error}") from error
    if arguments.json:
        print_json(feed_json(feed, arguments.zone))
    else:
        sys.stdout.write(feed_table(feed, arguments.zone) + "\n")
    return 0
