"""The counters of one media worker as Prometheus text (no room or person in any label)."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import dataclass

from server.rooms.registry import RoomRegistry
from server.sfu.hub import MediaHub
from server.sfu.transport import MediaEndpoint
from server.signaling.connection import ConnectionStats
from server.signaling.joining import Joiner

_PREFIX = "tongchuang_media_"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGauges:
    """Where the numbers come from; read only when somebody asks."""

    hub: MediaHub
    endpoint: MediaEndpoint
    registry: RoomRegistry
    joiner: Joiner
    connections: ConnectionStats


def render(gauges: MediaGauges) -> str:
    """Text exposition format 0.0.4."""
    return "\n".join(_lines(gauges)) + "\n"


def _lines(gauges: MediaGauges) -> Iterator[str]:
    rooms = list(gauges.registry)
    people = [person for room in rooms for person in room.participants.values()]
    packets = gauges.hub.stats
    yield from _gauge("rooms", len(rooms))
    yield from _gauge("participants", len(people))
    yield from _gauge("publications", sum(len(person.publications) for person in people))
    yield from _gauge("subscriptions", sum(len(person.subscriptions) for person in people))
    yield from _gauge("sessions", len(gauges.joiner.sessions))
    for name in _counters(packets):
        yield from _counter(f"packets_{name}", getattr(packets, name))
    yield from _labelled("packets_dropped", packets.dropped)
    yield from _labelled("datagrams_dropped", gauges.endpoint.stats.drops)
    yield from _counter("signal_received", gauges.connections.received)
    yield from _counter("signal_sent", gauges.connections.sent)
    yield from _counter("signal_malformed", gauges.connections.malformed)
    yield from _counter("signal_rate_limited", gauges.connections.rate_limited)
    yield from _counter("signal_overflowed", gauges.connections.overflowed)
    yield from _counter("data_routed", sum(room.data.routed for room in rooms))
    yield from _counter("data_dropped", sum(room.data.dropped for room in rooms))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield from _counter("cpu_seconds", usage.ru_utime + usage.ru_stime)


def _counters(stats: object) -> list[str]:
    return [name for name in type(stats).__slots__ if name != "dropped"]  # type: ignore[attr-defined]  # a slots class


def _gauge(name: str, value: float) -> Iterator[str]:
    yield f"# TYPE {_PREFIX}{name} gauge"
    yield f"{_PREFIX}{name} {value}"


def _counter(name: str, value: float) -> Iterator[str]:
    yield f"# TYPE {_PREFIX}{name}_total counter"
    yield f"{_PREFIX}{name}_total {value}"


def _labelled(name: str, values: object) -> Iterator[str]:
    yield f"# TYPE {_PREFIX}{name}_total counter"
    for reason, value in dict(values).items():  # type: ignore[call-overload]  # a mapping of reasons to counts
        yield f'{_PREFIX}{name}_total{{reason="{reason}"}} {value}'
