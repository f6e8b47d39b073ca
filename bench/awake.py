"""A core that does not fall asleep between two packets.

A virtual core that sleeps is woken by its host, and finds its caches taken; a server at a tenth of its core pays for
that at each wake-up, and its figure says more of the host than of itself. A loop at the scheduler's idle priority
(sched(7), SCHED_IDLE) keeps the core busy, gives way at once, and touches next to no memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from server.child import die_with_parent


@contextmanager
def awake(core: int) -> Iterator[None]:
    """Until the end of the block; Linux only."""
    with subprocess.Popen([sys.executable, "-m", "bench.awake", str(core), str(os.getpid())]) as loop:
        try:
            yield
        finally:
            loop.kill()


def main() -> None:
    core, parent = map(int, sys.argv[1:])
    die_with_parent(parent)
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass


if __name__ == "__main__":
    main()
