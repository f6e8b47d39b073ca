"""`test`: every test. Browser tests have a process of their own: Playwright's API and asyncio do not share one."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from server.commands.browsers import install_missing
from server.commands.lanes import E2E, SideBySide, command_of, lanes
from server.commands.web import run_npm
from server.locks import check_locks

HELP = "set up and run every test; takes pytest arguments"
ROOT = Path(__file__).resolve().parents[2]
# Quick ones first, so that a plain mistake shows within seconds.
ORDER = ("unit", "contract", "fuzz", "integration", "conformance", "e2e")
# Of pytest: "no tests were collected", which is right for one process when the arguments chose tests of the other.
_NOTHING_COLLECTED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs="*", help="pytest arguments, or --setup-only; without a path, everything runs")


def plan(arguments: Sequence[str], folders: Sequence[str]) -> list[list[str]]:
    """The pytest command lines: one for what runs in asyncio, one for browsers. Paths go where they belong."""
    paths = [word for word in arguments if word.split("::")[0].rstrip("/").startswith("tests")]
    options = [word for word in arguments if word not in paths]
    chosen = paths or list(folders)
    browser = [path for path in chosen if path.startswith(E2E)]
    other = [path for path in chosen if not path.startswith(E2E)]
    if any(path.rstrip("/") == "tests" for path in other):
        other, browser = [folder for folder in folders if folder != E2E], [E2E]
    return [[*options, *group] for group in (other, browser) if group]


def run(arguments: argparse.Namespace) -> int:
    os.chdir(ROOT)
    check_locks(ROOT)
    install_missing()
    if arguments.rest == ["--setup-only"]:
        return 0
    folders = [f"tests/{layer}" for layer in ORDER if any(Path("tests", layer).rglob("test_*.py"))]
    codes = [_pytest(words) for words in plan(arguments.rest, folders)] if arguments.rest else _everything(folders)
    if all(code == _NOTHING_COLLECTED for code in codes):
        return 1
    return next((1 for code in codes if code not in (0, _NOTHING_COLLECTED)), 0)


def _everything(folders: Sequence[str]) -> list[int]:
    """Node's first; then all but the lessons, side by side; then those, which want both cores."""
    whole = lanes(folders, sorted(str(path) for path in Path(E2E).glob("test_*.py")))
    codes, failures = [_node_tests()], []
    for groups, aside in ((whole.groups, whole.aside), ((whole.last,), whole.beside_last)):
        run = SideBySide(groups, aside, ROOT)
        codes += run.run()
        failures += run.failures
    if failures:
        sys.stdout.write("\n".join(["tongchuang: what failed, once more", *failures, ""]))
    return codes


def _pytest(words: Sequence[str]) -> int:
    sys.stderr.write(f"tongchuang: pytest {' '.join(words)}\n")
    return subprocess.run(command_of(words), cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def _node_tests() -> int:
    """The web's own tests of pure code, run by Node's test runner."""
    sys.stderr.write("tongchuang: npm test\n")
    return run_npm(["test"])
