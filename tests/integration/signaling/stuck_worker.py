"""A real media worker that stops forwarding when it has forwarded a hundred packets, and goes on ticking."""

from __future__ import annotations

from server import worker
from server.sfu.fanout import Fanout

_ENOUGH = 100
_run = Fanout.run


def run_at_first(self: Fanout, now_us: int) -> None:
    if self.stats.forwarded < _ENOUGH:
        _run(self, now_us)


if __name__ == "__main__":
    Fanout.run = run_at_first  # type: ignore[method-assign]  # the fault
    worker.main()
