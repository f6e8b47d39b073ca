"""How many media workers there are, and what each is told: ports, addresses, keys, and where webhooks go."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from server.addresses import choose_addresses
from server.child_process import ChildLaunch
from server.settings import Settings
from server.version import VERSION


def worker_count(asked: int) -> int:
    """0 means one less than the cores that we may use (the app has the other one), at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return asked or max(1, cores - 1)


def worker_launches(
    settings: Settings, keys: Mapping[str, str], own_webhook_urls: Sequence[str] = ()
) -> list[ChildLaunch]:
    """One per slot; slot n has the ports base + n, and any port where the base is 0.

    `own_webhook_urls` are told what happens before those of the settings are.
    """
    return [
        ChildLaunch(module="server.worker", order=_order(settings, keys, index, own_webhook_urls))
        for index in range(worker_count(settings.workers))
    ]


def _order(settings: Settings, keys: Mapping[str, str], index: int, own_webhook_urls: Sequence[str]) -> dict[str, Any]:
    addresses = choose_addresses(settings.host, settings.node_ip)
    return {
        "log_level": settings.log_level,
        "log_as_json": settings.log_format == "json",
        "log_personal_data": settings.log_personal_data,
        "media": {
            "keys": dict(keys),
            "udp_port": settings.media_udp_port + index if settings.media_udp_port else 0,
            "tcp_port": settings.media_tcp_port + index if settings.media_tcp_port else 0,
            "bind_hosts": list(addresses.bind_hosts),
            "announced": dict(addresses.announced),
            "worker_index": index,
            "webhook_urls": [*own_webhook_urls, *settings.webhook_urls],
            "version": VERSION,
        },
    }
