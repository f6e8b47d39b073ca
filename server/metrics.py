"""Prometheus metrics of one process, in a registry of its own (no singletons), without room or person labels.

Several app processes are one server to whoever watches: the one that is asked adds the figures of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from server.version import VERSION

# From a page out of memory (1 ms) to what a person calls broken (10 s).
_SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)


class Metrics:
    """The application's own figures; the media workers' are added when they are asked for."""

    def __init__(self) -> None:
        # What this process counts, and what is true of the server as a whole, whoever says it.
        self.registry, shared = CollectorRegistry(), CollectorRegistry()
        self._shared = shared
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "tongchuang_http_requests",
            "Requests by route pattern.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "tongchuang_http_request_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self.signal_connections = Gauge(
            "tongchuang_signal_connections", "Open signalling WebSockets.", registry=self.registry
        )
        self.worker_ready = Gauge(
            "tongchuang_media_worker_ready", "1 while the worker serves.", ("worker",), registry=shared
        )
        self.worker_restarts = Gauge(
            "tongchuang_media_worker_restarts", "Replacements since start.", ("worker",), registry=shared
        )
        self.app_ready = Gauge("tongchuang_app_ready", "1 while the app process serves.", ("app",), registry=shared)
        self.app_restarts = Gauge("tongchuang_app_restarts", "Replacements since start.", ("app",), registry=shared)
        Gauge("tongchuang_info", "Version.", ("version",), registry=shared).labels(VERSION).set(1)

    def render_own(self) -> bytes:
        """What this process counts, for the one that is asked for all."""
        return generate_latest(self.registry)

    def render(self, workers: Mapping[int, str], apps: Mapping[int, str] | None = None) -> bytes:
        """Prometheus text format 0.0.4, the workers' metrics with a `worker` label.

        `apps` are the own texts of all app processes where there are several: theirs get an `app` label.
        """
        registry = CollectorRegistry()
        registry.register(_Labelled("worker", workers))
        if apps is None:
            return self.render_own() + generate_latest(self._shared) + generate_latest(registry)
        registry.register(_Labelled("app", apps))
        return generate_latest(self._shared) + generate_latest(registry)


class _Labelled(Collector):
    """The texts of several processes as one: each family once, as the format demands."""

    def __init__(self, label: str, texts: Mapping[int, str]) -> None:
        self._label = label
        self._texts = texts

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for process, text in self._texts.items():
            for family in text_string_to_metric_families(text):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    labels = {**sample.labels, self._label: str(process)}
                    merged.add_sample(sample.name, labels, sample.value, sample.timestamp, sample.exemplar)
        yield from families.values()
