"""An app process may die: media goes on, connections wait, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from server.keys import FILE_NAME as KEYS_FILE
from server.keys import kept_keys, read_kept_keys
from tests.conformance.meeting import Link, Meeting
from tests.conformance.target import Target
from tests.integration.house.command import (
    ANY_PORT,
    GUARD_S,
    KEYS,
    SECRET,
    Command,
    StartCommand,
    is_alive,
    ports_of,
    until,
)
from tests.integration.house.conftest import lay_out
from tests.integration.house.redis_server import run_redis
from tests.process_tree import APP, WORKER

# The SDK begins anew when its first attempt to resume has no answer after 5 s: on a machine so busy that a replacement
# takes as long, people come back with new tracks.
CLIENTS_RESUME_WITHIN_S = 4.0


async def children(command: Command, module: str = "") -> list[int]:
    return await asyncio.to_thread(command.children, module)


async def test_media_goes_on_while_the_app_process_is_away(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", *ANY_PORT, **KEYS, TONGCHUANG_APP_SPARE="true")
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
        await serve.until_ready(http)
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
        await serve.until_ready(http)
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
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    ports = {kind: await asyncio.to_thread(ports_of_all, [serve.pid, *everybody], kind) for kind in kinds}
    # Pages and what the processes say among themselves, and media over both.
    assert len(ports[socket.SOCK_STREAM]) >= 3
    assert ports[socket.SOCK_DGRAM]
    # Also one that hears nothing.
    os.kill((await children(serve, APP))[0], signal.SIGSTOP)
    serve.process.kill()
    await until(lambda: not any(is_alive(pid) for pid in everybody))
    # Nobody holds a port on (the kernel closes what a process had a moment after its death): the next server has them.
    await until(lambda: all(is_free(kind, address) for kind, addresses in ports.items() for address in addresses))


def is_free(kind: socket.SocketKind, address: tuple[str, int]) -> bool:
    with socket.socket(socket.AF_INET, kind) as again:
        if kind is socket.SOCK_STREAM:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            again.bind(address)
        except OSError:
            return False
    return True


def ports_of_all(pids: list[int], kind: socket.SocketKind) -> set[tuple[str, int]]:
    return {address for pid in pids for address in ports_of(pid, kind)}


async def test_a_restore_of_other_keys_brings_media_that_knows_them(
    start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path, used_data: Path
) -> None:
    def lay_out_other() -> dict[str, str]:
        lay_out(used_data, tmp_path / "other")
        (tmp_path / "other" / KEYS_FILE).unlink()
        return kept_keys(tmp_path / "other")

    others = await asyncio.to_thread(lay_out_other)
    assert (await (await start("backup", "saved.tar", "--data", "other")).end())[0] == 0
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    assert await asyncio.to_thread(read_kept_keys, tmp_path / "data") != others
    assert (await (await start("restore", "saved.tar")).end()) == (0, "")
    assert await asyncio.to_thread(read_kept_keys, tmp_path / "data") == others
    await serve.until_ready(http)
    seat = await (await http.get(serve.url + "/api/v1/demo/lesson/token", params={"seat": "lin"})).json()
    answer = await http.get(serve.url + "/rtc/validate", params={"access_token": seat["token"]})
    assert (answer.status, await answer.text()) == (200, "success")


async def test_two_app_processes_need_redis(start: StartCommand) -> None:
    code, errors = await (await start("serve", *ANY_PORT, TONGCHUANG_APPS="2")).end()
    assert code == 2
    assert "REDIS_URL" in errors
    assert len(errors.strip().splitlines()) == 1
