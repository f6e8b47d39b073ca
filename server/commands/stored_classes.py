"""Class groups of the database for the scheduling commands: on their school's own hours, or the usual ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler import Party
from server.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import URL

    from server.lessons import ClassHours


def stored_parties(data: Path | None) -> tuple[Party, ...]:
    """None when there is no database yet. Raises Unavailable when it cannot be read."""
    # Why here: the library answers in a third of a second; who asks for demo classes need not wait for the database.
    from server.storage import database_url_for

    settings = load_settings(data=data)
    url = database_url_for(settings.data, settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        return ()
    from server.lessons import hours_of

    return tuple(hours_of(one).party for one in asyncio.run(_read(url)))


async def _read(url: URL) -> Sequence[ClassHours]:
    from sqlalchemy.exc import SQLAlchemyError

    from server.clock import SystemClock
    from server.errors import ErrorCode, Unavailable
    from server.lessons import build_lessons
    from server.people import build_people
    from server.storage import Database

    database, clock = Database(url), SystemClock()
    try:
        classes = build_lessons(database, build_people(database, clock), clock).classes
        names = await classes.names()
        hours = await classes.hours([one.class_group_id for one in names])
        return [hours[one.class_group_id] for one in names if one.class_group_id in hours]
    except SQLAlchemyError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, str(error).splitlines()[0]) from error
    finally:
        await database.close()
