"""Which local addresses media binds to and which it announces (ICE host candidates, RFC 8445 §5.1.1)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

# RFC 5737 TEST-NET-1: never routed; `connect` on UDP sends nothing and only asks the kernel for its route.
_NOWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAddresses:
    bind_hosts: tuple[str, ...]
    # bind host → address in the candidates; a host that is not in it announces itself
    announced: dict[str, str] = field(default_factory=dict)


def primary_address() -> str | None:
    """The address that this machine would send from to the outside; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if ip_address(address).is_loopback else address


def is_local(address: str) -> bool:
    """True when a socket here can have this address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def choose_addresses(
    host: str,
    node_ip: str = "",
    *,
    primary: Callable[[], str | None] = primary_address,
    can_bind: Callable[[str], bool] = is_local,
) -> MediaAddresses:
    """From `--host` and `--node-ip`.

    On loopback the machine's own outside address is bound too, because Firefox gathers no loopback
    candidates and would stay silent; `--node-ip 127.0.0.1` keeps media on loopback alone.
    """
    if is_loopback_host(host):
        loopback = "127.0.0.1" if host == "localhost" else host
        if not node_ip:
            outside = primary()
            return MediaAddresses(bind_hosts=(loopback, outside) if outside else (loopback,))
        if is_loopback_host(node_ip):
            return MediaAddresses(bind_hosts=(node_ip,))
        if can_bind(node_ip):
            return MediaAddresses(bind_hosts=(loopback, node_ip))
        return MediaAddresses(bind_hosts=("0.0.0.0",), announced={"0.0.0.0": node_ip})
    bind = "0.0.0.0" if host == "::" else host
    announce = node_ip or (primary() if bind == "0.0.0.0" else None)
    return MediaAddresses(bind_hosts=(bind,), announced={bind: announce} if announce and announce != bind else {})
