"""`serve`: the whole product, with its media server embedded unless LIVEKIT_URL names another one.

This process supervises and holds the listening sockets; pages and media run in children (`server.process_tree`).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from server.addresses import is_loopback_host
from server.backup import Store, back_up_before_upgrade, finish_interrupted_restore, finish_restore
from server.clock import SystemClock
from server.commands.data_folder import prepare_data_folder
from server.control import ControlSocket
from server.data_lock import DataLock, hold_data_folder
from server.database_file import is_newest
from server.errors import ErrorCode, InvalidInput
from server.keys import configured_keys, kept_keys
from server.listening import bind, bind_internal, origin_of, start_unless, stop_signals, tls_context
from server.log import configure_log
from server.process_tree import ProcessesGone, ProcessTree
from server.settings import Settings, load_settings
from server.supervisor import make_socket_folder

log = structlog.get_logger("tongchuang.serve")
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


def run(arguments: argparse.Namespace) -> int:
    """What can fail is made before any process runs: no half-started server on a bad setting."""
    given = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    settings = load_settings(**given)
    configure_log(level=settings.log_level, as_json=settings.log_format == "json", keep_pii=settings.log_personal_data)
    scheme = "http" if tls_context(settings.tls_cert, settings.tls_key) is None else "https"
    with bind(settings.host, settings.port) as listener, bind_internal() as internal:
        settings = settings.model_copy(update={"data": prepare_data_folder(settings.data)})
        with hold_data_folder(settings.data) as lock:
            finish_interrupted_restore(_store(settings))
            tree = ProcessTree(settings, _keys(settings), listener=listener, internal=internal, clock=SystemClock())
            _advise(settings)
            ready_line = f"Tongchuang is ready: {origin_of(settings.host, listener, scheme)}"
            asyncio.run(_serve(settings, tree, lock, ready_line))
    return 0


def _store(settings: Settings) -> Store:
    return Store(data=settings.data, database_url=settings.database_url.get_secret_value())


def _keys(settings: Settings) -> dict[str, str]:
    """The environment's, else those of the data folder; an outside media server needs its own."""
    configured = configured_keys(
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        keys=settings.livekit_keys.get_secret_value(),
    )
    if settings.livekit_url and not configured:
        raise InvalidInput(ErrorCode.KEYS_INVALID, "LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
    return configured or kept_keys(settings.data)


def _advise(settings: Settings) -> None:
    if not (is_loopback_host(settings.host) or settings.tls_cert or settings.public_url.startswith("https://")):
        sys.stderr.write(
            "Browsers give cameras to https only: use --tls-cert and --tls-key, or a proxy named by --public-url.\n"
        )


def _prepare_database(settings: Settings) -> None:
    """Its newest form, with a backup of the older; a file that has it already is only looked at, because the migrations
    take a second to load."""
    store = _store(settings)
    if store.sqlite is not None and is_newest(store.sqlite):
        return
    if kept := back_up_before_upgrade(store, SystemClock().now()):
        log.info("database_backed_up_before_upgrade", file=str(kept))
    from server.storage import database_url_for, migrate

    migrate(database_url_for(store.data, store.database_url))


async def _serve(settings: Settings, tree: ProcessTree, lock: DataLock, ready_line: str) -> None:
    stopped = stop_signals()

    async def restore(request: Mapping[str, Any]) -> dict[str, Any]:
        change = partial(finish_restore, _store(settings), Path(request["staged"]), SystemClock().now())
        try:
            return {"kept": str(await tree.replace_data(change, partial(_keys, settings)) or "")}
        except ProcessesGone as error:
            failures.append(error)
            stopped.set()
            raise

    failures: list[ProcessesGone] = []
    control = ControlSocket({"restore": restore})
    try:
        if await start_unless(stopped, tree.start(partial(_prepare_database, settings))):
            lock.announce(await control.start(await asyncio.to_thread(make_socket_folder)))
            gc.collect()
            gc.freeze()
            sys.stdout.write("\n".join([ready_line, *tree.notes]) + "\n")
            sys.stdout.flush()
            await stopped.wait()
    finally:
        await control.close()
        await tree.close()
    if failures:
        raise failures[0]
