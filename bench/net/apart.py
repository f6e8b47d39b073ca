"""Loopback whose receiving half runs on another core, as it would on another machine.

What is sent over loopback is taken in by the sender's own system call: a server that sends to thirty sockets pays for
thirty receivers' network stacks. Receive packet steering (Linux, Documentation/networking/scaling.rst) hands that
half to a chosen core, for every program alike. It is set in a network namespace of the command's own, so nothing else
sees it.
"""

from __future__ import annotations

import os
from pathlib import Path

from bench.measure import GENERATOR_CORE

_STEERING = Path("/sys/class/net/lo/queues/rx-0/rps_cpus")
# A mount of its own, too: /sys shows the namespace of whoever mounted it.
_SCRIPT = f'mount -t sysfs sysfs /sys && ip link set lo up && echo "$0" > {_STEERING} && exec "$@"'


def command(argv: list[str], core: int = GENERATOR_CORE) -> list[str]:
    """`argv` in a namespace whose loopback delivers on `core`; needs root, `unshare`, `mount` and `ip`."""
    return ["unshare", "--net", "--mount", "--", "sh", "-c", _SCRIPT, f"{1 << core:x}", *argv]


def steered_to() -> list[int]:
    """The cores on which this namespace's loopback delivers; none named: the sender's own."""
    try:
        mask = int(_STEERING.read_text().replace(",", ""), 16)
    except (OSError, ValueError):
        return []
    return [core for core in range(os.cpu_count() or 1) if mask >> core & 1]
