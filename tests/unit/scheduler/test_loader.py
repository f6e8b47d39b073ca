"""School files: every mistake is said with file, line and what was expected; our own files are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import SchoolFileError, demo_schools, find_party, parse_school
from scheduler.catalogue import UnknownClassGroup
from scheduler.loader import DATA, load_template, template_names
from scheduler.model import WindowKind

GOOD = """school: s
name: {en: S, zh-Hant-TW: 校}
country: TW
region: Taipei
zone: Asia/Taipei
template: tw-elementary
calendar: tw-public
closures:
  - {first: 2026-10-08, part: morning, mode: distance}
class_groups:
  - id: g
    name: {en: G, zh-Hant-TW: 班}
    size: 20
    timetable: {mon: [P1, P3]}
"""

MISTAKES = [
    ("zone: Asia/Taipei", "zone: Asia/Taipeh", 5, "expected an IANA zone"),
    ("template: tw-elementary", "template: tw-primary", 6, "expected one of tw-elementary"),
    ("calendar: tw-public", "calendar: none", 7, "expected one of"),
    ("closures:", "closure:", 8, "no such key"),
    ("first: 2026-10-08", "first: 8 October", 9, "expected a date such as 2026-09-01"),
    ("first: 2026-10-08", "first: 2026-13-01", 9, "expected a date that exists"),
    ("part: morning", "part: noon", 9, "'morning', 'afternoon', 'evening' or 'day'"),
    ("    size: 20\n", "", 11, "expected this key, and it is missing"),
    ("size: 20", "size: many", 13, "expected a value that should be a valid integer"),
    ("[P1, P3]", "[P1, P9]", 14, "expected names of periods, and 'P9' is none"),
    ("region: Taipei", "region: Taipei\nregion: Tainan", 5, "each key once"),
    ("name: {en: S, zh-Hant-TW: 校}", "name: {en: S, zh-Hant-TW: 校", 3, "YAML"),
    ("country: TW", "country: {[a]: b}", 3, "a plain key"),
]


def test_a_good_file_is_what_it_says() -> None:
    school = parse_school(GOOD.encode(), "s.yaml")
    group = school.class_groups[0]
    assert (school.level, group.lesson_minutes) == ("elementary", 40)
    instruction = [w for w in group.windows if w.kind is WindowKind.INSTRUCTION]
    assert [(w.weekdays, w.periods) for w in instruction] == [(frozenset({0}), frozenset({"P1", "P3"}))]


@pytest.mark.parametrize(("before", "after", "line", "expected"), MISTAKES, ids=[m[3][:30] for m in MISTAKES])
def test_a_mistake_names_file_line_and_expectation(before: str, after: str, line: int, expected: str) -> None:
    assert before in GOOD
    with pytest.raises(SchoolFileError) as caught:
        parse_school(GOOD.replace(before, after, 1).encode(), "s.yaml")
    problem = caught.value.problems[0]
    assert (problem.file, problem.line) == ("s.yaml", line), problem
    assert expected in problem.expected


NO_SCHOOLS = [
    b"", b"- 1", b"\xff\xfe", b"a: &a [*a, *a]", b"x" * 1_000_001, b"[" * 900_000, b"- " * 400_000, b"? " * 400_000,
    b"{a: " * 200_000, b"a: !!python/object:os.system x",
]  # fmt: skip


@pytest.mark.parametrize("raw", NO_SCHOOLS, ids=range(len(NO_SCHOOLS)))
def test_what_is_no_school_is_refused(raw: bytes) -> None:
    with pytest.raises(SchoolFileError):
        parse_school(raw, "s.yaml")


def test_aliases_cannot_explode() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(SchoolFileError, match="smaller file"):
        parse_school("\n".join(lines).encode(), "bomb.yaml")


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_file_is_a_school_or_an_explained_refusal(noise: bytes, at: int) -> None:
    raw = GOOD.encode()
    problems = []
    try:
        parse_school(raw[:at] + noise + raw[at:], "s.yaml")
    except SchoolFileError as error:
        problems = list(error.problems)
    assert all(problem.line >= 1 and problem.expected for problem in problems)


def test_every_template_is_of_taiwans_levels_or_of_a_us_state() -> None:
    names = template_names()
    assert {"tw-elementary", "tw-junior-high", "tw-senior-high"} <= set(names)
    assert len({name.split("-")[1] for name in names if name.startswith("us-")}) >= 6
    assert all(load_template(name).about for name in names)


def test_the_demo_schools_are_twelve_and_twelve_and_say_that_they_are_demo() -> None:
    schools = demo_schools()
    assert [sum(s.country == c for s in schools) for c in ("TW", "US")] == [12, 12]
    assert all(s.is_demo for s in schools)
    assert {s.level for s in schools if s.country == "TW"} == {"elementary", "junior_high", "senior_high"}
    places = {s.region.split(",")[-1].strip() for s in schools if s.country == "US"}
    assert places == {"California", "Arizona", "New Mexico", "Hawaii", "Guam", "New York", "Illinois"}
    assert next(s for s in schools if s.region == "Kinmen").zone == "Asia/Taipei"
    assert next(s for s in schools if s.region.startswith("Navajo")).zone == "America/Denver"
    sizes = {g.size for s in schools for g in s.class_groups}
    assert {28, 17} <= sizes, "the uneven pair"


def test_files_answer_to_file_hash_group(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(GOOD, "utf-8")
    assert find_party(f"{file}#g").school.id == "s"
    for wanted in (f"{file}#h", "nobody", ""):
        with pytest.raises(UnknownClassGroup):
            find_party(wanted)
    with pytest.raises(SchoolFileError, match="readable file"):
        find_party(f"{tmp_path}/none.yaml#g")


def test_all_our_data_is_in_the_package() -> None:
    assert len(list((DATA / "demo").glob("*.yaml"))) == 24
