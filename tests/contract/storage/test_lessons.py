"""What every store of lessons does alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.errors import Conflict
from server.lessons import DEMO_LESSON, LessonRepository, SqlLessonRepository
from server.pair import LocalizedText
from tests.contract.storage.conftest import ENGINES
from tests.fakes.lessons import MemoryLessonRepository


@pytest.fixture(params=["memory", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lessons(engine_name: str, request: pytest.FixtureRequest) -> LessonRepository:
    if engine_name == "memory":
        return MemoryLessonRepository()
    return SqlLessonRepository(request.getfixturevalue("database"))


async def test_what_was_put_is_found(lessons: LessonRepository) -> None:
    await lessons.put(DEMO_LESSON)
    assert await lessons.find(DEMO_LESSON.id) == DEMO_LESSON
    assert await lessons.find_by_room(DEMO_LESSON.room) == DEMO_LESSON


async def test_what_is_not_there_is_none(lessons: LessonRepository) -> None:
    assert await lessons.find("nothing") is None
    assert await lessons.find_by_room("nothing") is None


async def test_put_again_replaces_the_whole(lessons: LessonRepository) -> None:
    await lessons.put(DEMO_LESSON)
    changed = replace(
        DEMO_LESSON, title=LocalizedText("Changed", "改了"), people=DEMO_LESSON.people[::-1][:1], is_always_live=False
    )
    await lessons.put(changed)
    assert await lessons.find(DEMO_LESSON.id) == changed


async def test_the_order_of_people_is_kept(lessons: LessonRepository) -> None:
    turned = replace(DEMO_LESSON, people=DEMO_LESSON.people[::-1])
    await lessons.put(turned)
    found = await lessons.find(DEMO_LESSON.id)
    assert found is not None
    assert [person.seat for person in found.people] == ["ortega", "lin"]


async def test_a_lesson_may_be_empty(lessons: LessonRepository) -> None:
    empty = replace(DEMO_LESSON, people=())
    await lessons.put(empty)
    assert await lessons.find(DEMO_LESSON.id) == empty


async def test_two_lessons_cannot_share_a_room(lessons: LessonRepository) -> None:
    await lessons.put(DEMO_LESSON)
    with pytest.raises(Conflict):
        await lessons.put(replace(DEMO_LESSON, id="other"))
    assert await lessons.find("other") is None
    assert await lessons.find(DEMO_LESSON.id) == DEMO_LESSON


async def test_a_refused_change_leaves_the_old_whole(lessons: LessonRepository) -> None:
    await lessons.put(DEMO_LESSON)
    twice = replace(DEMO_LESSON, people=(DEMO_LESSON.people[0], DEMO_LESSON.people[0]))
    with pytest.raises(Conflict):
        await lessons.put(twice)
    assert await lessons.find(DEMO_LESSON.id) == DEMO_LESSON


async def test_removed_is_gone_and_twice_is_once(lessons: LessonRepository) -> None:
    await lessons.put(DEMO_LESSON)
    await lessons.remove(DEMO_LESSON.id)
    await lessons.remove(DEMO_LESSON.id)
    assert await lessons.find(DEMO_LESSON.id) is None
    # Its people are gone with it, or the seats would clash now.
    await lessons.put(DEMO_LESSON)


async def test_chinese_beyond_the_first_plane_survives(lessons: LessonRepository) -> None:
    rare = replace(DEMO_LESSON, title=LocalizedText("'; DROP TABLE lesson; --", "𠮷野家 🌅"))
    await lessons.put(rare)
    assert await lessons.find(DEMO_LESSON.id) == rare
