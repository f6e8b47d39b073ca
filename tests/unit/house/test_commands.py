"""The command line: what each command takes, and what a test run is split into."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from server import bootstrap
from server.cli import COMMANDS, main
from server.commands import browsers
from server.commands.data_folder import prepare_data_folder
from server.commands.lanes import LESSONS, SideBySide, lanes
from server.commands.run_tests import ORDER, plan
from server.commands.token import ttl
from server.errors import ErrorCode, Unavailable
from server.media_launch import worker_count
from tests.conftest import LAYERS

FOLDERS = ["tests/contract", "tests/e2e", "tests/unit"]


@pytest.mark.parametrize(
    ("arguments", "processes"),
    [
        ([], [["tests/contract", "tests/unit"], ["tests/e2e"]]),
        (["-x"], [["-x", "tests/contract", "tests/unit"], ["-x", "tests/e2e"]]),
        (["tests/unit/house"], [["tests/unit/house"]]),
        (["tests/e2e/test_a.py::test_b", "-q"], [["-q", "tests/e2e/test_a.py::test_b"]]),
        (["tests/"], [["tests/contract", "tests/unit"], ["tests/e2e"]]),
        (["tests/unit", "tests/e2e"], [["tests/unit"], ["tests/e2e"]]),
    ],
)
def test_a_run_is_split_by_what_its_tests_need(arguments: list[str], processes: list[list[str]]) -> None:
    assert plan(arguments, FOLDERS) == processes


def test_the_whole_run_leaves_no_test_out_and_runs_none_twice() -> None:
    folders = [f"tests/{layer}" for layer in ORDER]
    files = sorted(str(path) for path in Path("tests/e2e").glob("test_*.py"))
    whole = lanes(folders, files)
    words = [*whole.last, *(word for group in (*whole.groups, *whole.aside, *whole.beside_last) for word in group)]
    apart = [word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")]
    chosen = [word for word in words if not word.startswith("--")]
    assert sorted(chosen) == sorted([*(folder for folder in folders if folder != "tests/e2e"), *apart, *files])
    assert all(Path(part).is_dir() for part in apart)
    assert {Path(file).name for file in whole.last} == set(LESSONS)
    # Playwright's API and asyncio tests never share a process.
    for group in (whole.last, *whole.groups, *whole.aside, *whole.beside_last):
        assert len({word.startswith("tests/e2e") for word in group if not word.startswith("--")}) == 1


def test_a_layer_that_nobody_thought_of_has_its_turn() -> None:
    whole = lanes(["tests/unit", "tests/new"], [])
    assert whole.groups == (["tests/new"],)
    assert [words[0] for words in whole.aside] == ["tests/unit"]


def test_groups_run_side_by_side_and_every_exit_code_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Three wait for one another, so that none ends alone; each says its name and how nice it is.
    meet = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
while not all(pathlib.Path(name).exists() for name in "abc"):
    time.sleep(0.01)
print("said", sys.argv[1], os.nice(0) > int(sys.argv[2]))
"""
    say = "import os, sys; print('said', sys.argv[1], os.nice(0) > int(sys.argv[2])); raise SystemExit(3)"
    own = str(os.nice(0))
    scripts = {"a": (meet, "a", own), "b": (meet, "b", own), "c": (meet, "c", own), "d": (say, "d", own)}
    codes = SideBySide(["a", "b"], ["c", "d"], tmp_path, lambda name: [sys.executable, "-c", *scripts[str(name)]]).run()
    assert sorted(codes) == [0, 0, 0, 3]
    assert {"said a False", "said b False", "said c True", "said d True"} <= set(capsys.readouterr().out.splitlines())


def test_what_a_group_failed_on_is_said_in_few_lines(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "def test_good():\n    pass\n\ndef test_bad():\n    assert [1] * 50 == [2], 'the numbers'\n", encoding="utf-8"
    )
    run = SideBySide([[str(tmp_path / "test_two.py"), "-p", "no:playwright"]], [], tmp_path)
    assert run.run() == [1]
    group, test, sentence, *rest, summary = run.failures
    assert group.endswith("exit code 1:")
    assert (test, summary.split(" - ")[0]) == ("test_bad", "FAILED test_two.py::test_bad")
    assert "AssertionError: the numbers" in sentence
    assert all(line.startswith("E  ") for line in rest)


def test_every_layer_has_its_turn() -> None:
    assert set(ORDER) == set(LAYERS)


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10m", 600), ("6h", 21600), ("1d", 86400)])
def test_times(text: str, expected: int) -> None:
    assert ttl(text) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["", "6", "0h", "h", "-1h", "1w", "9999999s"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        ttl(text)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ("test", "bench")])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"./tongchuang {command}" in capsys.readouterr().out


def test_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n  {command} " in listed for command in COMMANDS)
    assert main([]) == 2
    assert main(["nonsense"]) == 2


def test_wrong_options_are_wrong_use() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--no-such-option"])
    assert caught.value.code == 2


def test_a_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = prepare_data_folder(tmp_path / "a" / "data")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Unavailable, match="data"):
        prepare_data_folder(tmp_path / "data")


def test_workers_leave_a_core_to_the_app() -> None:
    assert worker_count(3) == 3
    assert worker_count(0) == max(1, len(os.sched_getaffinity(0)) - 1)


def test_a_digest_knows_names_contents_and_what_else_matters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("b")
    first = bootstrap.digest([one, two])
    assert bootstrap.digest([two, one]) == first
    assert bootstrap.digest([one]) != first
    assert bootstrap.digest([one, two], "3.12") != first
    one.write_text("b")
    two.write_text("a")
    assert bootstrap.digest([one, two]) != first


def test_without_ensurepip_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupFailed, match=r"install python3(\.\d+)?-venv"):
        bootstrap.ensure_ensurepip()


def test_as_root_it_installs_what_debian_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap, "run_logged", lambda step, command, **_: commands.append([str(x) for x in command]))
    bootstrap.ensure_ensurepip()
    assert [command[1] for command in commands] == ["update", "install"]
    assert commands[1][-1].endswith("-venv")


def test_what_tests_need_is_named_to_who_may_not_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.commands.browsers.missing_packages", lambda: ["chromium", "postgresql"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match="apt-get install chromium postgresql") as caught:
        browsers.install_missing()
    assert caught.value.code is ErrorCode.PREREQUISITE_MISSING


def test_what_tests_need_counts_as_missing_where_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    packages = ["chromium", "firefox-esr", "fonts-noto-cjk", "iproute2", "redis-server", browsers.LIBICAL, "postgresql"]
    assert browsers.missing_packages() == packages
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/usr/bin/it")
    assert browsers.missing_packages() == ["fonts-noto-cjk", browsers.LIBICAL]


def test_compiled_modules_are_kept_away_from_the_sources_of_who_wants_none_there() -> None:
    kept = bootstrap.our_environment({"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/bin"})
    assert "PYTHONDONTWRITEBYTECODE" not in kept
    assert kept["PYTHONPYCACHEPREFIX"] == str(bootstrap.VENV / "pycache")
    assert kept["PATH"] == "/bin"
    chosen = bootstrap.our_environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/elsewhere"})
    assert chosen["PYTHONPYCACHEPREFIX"] == "/elsewhere"
    assert "PYTHONPYCACHEPREFIX" not in bootstrap.our_environment({})
