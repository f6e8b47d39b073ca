"""What is remembered of earlier questions: the same values give the same answer, others never that of a stranger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from scheduler import Closure, ClosureMode, DayPart, Party, Query, find_overlaps, find_party
from scheduler import expand as expanding
from scheduler.kept import Kept
from scheduler.overlap import forget
from scheduler.search import expand_sides

TW, CA, NY = (find_party(name) for name in ("tw-taipei-chenguang-5a", "us-ca-bayview-5r", "us-ny-hudson-7m"))
QUERY = Query(a=TW, b=CA, from_on=date(2026, 10, 19))


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    forget()


def test_the_memory_is_bounded_and_the_oldest_goes() -> None:
    kept: Kept[int] = Kept(2)
    values = [(object(),) for _ in range(3)]
    kept.put(values[0], "x", 0)
    kept.put(values[1], "x", 1)
    assert kept.get(values[0], "x") == 0, "asked again, it is younger than the other"
    kept.put(values[2], "x", 2)
    assert [kept.get(one, "x") for one in values] == [0, None, 2]
    assert len(kept) == 2
    assert kept.get(values[0], "y") is None


def test_heavy_answers_leave_room_for_fewer() -> None:
    kept: Kept[int] = Kept(10)
    values = [(object(),) for _ in range(4)]
    for number, weight in enumerate((3, 3, 3)):
        kept.put(values[number], "x", number, weight)
    assert len(kept) == 3
    kept.put(values[3], "x", 3, 6)
    assert [kept.get(one, "x") for one in values] == [None, None, 2, 3]
    kept.put(values[0], "x", 0, 11)
    assert [kept.get(one, "x") for one in values] == [None, None, 2, 3], "nothing goes for what does not fit anyway"
    kept.put(values[3], "x", 4, 1)
    kept.put(values[0], "x", 0, 6)
    assert [kept.get(one, "x") for one in values] == [0, None, 2, 4], "put again, it weighs what it weighs now"


def test_equal_values_are_not_taken_for_the_same() -> None:
    kept: Kept[int] = Kept(2)
    one, two = (["a"],), (["a"],)
    kept.put(one, 0, 1)
    assert kept.get(two, 0) is None


def test_an_answer_that_was_kept_is_the_answer() -> None:
    for query in (QUERY, replace(QUERY, b=NY), replace(QUERY, weeks=2), replace(QUERY, minutes=90)):
        first = find_overlaps(query)
        again = find_overlaps(replace(query))
        forget()
        assert first == again == find_overlaps(query)


def test_a_closure_makes_another_school_and_another_answer() -> None:
    before = find_overlaps(QUERY)
    on = before.slots[0].a.on
    closure = Closure(first_on=on, last_on=on, part=DayPart.DAY, mode=ClosureMode.CLOSED)
    shut = replace(TW.school, closures=(*TW.school.closures, closure))
    after = find_overlaps(replace(QUERY, a=Party(shut, TW.group)))
    assert any(slot.a.on == on for slot in before.slots)
    assert not any(slot.a.on == on for slot in after.slots)


def test_what_is_only_tried_out_is_not_kept() -> None:
    expand_sides(QUERY)
    assert len(expanding._kept) == 0
    find_overlaps(replace(QUERY, b=NY))
    assert len(expanding._kept) == 2, "the two that were asked about; the relaxations' are not"
