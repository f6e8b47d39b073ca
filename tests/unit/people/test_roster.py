"""A class list as teachers type, paste and export it; and as somebody else might."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ErrorCode, InvalidInput
from server.people import MAX_STUDENTS, PROBLEM_TEXTS, RosterProblem, decode_roster, parse_roster
from server.people.roster import MAX_CHARACTERS, MAX_DISPLAY_NAME, MAX_LINES, check_display_name, same_name


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Amy\nBen\n", ["Amy", "Ben"]),
        ("王小明\r\n李大華", ["王小明", "李大華"]),
        ("\ufeffAmy\n\n \nBen", ["Amy", "Ben"]),
        ("Amy\rBen", ["Amy", "Ben"]),
        ("1. Amy\n2. Ben\n3、王小明", ["Amy", "Ben", "王小明"]),
        ("1\tAmy\n2\tBen", ["Amy", "Ben"]),
        ("1,Amy,\n2,Ben,", ["Amy", "Ben"]),
        ("01;王小明\n02;李大華", ["王小明", "李大華"]),
        ('"Amy"\n"Ben ""Benny"" Ortega"', ["Amy", 'Ben "Benny" Ortega']),
        ('1,"Lin, Amy"\n2,"Ortega, Ben"', ["Lin, Amy", "Ortega, Ben"]),
        ("姓名\nAmy", ["Amy"]),
        ("Seat,Display Name,Birthday\n1,Amy,2015-01-01\n2,Ben,", ["Amy", "Ben"]),
        ("姓名\t性別\n王小明\t男", ["王小明"]),
        ("  Amy   Lin  ", ["Amy Lin"]),
        ("王　小明", ["王 小明"]),
        ("E\u0301mile", ["Émile"]),
        ("", []),
    ],
)
def test_lists_as_schools_have_them(text: str, good: list[str]) -> None:
    preview = parse_roster(text)
    assert list(preview.good) == good
    assert preview.problems == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('=HYPERLINK("http://x")', RosterProblem.FORMULA),
        ("+cmd", RosterProblem.FORMULA),
        ("-2+3", RosterProblem.FORMULA),
        ("@SUM", RosterProblem.FORMULA),
        ("＝1+1", RosterProblem.FORMULA),
        (" \u00a0=1", RosterProblem.FORMULA),
        ("Amy\u202eneB", RosterProblem.DIRECTION),
        ("A\u200bmy", RosterProblem.INVISIBLE),
        ("Amy\ud800", RosterProblem.UNREADABLE),
        ("Amy\x00", RosterProblem.CONTROL),
        ("x" * 41, RosterProblem.TOO_LONG),
        ("x" * 30_000, RosterProblem.TOO_LONG),
        ("amy@example.org", RosterProblem.CONTACT),
        ("Amy 0912-345-678", RosterProblem.CONTACT),
        ("Amy ０９１２３４５６７８", RosterProblem.CONTACT),
        ("https://x.example", RosterProblem.CONTACT),
        ("!!!", RosterProblem.NO_NAME),
        ("🌅", RosterProblem.NO_NAME),
        ("12", RosterProblem.NO_NAME),
        ("Amy,Ben", RosterProblem.COLUMNS),
        ("Amy,2015/01/31", RosterProblem.COLUMNS),
        ("ben", RosterProblem.TWICE),
        ("Ｂ ｅ ｎ", RosterProblem.TWICE),
        ("chen yu", RosterProblem.IN_CLASS),
    ],
)
def test_a_line_that_is_no_pupil_says_why(line: str, problem: RosterProblem) -> None:
    preview = parse_roster(f"Ben\n{line}\nDora", in_class=["Chen  Yu"])
    assert preview.good == ("Ben", "Dora")
    [wrong] = preview.problems
    assert (wrong.number, wrong.problem, wrong.display_name) == (2, problem, None)
    wrong.text.encode()
    assert "\u202e" not in wrong.text


def test_every_problem_has_its_words() -> None:
    assert set(PROBLEM_TEXTS) == set(RosterProblem)
    assert all(text.en and text.zh for text in PROBLEM_TEXTS.values())


def test_only_the_column_of_names_is_read() -> None:
    preview = parse_roster("name,e-mail,birthday\nAmy,amy@example.org,2015-01-31\n,x@example.org,2015\n")
    assert preview.good == ("Amy",)
    assert [line.problem for line in preview.problems] == [RosterProblem.NO_NAME]
    assert preview.dropped_columns == ("e-mail", "birthday")


def test_a_class_is_not_overfull() -> None:
    preview = parse_roster("\n".join(f"Pupil {number}" for number in range(50)), in_class=["x"] * (MAX_STUDENTS - 20))
    assert len(preview.good) == 20
    assert {line.problem for line in preview.problems} == {RosterProblem.FULL}


@pytest.mark.parametrize("text", ["x" * (MAX_CHARACTERS + 1), "a\n" * (MAX_LINES + 1)])
def test_what_is_no_class_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_roster(text)
    assert caught.value.code is ErrorCode.ROSTER_INVALID


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp950"])
def test_files_as_schools_save_them(encoding: str) -> None:
    text = "seat,name,姓名\n1,Amy,王小明\n"
    assert decode_roster(text.encode(encoding)).removeprefix("\ufeff") == text


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff", b"\xff\xfe\x00", "名".encode() + b"\xff", b"x" * (4 * MAX_CHARACTERS + 1)]
)
def test_files_that_cannot_be_read(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_roster(data)
    assert caught.value.code is ErrorCode.ROSTER_INVALID


def clean_names() -> st.SearchStrategy[str]:
    letters = st.sampled_from("abcdefgXYZ王小明李陳 -'.")
    texts = st.text(letters, min_size=1, max_size=20).map(lambda text: " ".join(text.split()))
    return texts.filter(lambda name: check_display_name(name)[1] is None)


@given(st.lists(clean_names(), max_size=30, unique_by=same_name), st.sampled_from([",", ";", "\t"]))
def test_what_a_spreadsheet_writes_is_read_back(names: list[str], delimiter: str) -> None:
    table = io.StringIO()
    writer = csv.writer(table, delimiter=delimiter)
    writer.writerows([["座號", "姓名", "備註"], *([number, name, ""] for number, name in enumerate(names, start=1))])
    preview = parse_roster(table.getvalue())
    assert list(preview.good) == names
    assert preview.problems == ()


@given(st.text(max_size=300), st.lists(st.text(max_size=10), max_size=5))
def test_any_text_becomes_lines(text: str, in_class: list[str]) -> None:
    preview = parse_roster(text, in_class=in_class)
    taken = {same_name(name) for name in in_class}
    seen: set[str] = set()
    numbers = [line.number for line in preview.lines]
    assert numbers == sorted(set(numbers))
    for line in preview.lines:
        assert (line.display_name is None) is (line.problem is not None)
        line.text.encode()
        if line.display_name is not None:
            name = line.display_name
            assert check_display_name(name) == (name, None)
            assert len(name) <= MAX_DISPLAY_NAME
            assert name[0] not in "=+-@"
            assert same_name(name) not in taken | seen
            seen.add(same_name(name))


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    try:
        text = decode_roster(data)
    except InvalidInput:
        return
    parse_roster(text)
