"""`overlap`: hours that work for two class groups, who pays for each, and what would open more."""

from __future__ import annotations

import argparse
import sys

from scheduler import (
    Query,
    Tier,
    answer_json,
    answer_table,
    demo_parties,
    find_overlaps,
    parties_table,
    party_json,
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
from server.commands.stored_classes import stored_parties
from server.errors import ErrorCode, InvalidInput

HELP = "hours that work for two class groups"
# A screenful; --all shows the rest.
_MOST_ROWS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("a", nargs="?", metavar="A", help="class group: an id of --list, or school-file.yaml#class-group")
    add("b", nargs="?", metavar="B", help="the other class group")
    add("--list", action="store_true", help="the class groups it knows")
    add("--from", dest="from_on", type=day, metavar="DATE", help="first date, on A's wall (default today)")
    add("--weeks", type=whole, default=4, help="how many weeks (default 4)")
    add("--minutes", type=whole, default=40, help="length of a lesson (default 40)")
    add(
        "--tier",
        choices=[str(tier) for tier in Tier],
        default=str(Tier.SATURDAY),
        help="worst tier to accept (default all)",
    )
    add_data_argument(parser)
    add("--all", action="store_true", help="all rows of the table")
    add("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    with one_sentence():
        own = own_parties(arguments.data)
        if arguments.list:
            known = (*own, *demo_parties())
            ids = {one.id for one in known}
            parties = (*known, *(one for one in stored_parties(arguments.data) if one.id not in ids))
            if arguments.json:
                print_json([party_json(one) for one in parties])
            else:
                sys.stdout.write(parties_table(parties) + "\n")
            return 0
        if not arguments.a or not arguments.b:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "overlap needs two class groups; overlap --list shows them")
        if arguments.a == arguments.b:
            raise InvalidInput(ErrorCode.INVALID_REQUEST, "these are one class group twice; overlap needs two")
        a, b = find_class(arguments.a, own, arguments.data), find_class(arguments.b, own, arguments.data)
        query = Query(
            a=a,
            b=b,
            from_on=arguments.from_on or today_at(a),
            weeks=arguments.weeks,
            minutes=arguments.minutes,
            worst_tier=Tier(arguments.tier),
        )
        answer = find_overlaps(query)
    if arguments.json:
        print_json(answer_json(answer))
    else:
        most = len(answer.slots) if arguments.all else _MOST_ROWS
        sys.stdout.write(answer_table(answer, most) + "\n")
    return 0
