"""Figures that can be trusted: CPU of other processes, pinning, quantiles, and when to refuse a run."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

# Beyond this share of a core the generator itself delays and drops packets, and the figure would be its own.
MAX_GENERATOR_SHARE = 0.8
SERVER_CORE, GENERATOR_CORE = 0, 1
# Why: a figure is about the server, not about what else the machine does; on a quiet machine it changes nothing.
_NICENESS = -12
# More time than this waiting for a core, and latencies tell of the machine.
MAX_WAITED_SHARE = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes with all their threads (utime + stime, proc(5))."""
    total = 0
    for pid in pids:
        # The command may hold spaces and brackets; the fields start after the last ")".
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def run_seconds(pids: Iterable[int]) -> float:
    """The same as `cpu_seconds` to the nanosecond (schedstat, time on the CPU), for short windows."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def waited_seconds(pids: Iterable[int]) -> float:
    """How long these processes were ready to run and did not get a core (schedstat, run delay)."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[1])
    return total / 1e9


def resident_bytes(pids: Iterable[int]) -> int:
    """Resident memory (proc(5), statm)."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids)


def descendants(pid: int) -> list[int]:
    """This process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += parents.get(one, [])
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def pin(pids: Iterable[int], core: int) -> None:
    """All threads of these processes to one core; nothing on a machine with one core."""
    if (os.cpu_count() or 1) < 2:
        return
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


def prefer(pids: Iterable[int]) -> None:
    """Ahead of whatever else runs on this machine, where we may; taken back when this process ends."""
    for pid in pids:
        with contextlib.suppress(PermissionError, ProcessLookupError, FileNotFoundError):
            os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
            # Linux shares cores between sessions first (sched(7), autogroup); niceness counts only inside one.
            group = Path(f"/proc/{pid}/autogroup")
            before = group.read_text().rpartition("nice ")[2].strip()
            if before != str(_NICENESS):
                group.write_text(str(_NICENESS))
                atexit.register(_take_back, group, before)


def _take_back(group: Path, niceness: str) -> None:
    with contextlib.suppress(OSError):
        group.write_text(niceness)


def in_real_time(pids: Iterable[int]) -> None:
    """Before everything else the moment they can run (SCHED_RR): for latencies on a machine that does other work."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(1))


def quiet_generator() -> None:
    """This process to its core, ahead of others and without collections in the middle of a burst."""
    pin([os.getpid()], GENERATOR_CORE)
    prefer([os.getpid()])
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank; 0 for nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(values: Sequence[float], unit: str = "", digits: int = 1) -> str:
    """``median 1.2 · p95 3.4 · p99 5.6 · max 7.8 ms``"""
    if not values:
        return "no samples"
    parts = [f"median {statistics.median(values):,.{digits}f}"]
    parts += [f"p{round(share * 100)} {quantile(values, share):,.{digits}f}" for share in (0.95, 0.99)]
    return " · ".join([*parts, f"max {max(values):,.{digits}f}"]) + (f" {unit}" if unit else "")


def slope_per_hour(samples: Sequence[tuple[float, float]]) -> float:
    """Least-squares slope of (seconds, value), per hour."""
    if len(samples) < 2:
        return 0.0
    result = statistics.linear_regression([at for at, _ in samples], [value for _, value in samples])
    return result.slope * 3600


def machine() -> str:
    """One line for the table in docs/performance.md."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')} · {os.cpu_count()} × {model} · Linux {platform.release()} · "
        f"Python {platform.python_version()} · load before {load:.1f}"
    )


def contention(waited_s: float, took_s: float) -> str:
    """How much the server stood in line for its core, and whether that spoils latencies."""
    share = waited_s / took_s
    note = " (CONTENDED: latencies tell of the machine)" if share > MAX_WAITED_SHARE else ""
    return f"waited for its core {share:.1%}{note}"


def refuse_if_busy(generator_share: float) -> str | None:
    """Why this run must not be believed, or None."""
    if generator_share > MAX_GENERATOR_SHARE:
        return (
            f"refused: the generator needed {generator_share:.0%} of its core (limit {MAX_GENERATOR_SHARE:.0%}); "
            "take fewer subscribers"
        )
    return None
