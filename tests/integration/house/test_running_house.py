"""What a running server does and goes on after: one start for all of it, because a start is what these tests cost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.integration.house.command import (
    ANY_PORT,
    GUARD_S,
    ServerTree,
    StartCommand,
    is_alive,
    ports_of,
    running_server,
    until,
)
from tests.integration.house.conftest import lay_out
from tests.process_tree import APP, WORKER


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, used_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("running")
    lay_out(used_data, folder / "data")
    return folder


@pytest.fixture(scope="module")
def house(folder: Path) -> Iterator[ServerTree]:
    """On a data folder of its own; whatever a test does to it, it leaves it ready."""
    with running_server(folder, *ANY_PORT, "--host", "0.0.0.0") as tree:
        yield tree


@pytest.fixture
def data(house: ServerTree, folder: Path) -> Path:
    return folder / "data"


async def children(house: ServerTree, module: str = "") -> list[int]:
    return await asyncio.to_thread(house.children, module)


async def restarts_of_worker(house: ServerTree, http: aiohttp.ClientSession) -> float:
    text = await (await http.get(house.url + "/metrics")).text()
    found = re.search(r'^tongchuang_media_worker_restarts\{worker="0"\} (\S+)$', text, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def test_a_demo_token_opens_the_embedded_media_server(house: ServerTree, http: aiohttp.ClientSession) -> None:
    seat = await (await http.get(house.url + "/api/v1/demo/lesson/token", params={"seat": "lin"})).json()
    answer = await http.get(house.url + "/rtc/validate", params={"access_token": seat["token"]})
    assert (answer.status, await answer.text()) == (200, "success")
    forged = seat["token"][:-4] + "AAAA"
    assert (await http.get(house.url + "/rtc/validate", params={"access_token": forged})).status == 401


async def test_the_processes_hear_one_another_only_on_this_machine(house: ServerTree, folder: Path) -> None:
    """With any --host: the internal address is on loopback, and serves neither pages nor figures."""
    listening = await asyncio.to_thread(ports_of, house.pid, socket.SOCK_STREAM)
    assert {address for address, _ in listening} == {"0.0.0.0", "127.0.0.1"}
    (internal,) = (port for address, port in listening if address == "127.0.0.1")
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/metrics", "/healthz", "/rtc/validate"):
            async with session.get(f"http://127.0.0.1:{internal}{path}") as answer:
                assert answer.status == 404
        call = f"http://127.0.0.1:{internal}/twirp/livekit.RoomService/ListRooms"
        async with session.post(call, json={}) as answer:
            assert answer.status == 401
    errors = await asyncio.to_thread((folder / "stderr").read_text)
    assert "https" in errors.splitlines()[0], "an address open to all without TLS is said"


async def test_a_data_folder_has_one_server(house: ServerTree, start: StartCommand, data: Path) -> None:
    other = await start("serve", *ANY_PORT, "--data", str(data))
    code, errors = await other.end()
    assert code == 1
    assert errors.strip().endswith(f"is in use by process {house.pid}.")
    assert len(errors.strip().splitlines()) == 1


def note(data: Path, text: str) -> None:
    with closing(sqlite3.connect(data / "tongchuang.sqlite3")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
        connection.execute("INSERT INTO note VALUES (?)", (text,))
        connection.commit()


def notes(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "tongchuang.sqlite3")) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note")]


async def test_a_refused_restore_leaves_the_server_alone(
    house: ServerTree, start: StartCommand, tmp_path: Path, data: Path
) -> None:
    before = await children(house)
    await asyncio.to_thread((tmp_path / "foreign.tar").write_bytes, b"no backup" * 1000)
    code, errors = await (await start("restore", "foreign.tar", "--data", str(data))).end()
    assert code == 1
    assert "no backup of Tongchuang" in errors
    assert len(errors.strip().splitlines()) == 1
    assert await children(house) == before
    assert not await asyncio.to_thread(lambda: list(data.glob(".restore*")))


async def test_a_backup_comes_back_while_the_server_runs(
    house: ServerTree, start: StartCommand, http: aiohttp.ClientSession, data: Path
) -> None:
    at = ("--data", str(data))
    await asyncio.to_thread(note, data, "first")
    assert (await (await start("backup", "saved.tar", *at)).end())[0] == 0
    await asyncio.to_thread(note, data, "second")
    (app,), workers = await children(house, APP), await children(house, WORKER)
    code, errors = await (await start("restore", "saved.tar", *at)).end()
    assert (code, errors) == (0, "")
    assert await asyncio.to_thread(notes, data) == ["first"]
    # Ready when the command ends: another app process, the same media.
    async with http.get(house.url + "/readyz") as answer:
        assert answer.status == 200
    assert await children(house, APP) != [app]
    assert await children(house, WORKER) == workers
    # What was there is saved, and can come back in turn.
    (kept,) = await asyncio.to_thread(list, (data / "backups").glob("before-restore-*.tar"))
    assert (await (await start("restore", str(kept), *at)).end())[0] == 0
    assert await asyncio.to_thread(notes, data) == ["first", "second"]
    await house.until_ready(http)


async def test_a_killed_worker_is_back_by_itself(house: ServerTree, http: aiohttp.ClientSession) -> None:
    (worker,) = (await children(house, WORKER))[:1]
    before = await restarts_of_worker(house, http)
    os.kill(worker, signal.SIGKILL)
    await house.replaced(worker, WORKER, http)
    assert await restarts_of_worker(house, http) == before + 1


async def test_no_connection_is_refused_while_app_processes_die(house: ServerTree, http: aiohttp.ClientSession) -> None:
    refused: list[BaseException] = []
    answered = 0
    is_over = asyncio.Event()

    async def knock() -> None:
        nonlocal answered
        while not is_over.is_set():
            async with aiohttp.ClientSession() as session:
                try:
                    async with asyncio.timeout(GUARD_S), session.get(house.url + "/healthz") as answer:
                        answered += answer.status == 200
                except aiohttp.ClientConnectorError as error:
                    refused.append(error)
                except aiohttp.ClientError:
                    pass  # it was being answered when the process died

    knocking = [asyncio.create_task(knock()) for _ in range(4)]
    try:
        for _ in range(2):
            (app,) = await children(house, APP)
            os.kill(app, signal.SIGKILL)
            await until(lambda dead=app: not is_alive(dead) and bool(house.children(APP)))  # type: ignore[misc]  # bound now
            before = answered
            await until(lambda before=before: answered > before + 8)  # type: ignore[misc]  # bound now
    finally:
        is_over.set()
        await asyncio.gather(*knocking)
    assert refused == []
    await house.until_ready(http)
