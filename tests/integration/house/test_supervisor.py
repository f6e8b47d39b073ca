"""Workers are replaced when they die or stop ticking, and none outlives its supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from server.errors import ErrorCode, Unavailable
from server.supervisor import make_socket_folder
from tests.integration.house.command import is_alive, until
from tests.integration.house.conftest import StartSupervisor, Supervised

# Hang guards, far above what is needed: nothing here passes by waiting.
GUARD_S = 30.0


def pid_of(supervisor: Supervised, index: int = 0) -> int:
    worker = supervisor._slots[index].child
    assert worker is not None
    assert worker.pid is not None
    return worker.pid


async def test_all_workers_are_ready_after_start(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(2)
    assert [(state.is_ready, state.restarts, state.udp_port) for state in supervisor.states] == [
        (True, 0, 1000),
        (True, 0, 1001),
    ]
    assert await asyncio.to_thread((await supervisor.directory.socket_of(1, 0)).is_socket)


async def test_a_killed_worker_is_replaced(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(2)
    pid, other, socket = pid_of(supervisor), pid_of(supervisor, 1), await supervisor.directory.socket_of(0, 0)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: supervisor.states[0].restarts == 1 and supervisor.states[0].is_ready)
    assert pid_of(supervisor) != pid
    assert pid_of(supervisor, 1) == other
    assert await supervisor.directory.socket_of(0, 0) != socket


async def test_a_worker_that_does_not_tick_is_replaced(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(1, tick_timeout_s=0.5)
    pid = pid_of(supervisor)
    os.kill(pid, signal.SIGSTOP)
    await until(lambda: supervisor.states[0].restarts == 1 and supervisor.states[0].is_ready)
    assert not is_alive(pid)


async def test_a_held_up_supervisor_does_not_kill_healthy_workers(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(1, tick_timeout_s=0.5)
    pid = pid_of(supervisor)
    beats = supervisor._slots[0].child
    assert beats is not None
    # The supervisor's own loop stands still for longer than its patience; the beats wait in the pipe.
    os.kill(pid, 0)
    busy = asyncio.get_running_loop().time() + 1.0
    while asyncio.get_running_loop().time() < busy:
        pass
    await asyncio.sleep(0.3)
    assert supervisor.states[0].restarts == 0
    assert is_alive(pid)


def spare_of(supervisor: Supervised) -> int | None:
    """Its pid once it has loaded."""
    spare = supervisor._spare
    return spare._process.pid if spare is not None and spare._is_loaded and spare._process is not None else None


async def test_a_spare_takes_the_place_of_the_dead(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(2, keeps_spare=True)
    await until(lambda: spare_of(supervisor) is not None)
    spare, other = spare_of(supervisor), pid_of(supervisor, 0)
    os.kill(pid_of(supervisor, 1), signal.SIGKILL)
    await until(lambda: supervisor.states[1].restarts == 1 and supervisor.states[1].is_ready)
    assert (pid_of(supervisor, 0), pid_of(supervisor, 1)) == (other, spare)
    await until(lambda: spare_of(supervisor) not in (None, spare))


async def test_a_dead_spare_is_replaced_and_never_used(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor(1, keeps_spare=True)
    await until(lambda: spare_of(supervisor) is not None)
    spare = spare_of(supervisor)
    assert spare is not None
    os.kill(spare, signal.SIGKILL)
    os.kill(pid_of(supervisor), signal.SIGKILL)
    await until(lambda: supervisor.states[0].is_ready and is_alive(pid_of(supervisor)))
    await until(lambda: spare_of(supervisor) not in (None, spare))
    last = spare_of(supervisor)
    assert last is not None
    await supervisor.close()
    assert not is_alive(last)


async def test_whoever_looks_for_a_worker_waits_for_its_replacement(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor()
    os.kill(pid_of(supervisor), signal.SIGKILL)
    await until(lambda: not supervisor.states[0].is_ready)
    assert await asyncio.to_thread((await supervisor.directory.socket_of(0, GUARD_S)).is_socket)
    assert supervisor.states[0].restarts == 1


async def test_waiting_ends_with_a_code(start_supervisor: StartSupervisor) -> None:
    supervisor = await start_supervisor()
    await supervisor.close()
    supervisor.directory.close()
    with pytest.raises(Unavailable) as caught:
        await supervisor.directory.socket_of(0, 0.05)
    assert caught.value.code is ErrorCode.MEDIA_UNAVAILABLE


async def test_a_worker_that_cannot_start_says_why(start_supervisor: StartSupervisor) -> None:
    with pytest.raises(Unavailable) as caught:
        await start_supervisor(2, fail={"code": "port_taken", "detail": "UDP port 7882"})
    assert (caught.value.code, caught.value.detail) == (ErrorCode.PORT_TAKEN, "UDP port 7882")


async def test_a_worker_that_crashes_at_start_is_an_error(start_supervisor: StartSupervisor) -> None:
    with pytest.raises(Unavailable, match="exit code 7"):
        await start_supervisor(crash=True)


@pytest.mark.parametrize("deaf", [False, True])
async def test_close_leaves_nothing(start_supervisor: StartSupervisor, deaf: bool) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    supervisor = await start_supervisor(2, deaf=deaf)
    folder = supervisor._folder
    assert folder is not None
    pids = [pid_of(supervisor, index) for index in range(2)]
    await supervisor.close()
    await supervisor.close()
    assert not any(is_alive(pid) for pid in pids)
    assert not await asyncio.to_thread(folder.exists)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors)  # noqa: PTH208


PARENT = """
import asyncio, sys
from tests.integration.house.command import is_alive, until
from tests.integration.house.conftest import Supervised

async def main():
    supervisor = Supervised(2)
    await supervisor.start()
    print(*[slot.child.pid for slot in supervisor._slots], supervisor._folder, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped worker"])
async def test_no_worker_outlives_a_killed_supervisor(stub_path: None, is_stopped: bool) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    *pids, folder = (await asyncio.wait_for(parent.stdout.readline(), GUARD_S)).decode().split()
    if is_stopped:
        os.kill(int(pids[0]), signal.SIGSTOP)
    parent.kill()
    await parent.wait()
    await until(lambda: not any(is_alive(int(pid)) for pid in pids))
    # The next supervisor sweeps away what the killed one could not.
    assert await asyncio.to_thread(Path(folder).exists)
    ours = await asyncio.to_thread(make_socket_folder)
    assert not await asyncio.to_thread(Path(folder).exists)
    await asyncio.to_thread(ours.rmdir)
