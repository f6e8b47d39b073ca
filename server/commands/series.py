"""`series`: a term's lessons for a pair, each checked against both calendars, replacements where one fails."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from scheduler import (
    MAX_WEEKS,
    Anchor,
    Change,
    Query,
    SeriesError,
    SeriesPlan,
    Tier,
    accept_replacements,
    find_overlaps,
    plan_series,
    series_json,
    series_table,
)
from server.commands.class_groups import (
    add_data_argument,
    day,
    find_class,
    one_sentence,
    own_parties,
    print_json,
    today_at,
    whole,
)
from server.errors import ErrorCode, InvalidInput

HELP = "a term's lessons for a pair of class groups"
# A Taiwan term has twenty teaching weeks.
_TERM_WEEKS = 20
# The best-ranked weekly hours that are tried until one holds so many lessons.
_TRIED_STARTS = 40


def instant(text: str) -> datetime:
    """`2026-10-19T23:40:00Z`, as `overlap --json` prints it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant such as 2026-10-19T23:40:00Z") from error
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} says no zone: write 2026-10-19T23:40:00Z")
    return found.astimezone(UTC)


def add_series_arguments(parser: argparse.ArgumentParser, *, pair: str | None = None) -> None:
    add = parser.add_argument
    add("a", nargs=pair, metavar="A", help="class group: an id of overlap --list, or school-file.yaml#class-group")
    add("b", nargs=pair, metavar="B", help="the other class group")
    add("--lessons", type=whole, default=8, metavar="N", help="how many (default 8)")
    add(
        "--start",
        type=instant,
        metavar="INSTANT",
        help="first lesson, as in overlap --json (default: the best)",
    )
    add("--from", dest="from_on", type=day, metavar="DATE", help="first date, on A's wall (default today)")
    add(
        "--weeks", type=whole, default=_TERM_WEEKS, help=f"how far to look (default {_TERM_WEEKS}, at most {MAX_WEEKS})"
    )
    add("--every", type=whole, default=1, metavar="WEEKS", help="a lesson every so many weeks (default 1)")
    add("--minutes", type=whole, default=40, help="length of a lesson (default 40)")
    add(
        "--anchor",
        choices=[str(side) for side in Anchor],
        default="a",
        help="whose clock holds when one shifts (default a)",
    )
    add(
        "--tier",
        choices=[str(tier) for tier in Tier],
        default=str(Tier.SATURDAY),
        help="worst tier to accept (default all)",
    )
    add_data_argument(parser)
    add("--accept", action="store_true", help="take the best replacement of every exception")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_series_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    plan = planned(arguments)
    if arguments.json:
        print_json(series_json(plan))
    else:
        sys.stdout.write(series_table(plan) + "\n")
    return 0


def planned(arguments: argparse.Namespace) -> SeriesPlan:
    """Raises InvalidInput in one sentence."""
    with one_sentence():
        own = own_parties(arguments.data)
        a, b = find_class(arguments.a, own, arguments.data), find_class(arguments.b, own, arguments.data)
        query = Query(
            a=a,
            b=b,
            from_on=arguments.from_on or today_at(a),
            weeks=arguments.weeks,
            minutes=arguments.minutes,
            worst_tier=Tier(arguments.tier),
        )
        anchor = Anchor(arguments.anchor)
        if arguments.start is not None:
            plan = plan_series(query, arguments.start, arguments.lessons, every_weeks=arguments.every, anchor=anchor)
        else:
            plan = _best(query, arguments.lessons, arguments.every, anchor)
        change: Change | None = accept_replacements(plan) if arguments.accept else None
        return change.plan if change else plan


def _best(query: Query, lessons: int, every: int, anchor: Anchor) -> SeriesPlan:
    """Of the best-ranked weekly hours the one with the fewest exceptions."""
    best: SeriesPlan | None = None
    problem = "the two classes have no common hour in these weeks; `overlap` says why"
    seen: set[tuple[str, str]] = set()
    for slot in find_overlaps(query).slots:
        hour = (slot.a.weekday, slot.a.start)
        if hour in seen or len(seen) == _TRIED_STARTS:
            continue
        seen.add(hour)
        try:
            plan = plan_series(query, slot.start_at, lessons, every_weeks=every, anchor=anchor)
        except SeriesError as error:
            problem = str(error)
            continue
        if plan.is_complete:
            return plan
        if best is None or len(plan.exceptions) < len(best.exceptions):
            best = plan
    if best is None:
        raise InvalidInput(ErrorCode.INVALID_REQUEST, problem)
    return best
