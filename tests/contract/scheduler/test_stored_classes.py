"""The scheduling commands know the class groups of the database, by their own ids."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.cli import main
from server.ids import SchoolId
from server.lessons import SchoolFiles, starting_file
from server.lessons.hours import ClassHours
from server.pair import LocalizedText, Side
from server.people import build_people
from server.storage import Database, database_url_for, migrate
from tests.fakes.clock import FakeClock

CLOCK = FakeClock(datetime(2026, 10, 1, tzinfo=UTC))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    migrate(database_url_for(tmp_path))
    return tmp_path


async def _two_classes(data: Path, *, closed: str = "") -> tuple[str, str]:
    database = Database(database_url_for(data))
    people = build_people(database, CLOCK)
    ids = []
    for side, zone in ((Side.TAIWAN, "Asia/Taipei"), (Side.UNITED_STATES, "America/Phoenix")):
        school = await people.schools.create(
            side=side,
            name=LocalizedText(f"School {side}", f"學校 {side}"),
            place=LocalizedText("Somewhere", "某地"),
            zone=zone,
            language="en",
            by=None,
        )
        name = LocalizedText('Class: "5A"', "五甲")
        group = await people.class_groups.create(school.id, name=name, grade="5", by=None)
        ids.append(group.id)
        if closed and side is Side.TAIWAN:
            known = ClassHours(
                class_group_id=group.id,
                school_id=SchoolId(school.id),
                class_name=name,
                school_name=school.name,
                side=side,
                zone=zone,
                grade="5",
                size=0,
            )
            begun = await asyncio.to_thread(starting_file, known)
            text = begun.replace("closures: []", f"closures: [{{first: {closed}, part: day, mode: closed, reason: x}}]")
            await SchoolFiles(database, CLOCK).put(school.id, text, version=0, by=None)
    await people.close()
    await database.close()
    return ids[0], ids[1]


def dates(data: Path, a: str, b: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    words = ("overlap", a, b, "--data", str(data), "--from", "2026-10-19", "--weeks", "1", "--json")
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["a"]["id"], found["b"]["id"]) == (a, b)
    return {slot["a"]["date"] for slot in found["slots"]}


def test_classes_of_the_database_are_found_by_their_ids(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = asyncio.run(_two_classes(data))
    assert "2026-10-21" in dates(data, a, b, capsys)
    assert main(("overlap", "--list", "--data", str(data))) == 0
    listed = capsys.readouterr().out
    assert a in listed
    assert "School us" in listed


def test_a_closure_in_the_schools_file_is_known(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = asyncio.run(_two_classes(data, closed="2026-10-21"))
    found = dates(data, a, b, capsys)
    assert "2026-10-21" not in found
    assert "2026-10-22" in found


def test_without_a_database_an_unknown_class_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("overlap", "cg_nothing", "us-az-saguaro-5b", "--data", str(tmp_path))) == 2
    assert "no class group" in capsys.readouterr().err
