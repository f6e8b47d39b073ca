"""Presence out of words that come twice, late, in any order or not at all; corrections; the file for spreadsheets."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.ids import LessonId, PersonId
from server.lessons import Correction, Interval, LessonState, Row, Sheet
from server.lessons.attendance import LeftBy, Presence, merge, require_intervals, until_of
from server.lessons.attendance_csv import guard, write_csv
from server.lessons.presence_log import Compared, Joined, Left, RoomFinished, RoomStarted, Told, changed_by
from server.pair import LocalizedText
from tests.fakes.directory import FakeDirectory
from tests.fakes.lessons import LIN, make_lesson

START = datetime(2026, 10, 20, 0, 40, tzinfo=UTC)
NOW = START + timedelta(minutes=40)
ANA = PersonId("pupil-st_ana")


def at(minutes: float = 0, seconds: float = 0) -> datetime:
    return START + timedelta(minutes=minutes, seconds=seconds)


def presence(
    sid: str,
    joined: datetime,
    left: datetime | None = None,
    *,
    room: str = "RM_1",
    person: PersonId = ANA,
    by: LeftBy = LeftBy.TOLD,
    interrupted: bool = False,
) -> Presence:
    return Presence(
        lesson_id=LessonId("le_one"),
        sid=sid,
        person=person,
        room_sid=room,
        joined_at=joined,
        left_at=left,
        left_by=by if left else None,
        is_interrupted=interrupted,
    )


def spans(*presences: Presence, until: datetime = NOW) -> list[tuple[float, float]]:
    return [((one.start - START).total_seconds(), (one.end - START).total_seconds()) for one in merge(presences, until)]


@pytest.mark.parametrize(
    ("presences", "expected"),
    [
        ([], []),
        ([presence("a", at(), at(40))], [(0, 2400)]),
        # still there: until now
        ([presence("a", at(3))], [(180, 2400)]),
        # left and came again after a second: two times
        ([presence("a", at(), at(10)), presence("b", at(10, 1), at(40))], [(0, 600), (601, 2400)]),
        # the network failed and was back after 30 s: one time; after 31 s: two
        ([presence("a", at(), at(10), interrupted=True), presence("b", at(10, 30), at(40))], [(0, 2400)]),
        (
            [presence("a", at(), at(10), interrupted=True), presence("b", at(10, 31), at(40))],
            [(0, 600), (631, 2400)],
        ),
        # a second device took over before the first was told to go
        ([presence("a", at(), at(10, 3)), presence("b", at(10), at(40))], [(0, 2400)]),
        # the end of the first was never told: an identity is in a room once
        ([presence("a", at()), presence("b", at(15), at(40))], [(0, 2400)]),
        # one within another
        ([presence("a", at(), at(40)), presence("b", at(10), at(20))], [(0, 2400)]),
        # a failure inside of a longer connection bridges nothing
        (
            [
                presence("a", at(), at(20)),
                presence("b", at(5), at(10), interrupted=True),
                presence("c", at(20, 10), at(40)),
            ],
            [(0, 1200), (1210, 2400)],
        ),
        # found out a day later that nobody is there any more: not longer than the lesson
        ([presence("a", at(10), at(24 * 60), by=LeftBy.GUESSED)], [(600, 2400)]),
        # there for no time at all
        ([presence("a", at(5), at(5))], []),
    ],
)
def test_connections_become_times(presences: list[Presence], expected: list[tuple[float, float]]) -> None:
    assert spans(*presences) == expected
    assert spans(*reversed(presences)) == expected


def test_an_open_connection_ends_with_the_lesson() -> None:
    lesson = make_lesson(state=LessonState.ENDED, ended_at=at(38))
    assert until_of(lesson, at(90)) == at(38)
    assert until_of(make_lesson(state=LessonState.LIVE), at(20)) == at(20)
    assert spans(presence("a", at(1)), until=until_of(lesson, at(90))) == [(60, 2280)]


def play(*told: Told) -> dict[str, Presence]:
    rows: dict[str, Presence] = {}
    for one in told:
        rows.update({row.sid: row for row in changed_by(list(rows.values()), one)})
    return rows


JOINED, LEFT = presence("a", at()), presence("a", at(), at(40))


@pytest.mark.parametrize(
    "told",
    [
        [Joined(presence=JOINED), Left(presence=LEFT)],
        [Left(presence=LEFT), Joined(presence=JOINED)],
        [Left(presence=LEFT)],
        [Joined(presence=JOINED), Joined(presence=JOINED), Left(presence=LEFT), Left(presence=LEFT)],
        # the room's end came first, the person's own word later
        [Joined(presence=JOINED), RoomFinished(room_sid="RM_1", at=at(41)), Left(presence=LEFT)],
        [Joined(presence=JOINED), RoomStarted(room_sid="RM_2", at=at(39)), Left(presence=LEFT)],
        [Joined(presence=JOINED), Compared(known=frozenset("a"), present=(), at=at(39)), Left(presence=LEFT)],
    ],
)
def test_whatever_the_order_the_row_is_the_same(told: list[Told]) -> None:
    assert play(*told) == {"a": LEFT}


def test_the_first_word_of_the_media_server_on_an_end_counts() -> None:
    assert play(Left(presence=LEFT), Left(presence=presence("a", at(), at(50)))) == {"a": LEFT}


def test_a_worker_that_died_is_known_by_the_room_that_began_anew() -> None:
    rows = play(
        Joined(presence=presence("a", at())),
        Joined(presence=presence("b", at(1), person=PersonId("pupil-st_ben"))),
        RoomStarted(room_sid="RM_2", at=at(10, 4)),
        Joined(presence=presence("c", at(10, 5), room="RM_2")),
    )
    assert rows["a"].left_at == rows["b"].left_at == at(10, 4)
    assert (rows["a"].left_by, rows["a"].is_interrupted) == (LeftBy.GUESSED, True)
    assert rows["c"].is_open
    assert spans(rows["a"], rows["c"]) == [(0, 2400)]


def test_a_room_that_started_late_does_not_end_its_own() -> None:
    rows = play(Joined(presence=presence("a", at(), room="RM_2")), RoomStarted(room_sid="RM_2", at=at()))
    assert rows["a"].is_open


def test_a_room_that_finished_ends_only_its_own() -> None:
    rows = play(
        Joined(presence=presence("a", at())),
        Joined(presence=presence("b", at(5), room="RM_2")),
        RoomFinished(room_sid="RM_1", at=at(6)),
    )
    assert rows["a"].left_at == at(6)
    assert not rows["a"].is_interrupted
    assert rows["b"].is_open


def test_a_comparison_makes_good_what_was_missed() -> None:
    rows = play(
        Joined(presence=presence("gone", at())),
        Joined(presence=presence("there", at(1))),
        Joined(presence=presence("fresh", at(20))),
        Compared(
            known=frozenset({"gone", "there"}),
            present=(presence("there", at(1)), presence("missed", at(12))),
            at=at(20),
        ),
    )
    assert rows["gone"].left_at == at(20)
    assert rows["there"].is_open
    assert rows["missed"].joined_at == at(12)
    # joined after the question was asked: the answer says nothing of it
    assert rows["fresh"].is_open


def test_a_wrong_guess_is_taken_back_and_a_word_is_not() -> None:
    there = (presence("guessed", at()), presence("told", at()))
    rows = play(
        Joined(presence=there[0]),
        Compared(known=frozenset({"guessed"}), present=(), at=at(5)),
        Left(presence=presence("told", at(), at(6))),
        Compared(known=frozenset(), present=there, at=at(7)),
    )
    assert rows["guessed"] == there[0]
    assert rows["told"].left_at == at(6)


moments = st.integers(0, 2400)


@st.composite
def _connections(draw: st.DrawFn) -> list[Presence]:
    """One person's connections one after the other, as a media server has them."""
    count = draw(st.integers(1, 5))
    cuts = sorted(draw(st.lists(moments, min_size=2 * count, max_size=2 * count, unique=True)))
    return [
        presence(f"PA_{n}", at(seconds=cuts[2 * n]), at(seconds=cuts[2 * n + 1]), interrupted=draw(st.booleans()))
        for n in range(count)
    ]


