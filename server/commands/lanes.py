"""The whole run on two cores: groups of tests, two at a time; then lessons in browsers, which want both, alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

E2E = "tests/e2e"
# Browsers that send and decode pictures want both cores.
LESSONS = ("test_classroom.py", "test_firefox.py", "test_lesson.py")
# Large parts of a layer that are a group of their own.
_APART = ("tests/integration/access", "tests/integration/house")
# What shows a plain mistake soon, then the longest, then what fills up the core that is free first.
_ORDER = (
    ("tests/unit", "tests/contract"),
    (E2E,),
    ("tests/conformance",),
    ("tests/integration",),
    ("tests/integration/house",),
    ("tests/fuzz",),
    ("tests/integration/access",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """pytest's words, one list a process: `groups` in this order, two at a time; then `last`."""

    groups: tuple[list[str], ...]
    last: list[str]


def lanes(folders: Sequence[str], browser_files: Sequence[str]) -> Lanes:
    """`browser_files`: those of tests/e2e. Each folder and each file has exactly one place. Pure."""
    last = [file for file in browser_files if Path(file).name in LESSONS]
    pages = [file for file in browser_files if file not in last]
    apart = [part for part in _APART if str(Path(part).parent) in folders]
    left = [folder for folder in folders if folder != E2E and not any(folder in group for group in _ORDER)]
    groups: list[list[str]] = []
    for group in (*_ORDER, tuple(left)):
        if group == (E2E,):
            groups.append(pages)
            continue
        chosen = [folder for folder in group if folder in folders or folder in apart]
        groups.append([*chosen, *(f"--ignore={part}" for part in apart if str(Path(part).parent) in chosen)])
    return Lanes(groups=tuple(group for group in groups if group), last=last)


def command_of(words: Sequence[str]) -> list[str]:
    command = [sys.executable, "-m", "pytest", *words]
    if not any(word.startswith(E2E) for word in words):
        # Its hooks wrap every test, also those that have no page.
        command += ["-p", "no:playwright"]
    return command


class TwoAtOnce:
    """Runs the groups in their order, two at a time. What one says is written when it ends: two never speak at once."""

    def __init__(
        self, groups: Sequence[Sequence[str]], root: Path, command: Callable[[Sequence[str]], list[str]] = command_of
    ) -> None:
        self._waiting = list(groups)
        self._root = root
        self._command = command
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._codes: list[int] = []

    def run(self) -> list[int]:
        """Their exit codes. Interrupted, it ends what runs: pytest clears up what it started."""
        workers = [threading.Thread(target=self._work, name=f"tests-{number}") for number in range(2)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        except BaseException:
            with self._lock:
                self._waiting.clear()
                for process in self._running:
                    process.terminate()
            for worker in workers:
                worker.join()
            raise
        return self._codes

    def _work(self) -> None:
        while True:
            with tempfile.TemporaryFile() as said:
                with self._lock:
                    if not self._waiting:
                        return
                    words = self._waiting.pop(0)
                    sys.stderr.write(f"tongchuang: pytest {' '.join(words)} (its lines follow when it ends)\n")
                    started_s = time.monotonic()
                    process = subprocess.Popen(
                        self._command(words),
                        cwd=self._root,
                        stdin=subprocess.DEVNULL,
                        stdout=said,
                        stderr=subprocess.STDOUT,
                    )
                    self._running.add(process)
                code = process.wait()
                said.seek(0)
                with self._lock:
                    self._running.discard(process)
                    self._codes.append(code)
                    took_s = time.monotonic() - started_s
                    sys.stdout.write(f"tongchuang: pytest {' '.join(words)} ended after {took_s:.0f} s\n")
                    sys.stdout.write(said.read().decode("utf-8", "replace"))
                    sys.stdout.flush()
