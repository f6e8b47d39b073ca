"""Which addresses media binds to and announces, for every way to start."""

from __future__ import annotations

import pytest

from server.addresses import choose_addresses, is_loopback_host

LAN = "192.168.1.5"


@pytest.mark.parametrize(
    ("host", "node_ip", "bind_hosts", "announced"),
    [
        ("127.0.0.1", "", ("127.0.0.1", LAN), {}),
        ("localhost", "", ("127.0.0.1", LAN), {}),
        ("127.0.0.1", "127.0.0.1", ("127.0.0.1",), {}),
        ("127.0.0.1", LAN, ("127.0.0.1", LAN), {}),
        ("127.0.0.1", "203.0.113.9", ("0.0.0.0",), {"0.0.0.0": "203.0.113.9"}),
        ("0.0.0.0", "", ("0.0.0.0",), {"0.0.0.0": LAN}),
        ("0.0.0.0", "203.0.113.9", ("0.0.0.0",), {"0.0.0.0": "203.0.113.9"}),
        ("::", "203.0.113.9", ("0.0.0.0",), {"0.0.0.0": "203.0.113.9"}),
        (LAN, "", (LAN,), {}),
        (LAN, LAN, (LAN,), {}),
        (LAN, "203.0.113.9", (LAN,), {LAN: "203.0.113.9"}),
    ],
)
def test_choice(host: str, node_ip: str, bind_hosts: tuple[str, ...], announced: dict[str, str]) -> None:
    chosen = choose_addresses(host, node_ip, primary=lambda: LAN, can_bind=lambda address: address == LAN)
    assert (chosen.bind_hosts, chosen.announced) == (bind_hosts, announced)


def test_a_machine_without_a_network_has_loopback() -> None:
    chosen = choose_addresses("127.0.0.1", primary=lambda: None)
    assert chosen.bind_hosts == ("127.0.0.1",)
    assert choose_addresses("0.0.0.0", primary=lambda: None).announced == {}


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("x.org", False),
    ],
)
def test_loopback(host: str, is_loopback: bool) -> None:
    assert is_loopback_host(host) is is_loopback
