"""The whole run on two cores: what computes, then pages in a browser, beside what waits; lessons alone, last."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

E2E = "tests/e2e"
# These keep a core busy and measure nothing, so that they may run beside those that wait.
COMPUTING = frozenset({"unit", "contract", "fuzz"})
# Browsers that send and decode pictures want both cores.
LESSONS = ("test_classroom.py", "test_firefox.py", "test_lesson.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """pytest's words, one list a process. `beside` one after the other while `first` runs; then `last`."""

    first: list[str]
    beside: tuple[list[str], ...]
    last: list[str]


def lanes(folders: Sequence[str], browser_files: Sequence[str]) -> Lanes:
    """`browser_files`: those of tests/e2e. Each folder and each file has exactly one place. Pure."""
    computing = [folder for folder in folders if Path(folder).name in COMPUTING]
    waiting = [folder for folder in folders if folder not in computing and folder != E2E]
    last = [file for file in browser_files if Path(file).name in LESSONS]
    pages = [file for file in browser_files if file not in last]
    return Lanes(first=waiting, beside=tuple(group for group in (computing, pages) if group), last=last)


def command_of(words: Sequence[str]) -> list[str]:
    command = [sys.executable, "-m", "pytest", *words]
    if not any(word.startswith(E2E) for word in words):
        # Its hooks wrap every test, also those that have no page.
        command += ["-p", "no:playwright"]
    return command


@dataclass(slots=True)
class Beside:
    """Runs commands one after the other in a thread; what they say goes to a file, so that two never speak at once."""

    groups: Sequence[Sequence[str]]
    said: IO[bytes]
    root: Path
    codes: list[int] = field(default_factory=list)
    _running: subprocess.Popen[bytes] | None = None
    _is_over: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="beside")
        self._thread.start()

    def _run(self) -> None:
        for words in self.groups:
            if self._is_over:
                return
            self._running = subprocess.Popen(
                command_of(words), cwd=self.root, stdin=subprocess.DEVNULL, stdout=self.said, stderr=subprocess.STDOUT
            )
            self.codes.append(self._running.wait())

    def wait(self) -> list[int]:
        if self._thread is not None:
            self._thread.join()
        return self.codes

    def end(self) -> None:
        """Nothing when it has ended; otherwise we were interrupted, and pytest clears up what it started."""
        self._is_over = True
        if self._running is not None:
            self._running.terminate()
        self.wait()
