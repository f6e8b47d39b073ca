"""Supervisors over stub workers, for the tests of the house."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.child_process import ChildLaunch
from server.clock import SystemClock
from server.supervisor import Supervisor
from server.worker_directory import WorkerDirectory
from tests.integration.house.command import ANY_PORT, Command, StartCommand, running_server

STUB = Path(__file__).parent / "stub_worker.py"


def stub_launches(count: int, **order: Any) -> list[ChildLaunch]:
    command = (sys.executable, str(STUB))
    return [ChildLaunch(module="stub", order={"index": index, **order}, command=command) for index in range(count)]


class Supervised(Supervisor):
    """A supervisor of stubs with the directory that it fills."""

    def __init__(self, count: int, *, tick_timeout_s: float = 3.0, keeps_spare: bool = False, **order: Any) -> None:
        self.directory = WorkerDirectory(count)
        super().__init__(
            stub_launches(count, **order),
            kind="worker",
            tick_timeout_s=tick_timeout_s,
            clock=SystemClock(),
            on_change=self.directory.update,
            keeps_spare=keeps_spare,
            spare_pause_s=0.0,
        )


def lay_out(used: Path, data: Path) -> None:
    if not data.exists():
        shutil.copytree(used, data, ignore=shutil.ignore_patterns(".server.lock"))


StartSupervisor = Callable[..., Awaitable[Supervised]]


@pytest.fixture
def stub_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub imports `server` as the real worker does: from this folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.fixture
async def start_supervisor(stub_path: None) -> AsyncIterator[StartSupervisor]:
    started: list[Supervised] = []

    async def start(count: int = 1, **options: Any) -> Supervised:
        supervisor = Supervised(count, **options)
        started.append(supervisor)
        await supervisor.start()
        return supervisor

    yield start
    for supervisor in started:
        await supervisor.close()


@pytest.fixture(scope="session")
def used_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a server has written and left: to start on a copy saves the migrations and the demo's rows."""
    folder = tmp_path_factory.mktemp("used")
    with running_server(folder, *ANY_PORT):
        pass
    return folder / "data"


@pytest.fixture
async def start(tmp_path: Path, used_data: Path) -> AsyncIterator[StartCommand]:
    """`./tongchuang WORDS`, with an environment of its own; killed at the end of the test if it still runs.

    A server whose data folder is not named and not there yet starts on a copy of the used one.
    """
    started: list[Command] = []

    async def run(*words: str, **environment: str) -> Command:
        if words[0] == "serve" and "--data" not in words:
            await asyncio.to_thread(lay_out, used_data, tmp_path / "data")
        started.append(await Command.start(tmp_path, *words, **environment))
        return started[-1]

    yield run
    for command in started:
        await _ended(command)


async def _ended(command: Command) -> None:
    """Whatever has happened before."""
    with suppress(ProcessLookupError):
        command.process.kill()
    # To its end in any case: this is what closes the pipes.
    await command.process.communicate()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector()
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session
        # Why: an end of TLS that waits for the other side outlives this loop, and the next test is blamed for it.
        await connector.close(abort_ssl=True)
