"""Network namespaces and TUN devices through the C library: what Python 3.11 does not offer itself."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x4000_0000  # linux/sched.h
_TUNSETIFF = 0x4004_54CA  # linux/if_tun.h
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000
# Why: a burst of one key frame to 30 subscribers (about 30 × 30 packets) must fit before the pump wakes.
_TUN_QUEUE_PACKETS = 10_000
# Why: what a path over the internet carries; both sides then build packets as they would there.
MTU = 1500

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def own_namespace() -> int:
    """A file descriptor of this thread's network namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def new_namespace() -> int:
    """A fresh network namespace without a name: it goes when its last descriptor and process go."""
    before = own_namespace()
    try:
        _check(_libc.unshare(_CLONE_NEWNET), "unshare")
        made = own_namespace()
        _check(_libc.setns(before, _CLONE_NEWNET), "setns")
    finally:
        os.close(before)
    return made


@contextmanager
def inside(namespace: int) -> Iterator[None]:
    """This thread works in `namespace`: sockets and devices made here belong to it for good."""
    before = own_namespace()
    try:
        _check(_libc.setns(namespace, _CLONE_NEWNET), "setns")
        yield
    finally:
        try:
            _check(_libc.setns(before, _CLONE_NEWNET), "setns back")
        finally:
            os.close(before)


def open_tun(name: str) -> int:
    """A TUN device in the current namespace; it disappears with the returned (non-blocking) descriptor."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(fd)
        raise
    return fd


def configure(name: str, address: str, routes: tuple[str, ...], *, is_own_namespace: bool) -> None:
    """Bring a device up in the current namespace. IPv6 is off on it: its own chatter would shift the seeded losses."""
    scope = "all" if is_own_namespace else name
    for setting in {scope, name}:
        Path(f"/proc/sys/net/ipv6/conf/{setting}/disable_ipv6").write_text("1")
    if is_own_namespace:
        ip("link", "set", "lo", "up")
    ip("address", "add", f"{address}/32", "dev", name)
    ip("link", "set", name, "mtu", str(MTU), "txqueuelen", str(_TUN_QUEUE_PACKETS), "up")
    for route in routes:
        ip("route", "add", route, "dev", name, "src", address)


def ip(*arguments: str) -> str:
    """iproute2 in the current thread's namespace; raises OSError with its words."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
