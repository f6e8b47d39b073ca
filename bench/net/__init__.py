"""A bad network on one machine: delay, loss, rate, blackout and change of address, for tests and benches.

`Link` joins two network namespaces by a relay process, so that any program meets it unchanged;
`UdpTcpRelay` does the same on loopback without privileges. See README.md in this folder.
"""

from bench.net.impairment import BurstLoss, Impairment, parse_impairment
from bench.net.link import Link, LinkError, Side, missing_for_link
from bench.net.pipeline import Pipeline
from bench.net.proxy import UdpTcpRelay

__all__ = [
    "BurstLoss",
    "Impairment",
    "Link",
    "LinkError",
    "Pipeline",
    "Side",
    "UdpTcpRelay",
    "missing_for_link",
    "parse_impairment",
]
