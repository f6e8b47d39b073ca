"""The whole run on two cores: two groups of tests at a time, others in what they leave; lessons in browsers last."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.commands.what_failed import what_failed

E2E = "tests/e2e"
# Browsers that send and decode pictures want both cores.
LESSONS = ("test_classroom.py", "test_firefox.py", "test_lesson.py")
# Large parts of a layer that are a group of their own.
_APART = ("tests/integration/access", "tests/integration/house")
# The longest first: they wait for timers, disks and the network now and then.
_ORDER = ((E2E,), ("tests/conformance",), ("tests/integration",), ("tests/integration/house",), ("tests/contract",))
# These only compute: they take what the others leave of the cores, at a lower priority, so that nobody's time runs out.
_ASIDE = (("tests/unit",), ("tests/integration/access",))
# Beside the lessons, which leave a quarter of the cores, in small pieces.
_BESIDE_LAST = (("tests/fuzz",),)
# So much that two busy cores still leave it a tenth of one (sched(7)); what hangs is told from that by a longer guard.
_NICE = 10
_PATIENT = "--timeout=900"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """pytest's words, one list a process.

    `groups` run in this order, two at a time, and beside them `aside`; then `last`, and beside it `beside_last`.
    """

    groups: tuple[list[str], ...]
    aside: tuple[list[str], ...]
    last: list[str]
    beside_last: tuple[list[str], ...]


def lanes(folders: Sequence[str], browser_files: Sequence[str]) -> Lanes:
    """`browser_files`: those of tests/e2e. Each folder and each file has exactly one place. Pure."""
    last = [file for file in browser_files if Path(file).name in LESSONS]
    pages = [file for file in browser_files if file not in last]
    apart = [part for part in _APART if str(Path(part).parent) in folders]
    known = {folder for group in (*_ORDER, *_ASIDE, *_BESIDE_LAST) for folder in group}
    left = tuple(folder for folder in folders if folder not in known)

    def words_of(group: Sequence[str]) -> list[str]:
        if group == (E2E,):
            return pages
        chosen = [folder for folder in group if folder in folders or folder in apart]
        return [*chosen, *(f"--ignore={part}" for part in apart if str(Path(part).parent) in chosen)]

    def patient(groups: Sequence[Sequence[str]]) -> tuple[list[str], ...]:
        return tuple([*words, _PATIENT] for group in groups if (words := words_of(group)))

    return Lanes(
        groups=tuple(words for group in (*_ORDER, left) if (words := words_of(group))),
        aside=patient(_ASIDE),
        last=last,
        beside_last=patient(_BESIDE_LAST),
    )


def command_of(words: Sequence[str]) -> list[str]:
    command = [sys.executable, "-m", "pytest", *words]
    if not any(word.startswith(E2E) for word in words):
        # Its hooks wrap every test, also those that have no page.
        command += ["-p", "no:playwright"]
    return command


def _at(nice: int) -> list[str]:
    """Makes a command run `nice` below us from its first instruction on: setting it afterwards may come too late."""
    return ["nice", "-n", str(nice)] if nice else []


class SideBySide:
    """Runs the groups in their order, two at a time, and beside them those aside, which the two take up in the end.

    What a group says is written when it ends, so that two never speak at once.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[str]],
        aside: Sequence[Sequence[str]],
        root: Path,
        command: Callable[[Sequence[str]], list[str]] = command_of,
    ) -> None:
        self._waiting = list(groups)
        self._aside = list(aside)
        self._root = root
        self._command = command
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._codes: list[int] = []
        self.failures: list[str] = []

    def run(self) -> list[int]:
        """Their exit codes. Interrupted, it ends what runs: pytest clears up what it started."""
        workers = [threading.Thread(target=self._work, args=(is_aside,)) for is_aside in (False, False, True)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        except BaseException:
            with self._lock:
                self._waiting.clear()
                self._aside.clear()
                for process in self._running:
                    # Why not SIGTERM: that ends pytest at once, and the servers of its tests run on.
                    process.send_signal(signal.SIGINT)
            for worker in workers:
                worker.join()
            raise
        return self._codes

    def _work(self, is_aside: bool) -> None:
        while True:
            with tempfile.TemporaryFile() as said:
                with self._lock:
                    queue = self._waiting if self._waiting and not is_aside else self._aside
                    if not queue:
                        return
                    nice = _NICE if queue is self._aside else 0
                    words = queue.pop(0)
                    sys.stderr.write(f"tongchuang: pytest {' '.join(words)} (its lines follow when it ends)\n")
                    started_s = time.monotonic()
                    process = subprocess.Popen(
                        [*_at(nice), *self._command(words)],
                        cwd=self._root,
                        stdin=subprocess.DEVNULL,
                        stdout=said,
                        stderr=subprocess.STDOUT,
                    )
                    self._running.add(process)
                code = process.wait()
                said.seek(0)
                text = said.read().decode("utf-8", "replace")
                with self._lock:
                    self._running.discard(process)
                    self._codes.append(code)
                    if code:
                        self.failures += [f"in {' '.join(words)}, exit code {code}:", *what_failed(text)]
                    took_s = time.monotonic() - started_s
                    sys.stdout.write(f"tongchuang: pytest {' '.join(words)} ended after {took_s:.0f} s\n")
                    sys.stdout.write(text)
                    sys.stdout.flush()
