"""The commands as programs see them: `overlap --json` and its like keep names, codes and exit codes (interfaces.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.cli import main

Run = Callable[..., tuple[int, str, str]]
PAIR = ("tw-taipei-chenguang-5a", "us-az-saguaro-5b")
TIERS = ("both_in_class", "self_study", "after_school", "evening", "saturday")


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    # Whoever tries the tests has often started the server here before: its data folder is not what they are about.
    monkeypatch.setenv("TONGCHUANG_DATA", str(tmp_path_factory.mktemp("data")))

    def call(*words: str) -> tuple[int, str, str]:
        try:
            code = main(words)
        except SystemExit as exit_:  # argparse's own way out
            code = int(str(exit_.code))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def answer(run: Run, *words: str) -> Any:
    code, out, _ = run("overlap", *words, "--json")
    assert code == 0
    return json.loads(out)


def test_the_answer_has_the_names_of_the_contract(run: Run) -> None:
    found = answer(run, *PAIR, "--from", "2026-10-19")
    assert {"a", "b", "from", "weeks", "minutes", "tzdata", "slots", "none_because", "relaxations"} <= found.keys()
    assert (found["from"], found["weeks"], found["minutes"], found["tzdata"]) == ("2026-10-19", 4, 40, "2026f")
    assert found["a"].items() >= {"id": PAIR[0], "zone": "Asia/Taipei"}.items()
    first = found["slots"][0]
    wanted = {
        "rank": 1, "start_at": "2026-10-19T23:40:00Z", "end_at": "2026-10-20T00:20:00Z", "tier": "after_school",
        "payer": "b", "confidence": "confirmed",
    }  # fmt: skip
    assert first.items() >= wanted.items()
    side_a = {"date": "2026-10-20", "weekday": "tue", "start": "07:40", "end": "08:20", "window": "self_study"}
    side_b = {"date": "2026-10-19", "weekday": "mon", "start": "16:40", "end": "17:20", "window": "after_school"}
    assert first["a"].items() >= {**side_a, "burden_minutes": 0}.items()
    assert first["b"].items() >= {**side_b, "burden_minutes": 40}.items()
    assert all(reason["text"].keys() == {"en", "zh-Hant-TW"} for reason in first["reasons"])


US = ("us-gu-latte-10", "us-hi-kukui-7a", "us-ca-bayview-5r", "us-az-saguaro-5b", "us-nm-sandia-chinese1",
      "us-il-prairie-8c", "us-ny-hudson-7m")  # fmt: skip


@pytest.mark.parametrize("group", US)
@pytest.mark.parametrize("from_on", ["2026-10-19", "2026-11-02", "2027-03-08", "2027-03-22", "2027-11-01"])
def test_every_demo_pair_has_right_hours_on_both_sides_of_the_change(run: Run, group: str, from_on: str) -> None:
    found = answer(run, PAIR[0], group, "--from", from_on, "--weeks", "2")
    assert found["slots"]
    for slot in found["slots"]:
        start, end, first, last = (
            datetime.fromisoformat(slot[name]) for name in ("start_at", "end_at", "first_start_at", "last_start_at")
        )
        assert first <= start <= last
        assert end - start == timedelta(minutes=40)
        for side in ("a", "b"):
            local = start.astimezone(ZoneInfo(found[side]["zone"]))
            assert slot[side]["date"] == f"{local:%Y-%m-%d}"
            assert slot[side]["weekday"] == f"{local:%a}".lower()
            assert slot[side]["start"] == f"{local:%H:%M}"
        burdens = slot["a"]["burden_minutes"], slot["b"]["burden_minutes"]
        payer = "a" if burdens[0] > burdens[1] else "b" if burdens[1] > burdens[0] else "both" if burdens[0] else "none"
        assert slot["payer"] == payer
    tiers = [TIERS.index(slot["tier"]) for slot in found["slots"]]
    assert tiers == sorted(tiers)
    if group in ("us-gu-latte-10", "us-hi-kukui-7a"):
        assert tiers[0] == 0, "Guam and Hawaii meet in class"


@pytest.mark.parametrize("group", US[2:])
def test_the_mainland_never_meets_in_class_and_says_why(run: Run, group: str) -> None:
    found = answer(run, PAIR[0], group, "--from", "2026-10-19", "--tier", "both_in_class")
    assert found["slots"] == []
    assert "no_common_school_hours" in [reason["code"] for reason in found["none_because"]]
    for relaxation in found["relaxations"]:
        assert relaxation["gain_slots"] > 0
        assert relaxation["text"]["zh-Hant-TW"]
    accepted = next(one for one in found["relaxations"] if one["code"].startswith("accept_"))
    more = answer(run, PAIR[0], group, "--from", "2026-10-19", "--tier", accepted["code"].removeprefix("accept_"))
    assert len(more["slots"]) == accepted["gain_slots"], "the promise is kept"


def test_the_list_has_what_a_program_needs(run: Run) -> None:
    code, out, _ = run("overlap", "--list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert len(listed) == 24
    assert all({"id", "school", "country", "zone", "level"} <= one.keys() for one in listed)
    code, out, _ = run("overlap", "--list")
    assert all(one["id"] in out for one in listed)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("overlap",), "two class groups"),
        (("overlap", "nobody", PAIR[1]), "no class group 'nobody'"),
        (("overlap", "tw-taipei-chenguang", PAIR[1]), f"did you mean {PAIR[0]} or"),
        (("overlap", PAIR[0], PAIR[0]), "one class group twice"),
        (("overlap", *PAIR, "--data", "none"), "no such folder"),
        (("overlap", *PAIR, "--from", "9999-12-31"), "not between"),
        (("overlap", *PAIR, "--minutes", "x"), "no whole number"),
        (("overlap", *PAIR, "--weeks", "0"), "weeks: 1 to"),
        (("overlap", *PAIR, "--minutes", "500"), "minutes: 5 to"),
        (("overlap", *PAIR, "--from", "soon"), "no date"),
        (("overlap", *PAIR, "--tier", "best"), "invalid choice"),
        (("overlap", "none.yaml#g", PAIR[1]), "readable file"),
        (("series", *PAIR, "--lessons", "99"), "do not fit"),
        (("series", *PAIR, "--start", "2026-10-19T23:40:00"), "says no zone"),
        (("ics",), "two class groups"),
        (("ics", "--read", "none.ics"), "none.ics"),
        (("ics", "--read", "README.md", "--zone", "Mars/Base"), "no IANA zone"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(run: Run, words: tuple[str, ...], says: str) -> None:
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert says in err
    assert err.count("\n") == 1, "one line, without a block of usage"


def test_a_mistake_in_a_file_names_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "school.yaml"
    file.write_text("school: s\nzone: Nowhere\n", "utf-8")
    code, _, err = run("overlap", f"{file}#g", PAIR[1])
    assert code == 2
    assert "school.yaml:2: zone: expected an IANA zone" in err


def test_school_files_of_the_data_folder_are_known(run: Run, tmp_path: Path) -> None:
    text = (
        "school: own\nname: {en: Own, zh-Hant-TW: 自己}\ncountry: TW\nregion: x\nzone: Asia/Taipei\n"
        "template: tw-elementary\ncalendar: tw-public\n"
        "class_groups: [{id: own-5, name: {en: Five, zh-Hant-TW: 五}, size: 9}]\n"
    )
    (tmp_path / "schools").mkdir()
    (tmp_path / "schools" / "own.yaml").write_text(text, "utf-8")
    data = ("--data", str(tmp_path))
    assert "own-5" in [one["id"] for one in json.loads(run("overlap", "--list", "--json", *data)[1])]
    found = answer(run, "own-5", PAIR[1], "--from", "2025-10-13", *data)
    assert found["a"]["school"] == "Own"
    assert found["slots"]
    assert run("overlap", "own-5", PAIR[1])[0] == 2, "another data folder does not know it"


def test_people_see_both_dates_and_what_would_help(run: Run) -> None:
    _, out, _ = run("overlap", *PAIR, "--from", "2026-10-19")
    assert "Tue 2026-10-20 07:40–08:20 self_study" in out
    assert "Mon 2026-10-19 16:40–17:20 after_school" in out
    _, out, _ = run("overlap", *PAIR, "--from", "2026-10-19", "--tier", "both_in_class")
    assert "Why there are none:" in out
    assert "What would open more:" in out


def test_a_series_and_its_calendar_file(run: Run, tmp_path: Path) -> None:
    words = ("tw-taipei-chenguang-5a", "us-ca-bayview-5r", "--from", "2026-10-12", "--lessons", "8")
    code, out, _ = run("series", *words, "--json")
    plan = json.loads(out)
    assert code == 0
    assert plan["is_complete"]
    assert [(seam["side"], seam["before"], seam["after"]) for seam in plan["seams"]] == [("b", "16:40", "15:40")]
    file = tmp_path / "term.ics"
    assert run("ics", *words, "--out", str(file))[0] == 0
    code, out, _ = run("ics", "--read", str(file), "--from", "2026-10-01", "--json")
    read = json.loads(out)
    assert [event["start_at"] for event in read["events"]] == [x["slot"]["start_at"] for x in plan["lessons"]]
    assert read["skipped"] == []


def test_holidays_say_whether_the_year_is_confirmed(run: Run) -> None:
    _, out, _ = run("holidays", "--year", "2026", "--json")
    found = json.loads(out)
    assert found["confidence"] == "confirmed"
    assert {"date": "2026-01-21", "follows": "2026-02-11"} in found["make_up_class_days"]
    assert json.loads(run("holidays", "--year", "2027", "--json")[1])["confidence"] == "unconfirmed"
