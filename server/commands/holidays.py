"""`holidays`: official days of a country, make-up class days, and whether anybody has confirmed the year."""

from __future__ import annotations

import argparse
import sys

from scheduler import COUNTRIES, official_year, table
from server.clock import SystemClock
from server.commands.class_groups import one_sentence, print_json

HELP = "official days and make-up class days"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--country", choices=COUNTRIES, default="TW", help="default TW")
    add("--year", type=int, help="default this year")
    add("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    with one_sentence():
        found = official_year(arguments.country, arguments.year or SystemClock().now().year)
    confidence = "confirmed" if found.is_confirmed else "unconfirmed"
    if arguments.json:
        days = [
            {"date": f"{on}", "weekday": _WEEKDAYS[on.weekday()], "name": {"en": name.en, "zh-Hant-TW": name.zh}}
            for on, name in found.days.items()
        ]
        make_up = [{"date": f"{on}", "follows": f"{follows}"} for on, follows in sorted(found.make_up.items())]
        head = {"country": found.country, "year": found.year, "confidence": confidence}
        print_json({**head, "days": days, "make_up_class_days": make_up})
        return 0
    rows = [(f"{on}", _WEEKDAYS[on.weekday()], name.zh, name.en) for on, name in found.days.items()]
    rows += [(f"{on}", _WEEKDAYS[on.weekday()], "補課", f"classes of {f}") for on, f in sorted(found.make_up.items())]
    sys.stdout.write(f"{found.country} {found.year}: {confidence}\n")
    sys.stdout.write(table(("DATE", "DAY", "名稱", "NAME"), sorted(rows)) + "\n")
    return 0
