"""What an app process is told: its order when it starts, and afterwards how things stand."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from server.child_process import ChildLaunch
from server.listening import origin_of
from server.settings import Settings, dump_settings
from server.worker_directory import SlotState

# The parent waits for the app processes no longer than this after SIGTERM, of the 5 s that all of it may take.
APP_PATIENCE_S = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOrder:
    """The first line on stdin."""

    parent_pid: int
    # Private unix socket, for the own figures.
    socket: str
    index: int
    # 1 for the first in its slot, then its replacements.
    launch: int
    # 0 when the media server is somebody else's.
    workers: int
    # Descriptors of the public listener, and of the one that only this machine reaches.
    listener: int
    internal: int
    # The address of the latter.
    internal_url: str
    # Settings may hold passwords, and keys do: neither is ever shown.
    settings: dict[str, Any] = field(repr=False)
    keys: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """Every later line: how things stand now."""

    # The database has its newest form: begin.
    may_begin: bool
    # For SIGTERM: nothing more comes from the media workers (they are gone), or nothing is waited for.
    may_end: bool
    workers: tuple[SlotState, ...]
    apps: tuple[SlotState, ...]


def app_launches(
    settings: Settings, keys: Mapping[str, str], *, workers: int, listener: socket.socket, internal: socket.socket
) -> list[ChildLaunch]:
    """One per app process; they share both listeners, so that connections wait while one is replaced."""
    public_fd, internal_fd = listener.fileno(), internal.fileno()
    return [
        ChildLaunch(
            module="server.app_process",
            pass_fds=(public_fd, internal_fd),
            order={
                "index": index,
                "workers": workers,
                "listener": public_fd,
                "internal": internal_fd,
                "internal_url": internal_url(internal),
                "settings": dump_settings(settings),
                "keys": dict(keys),
            },
        )
        for index in range(settings.apps)
    ]


def internal_url(internal: socket.socket) -> str:
    """Where only this machine reaches an app process."""
    return origin_of("127.0.0.1", internal, "http")


def brief(briefing: Briefing) -> dict[str, Any]:
    """As JSON values."""
    return asdict(briefing)
