"""The listening sockets of a command: taken early, so that a taken port is said first; and the signals of its end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from server.errors import ErrorCode, InvalidInput, Unavailable

_BACKLOG = 1024


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or the one sentence why not."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise InvalidInput(ErrorCode.SETTING_INVALID, f"host {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Both families on ::, whatever the machine's default is.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(ErrorCode.PORT_TAKEN, f"{host} port {port}") from error
        raise Unavailable(ErrorCode.SETTING_INVALID, f"{host} port {port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def bind_internal() -> socket.socket:
    """A listener that only this machine reaches, on a port of its own: for what our own processes tell one another."""
    return bind("127.0.0.1", 0)


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """None without a certificate. Raises InvalidInput(TLS_INVALID)."""
    if cert is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(ErrorCode.TLS_INVALID, f"{cert}, {key}: {error.strerror or error}") from error
    return context


def origin_of(host: str, listener: socket.socket, scheme: str) -> str:
    """`http://127.0.0.1:8080`, with the port that it really has."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"


def stop_signals() -> asyncio.Event:
    """Set by SIGTERM or Ctrl-C; a second one ends the process at once (the kernel then ends its workers)."""
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped


async def start_unless(stopped: asyncio.Event, start: Coroutine[Any, Any, None]) -> bool:
    """Run `start`; False when the end was asked for first (what it had begun is cancelled, and closed by its owner)."""
    starting, stopping = asyncio.create_task(start), asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return False
        await starting
        return True
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
