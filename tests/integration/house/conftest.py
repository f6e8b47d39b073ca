"""Supervisors over stub workers, for the tests of the house."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from server.clock import SystemClock
from server.supervisor import Supervisor
from server.worker_process import WorkerLaunch

STUB = Path(__file__).parent / "stub_worker.py"

StartSupervisor = Callable[..., Awaitable[Supervisor]]


def stub_launches(count: int, **order: Any) -> list[WorkerLaunch]:
    command = (sys.executable, str(STUB))
    return [WorkerLaunch(order={"index": index, **order}, command=command) for index in range(count)]


@pytest.fixture
def stub_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub imports `server` as the real worker does: from this folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.fixture
async def start_supervisor(stub_path: None) -> AsyncIterator[StartSupervisor]:
    started: list[Supervisor] = []

    async def start(count: int = 1, tick_timeout_s: float = 3.0, **order: Any) -> Supervisor:
        supervisor = Supervisor(stub_launches(count, **order), tick_timeout_s=tick_timeout_s, clock=SystemClock())
        started.append(supervisor)
        await supervisor.start()
        return supervisor

    yield start
    for supervisor in started:
        await supervisor.close()
