"""`media`: the LiveKit-compatible media server alone, for whoever has never heard of us."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import sys
from collections.abc import Mapping, Sequence

from aiohttp import web

from server.child_process import ChildLaunch
from server.clock import SystemClock
from server.commands.serve import add_media_arguments
from server.errors import ErrorCode, InvalidInput, TongchuangError
from server.http import ErrorPages, access_middleware, add_health, add_metrics, client_address, error_middleware
from server.http.errors import problem
from server.keys import configured_keys
from server.listening import bind, origin_of, start_unless, stop_signals
from server.log import configure_log
from server.media_host import MediaHost
from server.media_launch import worker_launches
from server.metrics import Metrics
from server.settings import Settings, load_settings
from server.supervisor import Supervisor
from server.worker_directory import WorkerDirectory

HELP = "the LiveKit-compatible media server alone"
DEFAULT_PORT = 7880
# A join request with its offer stands in the request line (media.md a.1); aiohttp's default is 8 kB.
MAX_REQUEST_LINE = 32 * 1024
# Requests that still run get this long when we stop; media has ended before (docs/closures.md).
SHUTDOWN_TIMEOUT_S = 1.0
# Clients probe this path from pages of other origins (media.md a.1).
_CORS = {"Access-Control-Allow-Origin": "*"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"port of the signalling (default {DEFAULT_PORT})"
    )
    parser.add_argument("--udp-port", dest="media_udp_port", type=int, metavar="PORT", help="UDP port (default 7882)")
    parser.add_argument("--tcp-port", dest="media_tcp_port", type=int, metavar="PORT", help="TCP port (default 7881)")
    add_media_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    settings = load_settings(**given)
    configure_log(level=settings.log_level, as_json=settings.log_format == "json", keep_pii=settings.log_personal_data)
    keys = configured_keys(
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        keys=settings.livekit_keys.get_secret_value(),
    )
    if not keys:
        raise InvalidInput(ErrorCode.KEYS_INVALID, "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or LIVEKIT_KEYS")
    with bind(settings.host, settings.port) as listener:
        asyncio.run(_serve(settings, keys, worker_launches(settings, keys), listener))
    return 0


async def _serve(
    settings: Settings, keys: Mapping[str, str], launches: Sequence[ChildLaunch], listener: socket.socket
) -> None:
    stopped = stop_signals()
    directory = WorkerDirectory(len(launches))
    supervisor = Supervisor(
        launches,
        kind="worker",
        tick_timeout_s=settings.worker_tick_timeout_s,
        clock=SystemClock(),
        on_change=directory.update,
    )
    try:
        if not await start_unless(stopped, supervisor.start()):
            return
        gc.collect()
        gc.freeze()
        app = _create_app(settings, MediaHost(directory, keys), Metrics())
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        try:
            await runner.setup()
            site = web.SockSite(runner, listener)
            await site.start()
            sys.stdout.write(f"Media server is ready: {origin_of(settings.host, listener, 'ws')}\n")
            sys.stdout.flush()
            await stopped.wait()
            await site.stop()
        finally:
            directory.close()
            supervisor.stop_soon()
            await runner.cleanup()
    finally:
        await supervisor.close()


def _create_app(settings: Settings, media: MediaHost, metrics: Metrics) -> web.Application:
    def client(request: web.Request) -> str:
        return client_address(request, settings.trusted_proxies)

    def render_error(_: web.Request, error: TongchuangError) -> web.Response:
        return problem(error, "en")

    async def render_metrics() -> bytes:
        return await asyncio.to_thread(metrics.render, await media.collect(metrics))

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="OK", headers=_CORS)

    errors = ErrorPages(render=render_error, choose_language=lambda _: "en")
    app = web.Application(
        middlewares=[access_middleware(metrics, client), error_middleware(errors)],
        handler_args={"max_line_size": MAX_REQUEST_LINE, "max_field_size": MAX_REQUEST_LINE},
    )
    app.router.add_get("/", alive)
    add_health(app, {"media": media.answers})
    add_metrics(app, token=settings.metrics_token.get_secret_value(), render=render_metrics)
    media.add_to(app)
    return app
