"""A media worker: the child that serves `create_media_app` on a private unix socket (`python -m server.worker`).

It is told everything in one line of JSON on stdin, and says on stdout, one line each: `ready {ports}` once it
accepts connections, `beat` from its event loop while that turns, `error {code, detail}` when it cannot start.
A worker whose loop turns but which forwards nothing ends itself (`server.sfu.flow_watch`).
It never outlives its parent: the kernel kills it (PR_SET_PDEATHSIG), and the end of stdin ends it elsewhere.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from dataclasses import dataclass
from typing import NoReturn

import structlog
import uvloop
from aiohttp import web
from pydantic import TypeAdapter

from server.child import StatusPipe, tie_to_parent
from server.clock import SystemClock, until_next
from server.errors import TongchuangError
from server.log import configure_log
from server.media_app import ENDPOINT, FLOW_WATCH, MediaConfig, create_media_app

log = structlog.get_logger("tongchuang.worker")

# Fifteen beats within the default patience of 3 s: one late beat is no reason to replace a worker.
BEAT_EVERY_S = 0.2
# Of the 5 s for everything: participants are told within this time, then sockets close.
SHUTDOWN_TIMEOUT_S = 2.0
# Why: what lives for the whole life of the process is frozen after start, so that a collection looks at little; full
# collections, the only long ones, then come a hundred times more rarely than by default.
_GC_THRESHOLDS = (10_000, 20, 1_000)
_EX_SOFTWARE = 70  # <sysexits.h>


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOrder:
    """The line on stdin."""

    parent_pid: int
    socket: str
    media: MediaConfig
    log_level: str = "info"
    log_as_json: bool = False
    log_personal_data: bool = False


async def run(order: WorkerOrder, status: StatusPipe) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    # Why: Ctrl-C reaches the whole process group; the supervisor decides when its workers go.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    app = create_media_app(order.media)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    try:
        await runner.setup()
        await web.UnixSite(runner, order.socket).start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        endpoint, watch, clock = app[ENDPOINT], app[FLOW_WATCH], SystemClock()
        status.say("ready", {"udp_port": endpoint.udp_port, "tcp_port": endpoint.tcp_port})
        while not stopped.is_set():
            status.say("beat")
            if reason := watch.look(clock.monotonic_us()):
                log.critical("worker_stuck", reason=reason)
                # Why so hard: what is stuck cannot be closed either, and clients come back by themselves.
                os._exit(_EX_SOFTWARE)
            try:
                async with asyncio.timeout(until_next(BEAT_EVERY_S, loop.time())):
                    await stopped.wait()
            except TimeoutError:
                continue
    finally:
        await runner.cleanup()


def main() -> NoReturn:
    gc.enable()
    line = sys.stdin.buffer.readline()
    order = TypeAdapter(WorkerOrder).validate_json(line)
    tie_to_parent(order.parent_pid)
    status = StatusPipe()
    configure_log(level=order.log_level, as_json=order.log_as_json, keep_pii=order.log_personal_data)
    try:
        uvloop.run(run(order, status))
    except TongchuangError as error:
        status.say("error", {"code": str(error.code), "detail": error.detail})
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
