"""`serve`: the whole product, with its media server embedded unless LIVEKIT_URL names another one."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import ssl
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server.addresses import is_loopback_host
from server.app import AppParts, create_app
from server.clock import SystemClock
from server.commands.data_folder import prepare_data_folder
from server.demo_api import MediaAccess
from server.errors import ErrorCode, InvalidInput
from server.keys import configured_keys, kept_keys
from server.listening import bind, origin_of, serve_until, start_unless, stop_signals, tls_context
from server.log import configure_log
from server.media_host import MediaHost
from server.metrics import Metrics
from server.settings import Settings, load_settings
from server.storage import Database, database_url_for, migrate

HELP = "the whole product: pages, lessons and the media server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", help="address to listen on (default 127.0.0.1)")
    add("--port", type=int, help="port to listen on; 0 picks a free one (default 8080)")
    add("--data", type=Path, metavar="DIR", help="folder of the database and of all that is written (default ./data)")
    add("--no-demo", dest="demo", action="store_false", default=None, help="without the demo lesson")
    add("--public-url", metavar="URL", help="address that people type, when a proxy with TLS stands in front")
    add("--tls-cert", type=Path, metavar="F", help="certificate (PEM), to speak TLS without a proxy")
    add("--tls-key", type=Path, metavar="F", help="key of that certificate (PEM)")
    add_media_arguments(parser)
    add(
        "--media-udp-port", type=int, metavar="PORT", help="UDP port of media worker 0; worker n: plus n (default 7882)"
    )
    add(
        "--media-tcp-port", type=int, metavar="PORT", help="TCP port of media worker 0; worker n: plus n (default 7881)"
    )


def add_media_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node-ip", metavar="ADDRESS", help="address that browsers send media to")
    parser.add_argument("--workers", type=int, metavar="N", help="media workers (default: one less than the cores)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What can fail is made before the event loop runs: no half-started server on a bad setting."""

    settings: Settings
    listener: socket.socket
    tls: ssl.SSLContext | None
    database: Database
    keys: Mapping[str, str]


def run(arguments: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    settings = load_settings(**given)
    configure_log(level=settings.log_level, as_json=settings.log_format == "json", keep_pii=settings.log_personal_data)
    tls = tls_context(settings.tls_cert, settings.tls_key)
    listener = bind(settings.host, settings.port)
    with listener:
        data = prepare_data_folder(settings.data)
        keys = _keys(settings, data)
        url = database_url_for(data, settings.database_url.get_secret_value())
        migrate(url)
        _advise(settings)
        prepared = _Prepared(settings=settings, listener=listener, tls=tls, database=Database(url), keys=keys)
        asyncio.run(_serve(prepared))
    return 0


def _keys(settings: Settings, data: Path) -> dict[str, str]:
    """The environment's, else those of the data folder; an outside media server needs its own."""
    configured = configured_keys(
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        keys=settings.livekit_keys.get_secret_value(),
    )
    if settings.livekit_url and not configured:
        raise InvalidInput(ErrorCode.KEYS_INVALID, "LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
    return configured or kept_keys(data)


def _advise(settings: Settings) -> None:
    if not (is_loopback_host(settings.host) or settings.tls_cert or settings.public_url.startswith("https://")):
        sys.stderr.write(
            "Browsers give cameras to https only: use --tls-cert and --tls-key, or a proxy named by --public-url.\n"
        )


async def _serve(prepared: _Prepared) -> None:
    settings, clock, metrics = prepared.settings, SystemClock(), Metrics()
    stopped = stop_signals()
    async with AsyncExitStack() as last:
        last.push_async_callback(prepared.database.close)
        media = None if settings.livekit_url else MediaHost(settings, prepared.keys, clock)
        if media is not None:
            last.push_async_callback(media.close)
            if not await start_unless(stopped, media.start()):
                return
        app = create_app(_parts(prepared, media, clock, metrics))
        gc.collect()
        gc.freeze()
        origin = origin_of(settings.host, prepared.listener, "https" if prepared.tls else "http")
        await serve_until(
            stopped,
            app,
            prepared.listener,
            tls=prepared.tls,
            ready_line=f"Tongchuang is ready: {origin}",
            stop_soon=media.stop_soon if media is not None else lambda: None,
        )


def _parts(prepared: _Prepared, media: MediaHost | None, clock: SystemClock, metrics: Metrics) -> AppParts:
    settings = prepared.settings
    api_key, api_secret = next(iter(prepared.keys.items()))

    async def render_metrics() -> bytes:
        return await (media.render_metrics(metrics) if media is not None else asyncio.to_thread(metrics.render, {}))

    def add_media(app: web.Application) -> None:
        if media is not None:
            media.add_to(app)

    return AppParts(
        access=MediaAccess(
            api_key=api_key,
            api_secret=api_secret,
            url=settings.livekit_url.replace("http", "ws", 1) if settings.livekit_url else None,
            ports=media.ports if media is not None else lambda: {"udp": [], "tcp": []},
        ),
        clock=clock,
        metrics=metrics,
        render_metrics=render_metrics,
        health={"database": prepared.database.answers, **({"media": media.answers} if media is not None else {})},
        add_media=add_media,
        is_demo=settings.demo,
        is_tls=prepared.tls is not None or settings.public_url.startswith("https://"),
        public_url=settings.public_url,
        metrics_token=settings.metrics_token.get_secret_value(),
        trusted_proxies=settings.trusted_proxies,
    )
