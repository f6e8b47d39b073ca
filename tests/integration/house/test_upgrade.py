"""A data folder that an older version left: `serve` saves it, brings it to today's form, and everything is there."""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from server.archive import read_archive
from server.classroom.apply import fold
from server.classroom.model import State
from server.classroom.store import EventStore
from server.database_file import FILE_NAME, known_revisions, revision_of
from server.ids import LessonId
from server.storage import Database, database_url_for
from tests.integration.house.command import ANY_PORT, ROOT, StartCommand

OLD = ROOT / "tests" / "data" / "storage" / "revision-0006.sql.gz"
LESSON, TEACHER, CLASS = LessonId("le_8XgPjho3Ui5f"), "ac_demo_kuo", "tw-yunlin-daotian-6a"
NEWEST = known_revisions()[-1]


@pytest.fixture
def old_data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        connection.executescript(gzip.decompress(OLD.read_bytes()).decode())
    (data / "card-secret").write_bytes(b"s" * 32)
    assert revision_of(data / FILE_NAME) == "0006"
    return data


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def a_pupil(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT display_name FROM student WHERE class_group_id = ?"
        return str(connection.execute(query, (CLASS,)).fetchone()[0])


def names_and_cards(file: Path) -> tuple[int, int]:
    return count(file, "student"), count(file, "classroom_card")


def look_into_the_backup(data: Path, unpacked: Path) -> tuple[int, int]:
    (saved,) = (data / "backups").iterdir()
    assert saved.name.startswith("before-upgrade-")
    unpacked.mkdir()
    assert read_archive(saved, unpacked).revision == "0006"
    assert [path.read_bytes() for path in unpacked.rglob("card-secret")] == [b"s" * 32]
    return names_and_cards(unpacked / "database" / FILE_NAME)


async def test_serve_upgrades_an_older_folder_and_keeps_a_backup_of_it(
    start: StartCommand, http: aiohttp.ClientSession, old_data: Path
) -> None:
    file = old_data / FILE_NAME
    were, pupil = await asyncio.to_thread(names_and_cards, file), await asyncio.to_thread(a_pupil, file)
    serve = await start("serve", *ANY_PORT, "--data", str(old_data))
    await serve.ready()
    assert await asyncio.to_thread(look_into_the_backup, old_data, old_data.parent / "unpacked") == were

    origin = {"Origin": serve.url}
    async with http.post(serve.url + "/demo/sign-in", data={"account": TEACHER}, headers=origin) as answer:
        assert answer.status == 200
        cookie = answer.history[0].cookies["tc_sign_in"].value
    for path, needle in ((f"/lessons/{LESSON}", "天氣與颱風"), (f"/class-groups/{CLASS}", pupil), ("/hours", "")):
        async with http.get(serve.url + path, headers={"Cookie": f"tc_sign_in={cookie}"}) as answer:
            assert answer.status == 200, path
            assert needle in await answer.text(), path
    assert (await serve.stop())[0] == 0

    assert await asyncio.to_thread(revision_of, file) == NEWEST != "0006"
    assert await asyncio.to_thread(names_and_cards, file) == were
    database = Database(database_url_for(old_data))
    try:
        room = fold(State(), await EventStore(database).read(LESSON, 0))
    finally:
        await database.close()
    assert [message.text for message in room.messages.values()] == ["said at the old revision 颱風"]
    assert [word.zh for word in room.words.values()] == ["颱風"]
