"""The processes of a running product, read from proc(5)."""

from __future__ import annotations

from pathlib import Path

from bench.measure import command_line

WORKER, APP = "server.worker", "server.app_process"


def children(pid: int, module: str = "") -> list[int]:
    """Child processes of `pid` whose command names `module` (WORKER, APP); none when it has ended."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [child for child in map(int, path.read_text().split()) if module in command_line(child)]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
