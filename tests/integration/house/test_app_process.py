"""An app process may die: media goes on, connections wait, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.conformance.meeting import Link, Meeting
from tests.conformance.target import Target
from tests.integration.house.command import (
    ANY_PORT,
    APP,
    GUARD_S,
    KEYS,
    SECRET,
    WORKER,
    Command,
    StartCommand,
    is_alive,
    until,
)
from tests.integration.house.redis_server import run_redis

# Long enough that a stopped process is not replaced while a test looks at what happens meanwhile.
PATIENT = {"TONGCHUANG_WORKER_TICK_TIMEOUT_S": "60"}

# The SDK begins anew when its first attempt to resume has no answer after 5 s: on a machine so busy that a replacement
# takes as long, people come back with new tracks.
CLIENTS_RESUME_WITHIN_S = 4.0


async def children(command: Command, module: str = "") -> list[int]:
    return await asyncio.to_thread(command.children, module)


async def test_media_goes_on_while_the_app_process_is_away(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", *ANY_PORT, **KEYS, **PATIENT, TONGCHUANG_APP_SPARE="true")
    await serve.ready()
    (app,), workers = await asyncio.to_thread(serve.first_apps), await children(serve, WORKER)
    # Clients try to resume for some seconds, and a busy machine needs as long to load a process.
    await serve.spare_is_loaded()
    target = Target(
        url=serve.url.replace("http", "ws"), key=KEYS["LIVEKIT_API_KEY"], secret=SECRET, name="serve", is_ours=True,
        has_webhooks=False,
    )  # fmt: skip
    meeting = Meeting(target, Link())
    try:
        lin, ortega = await meeting.join_all("lin", "ortega")
        await lin.show(code=1)
        await ortega.show(code=2)
        await ortega.sees_frames("lin", code=1)
        await lin.sees_frames("ortega", code=2)
        sids = lin.me.sid, ortega.me.sid
        meters = lin.video["ortega"], ortega.video["lin"]
        marks = len(lin.events), len(ortega.events)
        # Stopped, so that it answers nobody for as long as we look: frames come without it.
        os.kill(app, signal.SIGSTOP)
        await ortega.sees_frames("lin", count=40, code=1)
        await lin.sees_frames("ortega", count=40, code=2)
        killed_at = asyncio.get_running_loop().time()
        os.kill(app, signal.SIGKILL)
        # At once, to a server that has no app process: the connection waits for the next one.
        async with asyncio.timeout(GUARD_S), http.get(serve.url + "/healthz") as answer:
            assert answer.status == 200
        away_s = asyncio.get_running_loop().time() - killed_at
        await until(lambda: not is_alive(app))
        await until_ready(serve.url, http)
        assert await children(serve, WORKER) == workers
        for client, mark in zip((lin, ortega), marks, strict=True):
            await client.event("reconnected", since=mark, guard_s=GUARD_S)
        await ortega.sees_frames("lin", count=20, code=1)
        await lin.sees_frames("ortega", count=20, code=2)
        if away_s < CLIENTS_RESUME_WITHIN_S:
            # The same people with the same tracks: they resumed, nobody left and came again.
            assert (lin.me.sid, ortega.me.sid) == sids
            assert (lin.video["ortega"], ortega.video["lin"]) == meters
            noticed = {event.name for event in (*lin.events[marks[0] :], *ortega.events[marks[1] :])}
            assert not noticed & {"participant_disconnected", "participant_connected", "track_unsubscribed"}
        assert set(ortega.room.remote_participants) == {"lin"}
    finally:
        await meeting.close()
    assert (await serve.stop())[0] == 0


async def test_an_app_process_that_does_not_tick_is_replaced(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", *ANY_PORT, TONGCHUANG_WORKER_TICK_TIMEOUT_S="1")
    await serve.ready()
    (app,), workers = await children(serve, APP), await children(serve, WORKER)
    os.kill(app, signal.SIGSTOP)
    async with asyncio.timeout(GUARD_S), http.get(serve.url + "/healthz") as answer:
        assert answer.status == 200
    await serve.replaced(app, APP, http)
    assert await children(serve, WORKER) == workers
    text = await (await http.get(serve.url + "/metrics")).text()
    assert 'tongchuang_app_restarts{app="0"} 1.0' in text
    assert 'tongchuang_media_worker_restarts{worker="0"} 0.0' in text


async def test_no_connection_is_refused_while_app_processes_die(start: StartCommand) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    refused: list[BaseException] = []
    answered = 0
    is_over = asyncio.Event()

    async def knock() -> None:
        nonlocal answered
        while not is_over.is_set():
            async with aiohttp.ClientSession() as session:
                try:
                    async with asyncio.timeout(GUARD_S), session.get(serve.url + "/healthz") as answer:
                        answered += answer.status == 200
                except aiohttp.ClientConnectorError as error:
                    refused.append(error)
                except aiohttp.ClientError:
                    pass  # it was being answered when the process died

    knocking = [asyncio.create_task(knock()) for _ in range(4)]
    try:
        for _ in range(2):
            (app,) = await children(serve, APP)
            os.kill(app, signal.SIGKILL)
            await until(lambda dead=app: not is_alive(dead) and bool(serve.children(APP)))  # type: ignore[misc]  # bound now
            before = answered
            await until(lambda before=before: answered > before + 8)  # type: ignore[misc]  # bound now
    finally:
        is_over.set()
        await asyncio.gather(*knocking)
    assert refused == []


async def test_two_app_processes_are_one_server(start: StartCommand, http: aiohttp.ClientSession) -> None:
    async with run_redis() as redis:
        serve = await start("serve", *ANY_PORT, TONGCHUANG_APPS="2", REDIS_URL=redis.url)
        await serve.ready()
        apps = await children(serve, APP)
        assert len(apps) == 2
        # One of them cannot answer: the other does, and says what both count.
        text = await figures_of_both(serve.url)
        assert 'tongchuang_media_worker_ready{worker="0"} 1.0' in text
        assert text.count("# TYPE tongchuang_http_requests_total counter") == 1
        os.kill(apps[0], signal.SIGKILL)
        await until(lambda: apps[0] not in serve.children(APP) and len(serve.children(APP)) == 2)
        assert apps[1] in await children(serve, APP)
        await until_ready(serve.url, http)
        await redis.stop()
        async with http.get(serve.url + "/readyz") as answer:
            assert (answer.status, (await answer.json())["failing"]) == (503, ["redis"])
        everybody = await children(serve)
        assert (await serve.stop())[0] == 0
        assert not any(is_alive(pid) for pid in everybody)


async def figures_of_both(url: str) -> str:
    """Asked until both have counted a request: which of them takes a connection is the kernel's choice."""
    async with asyncio.timeout(GUARD_S):
        while True:
            async with aiohttp.ClientSession() as session, session.get(url + "/metrics") as answer:
                text = await answer.text()
            if all(f'tongchuang_app_ready{{app="{index}"}} 1.0' in text for index in (0, 1)) and all(
                any(line.startswith("tongchuang_http_requests_total{") and f'app="{index}"' in line for line in lines)
                for index in (0, 1)
                if (lines := text.splitlines())
            ):
                return text


