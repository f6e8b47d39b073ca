"""Two schools with their adults, and one who belongs to neither."""

from __future__ import annotations

import pytest

from server.ids import SchoolId
from tests.fakes.directory import make_account
from tests.fakes.lesson_house import LessonHouse as House
from tests.unit.lessons.proposing import STRANGER


@pytest.fixture
def house() -> House:
    house = House()
    house.directory.people[STRANGER] = make_account(STRANGER, SchoolId("sc_other"))
    return house