@given(connections=_connections(), seed=st.integers(0, 2**32), doubles=st.integers(1, 3))
def test_any_order_and_any_doubling_give_the_same_times(connections: list[Presence], seed: int, doubles: int) -> None:
    words: list[Told] = []
    for one in connections:
        words += [Joined(presence=replace(one, left_at=None, left_by=None, is_interrupted=False)), Left(presence=one)]
    expected = play(*words)
    words *= doubles
    Random(seed).shuffle(words)
    assert play(*words) == expected


@given(connections=_connections())
def test_times_are_sorted_apart_and_hold_every_connection(connections: list[Presence]) -> None:
    merged = merge(connections, NOW)
    assert all(one.start < one.end for one in merged)
    assert all(one.end < two.start for one, two in pairwise(merged))
    for one in connections:
        assert one.left_at is not None
        assert any(span.start <= one.joined_at and one.left_at <= span.end for span in merged)
    least = sum((one.left_at - one.joined_at).total_seconds() for one in connections if one.left_at)
    bridged = 30 * sum(one.is_interrupted for one in connections)
    assert least <= sum(span.seconds for span in merged) <= least + bridged


# -- corrections


def test_corrected_times_are_sorted_and_lie_around_the_lesson() -> None:
    lesson = make_lesson(state=LessonState.ENDED, started_at=at(), ended_at=at(40))
    first, second = Interval(start=at(0), end=at(10)), Interval(start=at(10), end=at(40))
    assert require_intervals([second, first], lesson, NOW) == (first, second)
    assert require_intervals([], lesson, NOW) == ()
    for wrong in (
        [Interval(start=at(10), end=at(10))],
        [Interval(start=at(20), end=at(10))],
        [Interval(start=at(0), end=at(20)), Interval(start=at(19), end=at(30))],
        [Interval(start=at(-61), end=at(10))],
        [Interval(start=at(0), end=at(41))],
        [Interval(start=at(n), end=at(n, 1)) for n in range(21)],
    ):
        with pytest.raises(InvalidInput):
            require_intervals(wrong, lesson, NOW)


