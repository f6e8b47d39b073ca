"""What makes a child process a good child: it never outlives its parent, and tells it how it is on a pipe."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_EX_UNAVAILABLE = 69  # <sysexits.h>


def tie_to_parent(parent_pid: int) -> None:
    """Die when the parent dies, however it dies. Checks afterwards, because it may have died before."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(_EX_UNAVAILABLE)
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
