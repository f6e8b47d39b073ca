"""`tzdata`: the time-zone release in use, and which future lessons it moves against what their people were told."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import MovedLesson, table, tzdata_release
from server.commands.class_groups import add_data_argument
from server.errors import ErrorCode, Unavailable
from server.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import URL

HELP = "lessons that a new time-zone release moves"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    followed, moved = asyncio.run(_look(_database_url(arguments.data)))
    rows = [
        {
            "lesson": one.lesson.id,
            "wall": f"{one.lesson.local:%Y-%m-%dT%H:%M}",
            "zone": one.lesson.zone,
            "told": f"{one.lesson.start_at:%Y-%m-%dT%H:%MZ}",
            "now": f"{one.start_at:%Y-%m-%dT%H:%MZ}",
            "existence": str(one.existence),
        }
        for one in moved
    ]
    if arguments.json:
        sys.stdout.write(json.dumps({"release": tzdata_release(), "followed": followed, "moved": rows}) + "\n")
        return 0
    sys.stdout.write(f"tzdata {tzdata_release()}; lessons were last held against {followed or 'none yet'}\n")
    if rows:
        names = tuple(rows[0])
        sys.stdout.write(table(names, [tuple(row[name] for name in names) for row in rows]) + "\n")
    sys.stdout.write(f"{len(rows)} future lessons move\n")
    return 0


def _database_url(data: Path | None) -> URL:
    from server.storage import database_url_for

    settings = load_settings(data=data)
    url = database_url_for(settings.data, settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise Unavailable(ErrorCode.DATA_UNUSABLE, f"{settings.data} has no database yet")
    return url


async def _look(url: URL) -> tuple[str | None, Sequence[MovedLesson]]:
    from sqlalchemy.exc import SQLAlchemyError

    from server.clock import SystemClock
    from server.lessons import build_lessons
    from server.people import build_people
    from server.storage import Database

    database, clock = Database(url), SystemClock()
    try:
        rules = build_lessons(database, build_people(database, clock), clock).clock_rules
        return await rules.followed(), await rules.moved()
    except SQLAlchemyError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, str(error).splitlines()[0]) from error
    finally:
        await database.close()