# -- the file


def make_row(name: str, *intervals: Interval, reason: str = "") -> Row:
    correction = Correction(person=ANA, intervals=intervals, by=LIN, at=NOW, reason=reason) if reason else None
    return Row(
        person=ANA,
        side="b",
        is_adult=False,
        name=LocalizedText(name, name),
        recorded=() if reason else intervals,
        correction=correction,
    )


def read_back(sheet: Sheet, language: str = "en") -> list[list[str]]:
    raw = write_csv(sheet, FakeDirectory().its_schools, "en" if language == "en" else "zh-Hant-TW")
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw[3:].decode())))


def test_the_file_has_local_times_and_what_was_corrected() -> None:
    rows = (
        make_row("Ana", Interval(start=at(), end=at(10)), Interval(start=at(11), end=at(40))),
        make_row("Ben", Interval(start=at(), end=at(40)), reason="was on Ana's tablet"),
        make_row("Cy"),
    )
    heading, ana, ben, cy = read_back(Sheet(lesson=make_lesson(), rows=rows))
    assert heading[:4] == ["School", "Name", "Role", "Present"]
    assert ana == [
        "Saguaro School",
        "Ana",
        "pupil",
        "yes",
        "2026-10-19 17:40:00",
        "2026-10-19 18:20:00",
        "39.0",
        "2340",
        "2026-10-19 17:40:00 / 2026-10-19 17:50:00; 2026-10-19 17:51:00 / 2026-10-19 18:20:00",
        "",
    ]
    assert ben[-1] == "was on Ana's tablet"
    assert cy[3:] == ["no", "", "", "0.0", "0", "", ""]
    assert read_back(Sheet(lesson=make_lesson(), rows=rows), "zh")[0][1] == "姓名"


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://evil","x")',
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "＝1+1",
        "＋1",
        "\t=1",
        "\r=1",
        " =1",
        "\u3000=1",
        "\ufeff=1",
    ],
)
def test_no_cell_runs_as_a_formula(name: str) -> None:
    [_, row] = read_back(Sheet(lesson=make_lesson(), rows=(make_row(name, reason=name),)))
    assert row[1] == row[-1] == f"'{name}"


@pytest.mark.parametrize("name", ["Ana", "林小明", "O'Neil-Smith", "a=b", "", "1-2", '"quoted", yes', "𠮷 🌅"])
def test_plain_names_stay_as_they_are(name: str) -> None:
    assert guard(name) == name
    [_, row] = read_back(Sheet(lesson=make_lesson(), rows=(make_row(name),)))
    assert row[1] == name