async def until_ready(url: str, http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(GUARD_S):
        while (await http.get(url + "/readyz")).status != 200:  # noqa: ASYNC110  # another process's state
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("who", ["everybody", "parent"])
async def test_an_end_while_an_app_process_is_replaced_leaves_nothing(start: StartCommand, who: str) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    (app,) = await children(serve, APP)
    os.kill(app, signal.SIGKILL)
    await until(lambda: not is_alive(app) and bool(serve.children(APP)))
    everybody = await children(serve)
    if who == "everybody":
        # As systemd and a terminal do: the whole group hears it.
        for pid in everybody:
            os.kill(pid, signal.SIGTERM)
    code, errors = await serve.stop()
    assert (code, "Traceback" in errors) == (0, False), errors
    assert not any(is_alive(pid) for pid in everybody)


async def test_ctrl_c_ends_everything_in_order(start: StartCommand) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    everybody = await children(serve)
    for pid in (*everybody, serve.process.pid):
        os.kill(pid, signal.SIGINT)
    code, errors = await serve.end()
    assert (code, "Traceback" in errors) == (0, False), errors
    assert not any(is_alive(pid) for pid in everybody)


async def test_a_killed_parent_takes_everybody_along(start: StartCommand) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    everybody = await children(serve)
    # Also one that hears nothing.
    os.kill((await children(serve, APP))[0], signal.SIGSTOP)
    serve.process.kill()
    await until(lambda: not any(is_alive(pid) for pid in everybody))


async def test_a_data_folder_has_one_server(start: StartCommand) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    other = await start("serve", *ANY_PORT)
    code, errors = await other.end()
    assert code == 1
    assert errors.strip().endswith(f"is in use by process {serve.process.pid}.")
    assert len(errors.strip().splitlines()) == 1


def note(data: Path, text: str) -> None:
    with closing(sqlite3.connect(data / "tongchuang.sqlite3")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
        connection.execute("INSERT INTO note VALUES (?)", (text,))
        connection.commit()


def notes(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "tongchuang.sqlite3")) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note")]


async def test_a_backup_comes_back_while_the_server_runs(
    start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    await asyncio.to_thread(note, tmp_path / "data", "first")
    assert (await (await start("backup", "saved.tar")).end())[0] == 0
    await asyncio.to_thread(note, tmp_path / "data", "second")
    (app,), workers = await children(serve, APP), await children(serve, WORKER)
    restore = await start("restore", "saved.tar")
    code, errors = await restore.end()
    assert (code, errors) == (0, "")
    assert await asyncio.to_thread(notes, tmp_path / "data") == ["first"]
    # Ready when the command ends: another app process, the same media.
    async with http.get(serve.url + "/readyz") as answer:
        assert answer.status == 200
    assert await children(serve, APP) != [app]
    assert await children(serve, WORKER) == workers
    # What was there is saved, and can come back in turn.
    (kept,) = await asyncio.to_thread(list, (tmp_path / "data" / "backups").glob("before-restore-*.tar"))
    assert (await (await start("restore", str(kept))).end())[0] == 0
    assert await asyncio.to_thread(notes, tmp_path / "data") == ["first", "second"]
    assert (await serve.stop())[0] == 0


async def test_a_restore_of_other_keys_brings_media_that_knows_them(
    start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    other = await start("serve", *ANY_PORT, "--data", "other")
    await other.ready()
    assert (await (await start("backup", "saved.tar", "--data", "other")).end())[0] == 0
    await other.stop()
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    assert (await (await start("restore", "saved.tar")).end()) == (0, "")
    keys = [
        json.loads(await asyncio.to_thread((tmp_path / folder / "livekit-keys.json").read_text))
        for folder in ("data", "other")
    ]
    assert keys[0] == keys[1]
    await until_ready(serve.url, http)
    seat = await (await http.get(serve.url + "/api/v1/demo/lesson/token", params={"seat": "lin"})).json()
    answer = await http.get(serve.url + "/rtc/validate", params={"access_token": seat["token"]})
    assert (answer.status, await answer.text()) == (200, "success")


async def test_a_refused_restore_leaves_the_server_alone(
    start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    before = await children(serve)
    await asyncio.to_thread((tmp_path / "foreign.tar").write_bytes, b"no backup" * 1000)
    code, errors = await (await start("restore", "foreign.tar")).end()
    assert code == 1
    assert "no backup of Tongchuang" in errors
    assert len(errors.strip().splitlines()) == 1
    assert await children(serve) == before
    assert not await asyncio.to_thread(list, (tmp_path / "data").glob(".restore*"))


async def test_two_app_processes_need_redis(start: StartCommand) -> None:
    code, errors = await (await start("serve", *ANY_PORT, TONGCHUANG_APPS="2")).end()
    assert code == 2
    assert "REDIS_URL" in errors
    assert len(errors.strip().splitlines()) == 1


async def test_the_processes_hear_one_another_only_on_this_machine(start: StartCommand) -> None:
    """With any --host: the internal address is on loopback, and serves neither pages nor figures."""
    serve = await start("serve", *ANY_PORT, "--host", "0.0.0.0")
    await serve.ready()
    listening = await asyncio.to_thread(listeners_of, serve.process.pid)
    assert {address for address, _ in listening} == {"0.0.0.0", "127.0.0.1"}
    (internal,) = (port for address, port in listening if address == "127.0.0.1")
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/metrics", "/healthz", "/rtc/validate"):
            async with session.get(f"http://127.0.0.1:{internal}{path}") as answer:
                assert answer.status == 404
        call = f"http://127.0.0.1:{internal}/twirp/livekit.RoomService/ListRooms"
        async with session.post(call, json={}) as answer:
            assert answer.status == 401
    _code, errors = await serve.stop()
    assert "https" in errors.splitlines()[0], "an address open to all without TLS is said"


def listeners_of(pid: int) -> set[tuple[str, int]]:
    """TCP sockets on which a process listens, from /proc."""
    inodes = {os.readlink(path).strip("socket:[]") for path in Path(f"/proc/{pid}/fd").iterdir()}  # noqa: PTH115
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *rest = line.split()
        if state == "0A" and rest[5] in inodes:
            address, port = local.split(":")
            found.add((".".join(str(byte) for byte in reversed(bytes.fromhex(address))), int(port, 16)))
    return found
