"""One direction of the relay as pure state: packets and a time in, due packets out. No clock, no sockets.

Order of the stages, as a packet meets them: blackout and firewall, random loss, burst loss, the
bounded queue in front of the rate, delay with jitter, holding back (reordering), duplication.
Each stage draws from a random stream of its own, so that switching one on leaves the losses of
the others where they were: the n-th packet of a direction is lost or not by seed alone.
"""

from __future__ import annotations

from enum import StrEnum
from heapq import heappop, heappush
from random import Random
from typing import Generic, TypeVar

from bench.net.impairment import Impairment

P = TypeVar("P")

# Why: 2 s at 200 Mbit/s of full packets; beyond it something is wrong and memory must not follow.
MAX_IN_FLIGHT = 40_000
# Own lateness is counted in bins of 10 µs up to 50 ms; the last bin takes the rest.
LATENESS_BIN_US = 10
LATENESS_BINS = 5_000


class Drop(StrEnum):
    """Why a packet did not arrive."""

    BLACKOUT = "blackout"
    BLOCKED = "blocked"
    LOSS = "loss"
    BURST = "burst"
    QUEUE = "queue"
    OVERFLOW = "overflow"
    STALE_ADDRESS = "stale_address"
    NOT_IPV4 = "not_ipv4"
    DEVICE = "device"


class Pipeline(Generic[P]):
    """`P` is whatever travels (bytes, or bytes with an address); its size is told by the caller."""

    def __init__(self, impairment: Impairment, *, seed: int, name: str) -> None:
        self.impairment = impairment
        self.received = 0
        self.delivered = 0
        self.delivered_bytes = 0
        self.duplicated = 0
        self.held_back = 0
        self.dropped = dict.fromkeys(Drop, 0)
        self.blackout_until_us = 0
        self._loss, self._burst, self._jitter, self._reorder, self._duplicate = (
            Random(f"{seed}:{name}:{stage}") for stage in ("loss", "burst", "jitter", "reorder", "duplicate")
        )
        self._in_bad = False
        self._link_free_us = 0
        self._last_due_us = 0
        self._order = 0
        self._heap: list[tuple[int, int, int, P]] = []
        self._lateness = [0] * (LATENESS_BINS + 1)
        self._lateness_max_us = 0

    def set(self, impairment: Impairment) -> None:
        """From the next packet on. What is in flight keeps its time; random streams go on where they are."""
        self.impairment = impairment

    def blackout(self, now_us: int, duration_us: int) -> None:
        """Lose everything that enters during the window; 0 ends it now."""
        self.blackout_until_us = now_us + duration_us

    def offer(self, packet: P, size: int, now_us: int, *, is_udp: bool = False) -> bool:
        """Take one packet in. False = dropped, counted by reason."""
        how = self.impairment
        self.received += 1
        if now_us < self.blackout_until_us:
            return self.drop(Drop.BLACKOUT)
        if is_udp and how.block_udp:
            return self.drop(Drop.BLOCKED)
        if how.loss and self._loss.random() < how.loss:
            return self.drop(Drop.LOSS)
        if how.burst is not None and self._lost_in_burst():
            return self.drop(Drop.BURST)
        if len(self._heap) >= MAX_IN_FLIGHT:
            return self.drop(Drop.OVERFLOW)
        due_us = now_us
        if how.rate_bps:
            start_us = max(now_us, self._link_free_us)
            if start_us > now_us:
                queued_bytes = (start_us - now_us) * how.rate_bps // 8_000_000
                if queued_bytes + size > how.queue_bytes:
                    return self.drop(Drop.QUEUE)
            due_us = self._link_free_us = start_us + size * 8_000_000 // how.rate_bps
        self._schedule(packet, size, due_us)
        return True

    def drop(self, reason: Drop) -> bool:
        """Count a drop; always False."""
        self.dropped[reason] += 1
        return False

    def next_due_us(self) -> int | None:
        """When `due` will next have something, or None."""
        return self._heap[0][0] if self._heap else None

    def due(self, now_us: int) -> list[P]:
        """Everything whose time has come, in order."""
        heap = self._heap
        ready: list[P] = []
        while heap and heap[0][0] <= now_us:
            due_us, _, size, packet = heappop(heap)
            late_us = now_us - due_us
            self._lateness[min(late_us // LATENESS_BIN_US, LATENESS_BINS)] += 1
            if late_us > self._lateness_max_us:
                self._lateness_max_us = late_us
            self.delivered += 1
            self.delivered_bytes += size
            ready.append(packet)
        return ready

    def lateness_us(self, share: float) -> int:
        """The relay's own lateness at this quantile (0..1), to 10 µs: what it adds beyond what was asked."""
        wanted = share * sum(self._lateness)
        seen = 0
        for index, count in enumerate(self._lateness):
            seen += count
            if count and seen >= wanted:
                return index * LATENESS_BIN_US
        return 0

    def stats(self) -> dict[str, object]:
        """Plain JSON: counts, drops by reason (only those that happened), own lateness."""
        return {
            "received": self.received,
            "delivered": self.delivered,
            "delivered_bytes": self.delivered_bytes,
            "duplicated": self.duplicated,
            "held_back": self.held_back,
            "in_flight": len(self._heap),
            "dropped": {str(reason): count for reason, count in self.dropped.items() if count},
            "late_p50_us": self.lateness_us(0.5),
            "late_p99_us": self.lateness_us(0.99),
            "late_max_us": self._lateness_max_us,
        }

    def _lost_in_burst(self) -> bool:
        burst = self.impairment.burst
        if burst is None:
            return False
        # Two draws for every packet, whatever the state: the stream stays aligned with the packet count.
        step, fate = self._burst.random(), self._burst.random()
        if self._in_bad:
            self._in_bad = step >= burst.to_good
        else:
            self._in_bad = step < burst.to_bad
        return fate < (burst.loss_in_bad if self._in_bad else burst.loss_in_good)

    def _schedule(self, packet: P, size: int, sent_us: int) -> None:
        how = self.impairment
        due_us = sent_us + how.delay_us
        if how.jitter_us:
            due_us += self._jitter.randint(-how.jitter_us, how.jitter_us)
        if not how.jitter_reorders:
            due_us = self._last_due_us = max(due_us, self._last_due_us)
        if how.reorder and self._reorder.random() < how.reorder:
            self.held_back += 1
            due_us += how.reorder_by_us
        due_us = max(due_us, sent_us)
        self._push(packet, size, due_us)
        if how.duplicate and self._duplicate.random() < how.duplicate:
            self.duplicated += 1
            self._push(packet, size, due_us)

    def _push(self, packet: P, size: int, due_us: int) -> None:
        self._order += 1
        heappush(self._heap, (due_us, self._order, size, packet))
