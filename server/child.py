"""What makes a child process a good child: it never outlives its parent, and tells it how it is on a pipe."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_EX_UNAVAILABLE = 69  # <sysexits.h>


class ParentLines:
    """What the parent says on stdin, line by line. Read past Python's own buffer, so that no line is lost between."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self) -> bytes:
        """The next line, or the end of this process with the end of stdin: a child without a parent has no business."""
        while b"\n" not in self._rest:
            piece = os.read(0, 65536)
            if not piece:
                os._exit(_EX_UNAVAILABLE)
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def follow(self, hear: Callable[[bytes], object]) -> None:
        """Hand on all later lines, from a thread."""

        def read_on() -> None:
            while True:
                hear(self.read())

        threading.Thread(target=read_on, name="parent", daemon=True).start()


def die_with_parent(parent_pid: int) -> None:
    """However it dies. Checks afterwards, because it may have died before."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(_EX_UNAVAILABLE)


def tie_to_parent(parent_pid: int) -> None:
    """`die_with_parent`, and end with the end of stdin: for a child that hears one line only."""
    die_with_parent(parent_pid)
    threading.Thread(target=_end_with_stdin, name="parent", daemon=True).start()


def _end_with_stdin() -> None:
    # Why not `sys.stdin`: a thread waiting inside of its lock makes the interpreter abort at exit.
    while os.read(0, 1024):
        pass
    os._exit(_EX_UNAVAILABLE)


class StatusPipe:
    """What the supervisor reads. stdout is taken for it alone: a stray `print` goes to stderr instead."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        os.set_blocking(self._descriptor, False)

    def say(self, word: str, values: dict[str, Any] | None = None) -> None:
        line = f"{word} {json.dumps(values)}\n" if values is not None else f"{word}\n"
        try:
            os.write(self._descriptor, line.encode())
        except BlockingIOError:
            pass  # the supervisor reads nothing for minutes: it is stuck or stopped, and a lost beat is no harm then
        except BrokenPipeError:
            os._exit(_EX_UNAVAILABLE)
