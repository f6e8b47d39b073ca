"""Sequence numbers: wrap-around, and an outgoing numbering that stays dense over drops and switches (RFC 3550 §A.1).

The outgoing stream is a row of `Stretch`es. Within one, every offset (sequence number, timestamp, VP8 picture id …) is
constant, so forwarding costs additions only; a late packet or a NACK finds its stretch again and gets the same numbers.
"""

from __future__ import annotations

from collections import deque

from server.sfu.packet import Source

# Later than every number: the stretch still grows.
OPEN_END = 1 << 62
# Why 128: a stretch ends at each dropped temporal run (at most 60 a second), and NACKs reach back about a second.
_KEPT_STRETCHES = 128
# Extended numbers start one cycle up, so that a packet older than the first one is not negative.
_FIRST_CYCLE = 1 << 16


def extend(number: int, reference: int) -> int:
    """The extended number nearest to the extended `reference` that ends in these 16 bits."""
    delta = (number - reference) & 0xFFFF
    return reference + (delta - 0x10000 if delta >= 0x8000 else delta)


def first_extended(number: int) -> int:
    return _FIRST_CYCLE + number


def is_newer_timestamp(timestamp: int, reference: int) -> bool:
    return 0 < ((timestamp - reference) & 0xFFFFFFFF) < 0x80000000


class Stretch:
    """Numbers `first` … `last` (extended, incoming) of one source, and what to add to its fields."""

    __slots__ = ("first", "keyidx", "last", "marker", "picture", "rewrites", "sequence", "source", "timestamp", "tl0")

    def __init__(
        self, source: Source, first: int, sequence: int, timestamp: int, picture: int, tl0: int, keyidx: int
    ) -> None:
        self.source = source
        self.first = first
        self.last = OPEN_END
        self.sequence = sequence
        self.timestamp = timestamp
        self.picture = picture
        self.tl0 = tl0
        self.keyidx = keyidx
        self.rewrites = bool(picture or tl0 or keyidx)
        self.marker = 0
        """0x80 ends a picture early: for the last kept packet of a picture whose upper spatial layers are dropped."""


class SequenceMunger:
    """Gives outgoing numbers; numbers that never arrived stay reserved, dropped ones are closed up.

    `next_in`, `open` and `source` are read by the forwarder's fast path; all else goes through methods.
    """

    __slots__ = (
        "_history",
        "keyidx",
        "next_in",
        "next_out",
        "open",
        "picture",
        "sequence",
        "source",
        "timestamp",
        "tl0",
    )

    def __init__(self, first_out: int) -> None:
        self.next_out = first_out
        """The number that a splice would continue with."""
        self.source: Source | None = None
        self.next_in = 0
        self.open: Stretch | None = None
        self.sequence = self.timestamp = self.picture = self.tl0 = self.keyidx = 0
        self._history: deque[Stretch] = deque(maxlen=_KEPT_STRETCHES)

    @property
    def following(self) -> int:
        """The outgoing number (16 bits) that comes next, reserved ones counted."""
        return self.next_out if self.source is None else (self.next_in + self.sequence) & 0xFFFF

    def splice(self, source: Source, number: int) -> None:
        """From here on numbers of `source` go out, `number` as the next one. Set the other offsets before `take`."""
        self.suspend()
        self.source = source
        self.next_in = number
        self.sequence = self.next_out - number

    def suspend(self) -> None:
        """Nothing goes out until the next splice."""
        self._close()
        if self.source is not None:
            self.next_out = (self.next_in + self.sequence) & 0xFFFF
            self.source = None

    def take(self, number: int) -> Stretch:
        """A new number goes out (slow path: opens a stretch if none is open)."""
        stretch = self.open
        if stretch is None:
            stretch = self.open = self._add(self.next_in)
        self.next_in = number + 1
        return stretch

    def skip(self, number: int) -> None:
        """A new number is dropped and the gap closed up; numbers missing before it stay reserved."""
        if self.open is None and number > self.next_in:
            self.open = self._add(self.next_in)
        if self.open is not None:
            self.open.last = number - 1
            self.open = None
        self.next_in = number + 1
        self.sequence -= 1

    def find(self, source: Source, number: int) -> Stretch | None:
        """The stretch in which a late number was reserved, if any."""
        for stretch in reversed(self._history):
            if stretch.source is source and stretch.first <= number:
                # Stretches of one source rise, so an older one cannot hold it either.
                return stretch if number <= stretch.last else None
        return None

    def find_sent(self, out: int) -> tuple[Stretch, int] | None:
        """The stretch and incoming number behind an outgoing number (16 bits)."""
        for stretch in reversed(self._history):
            last = stretch.last if stretch.last != OPEN_END else self.next_in - 1
            back = (last + stretch.sequence - out) & 0xFFFF
            # Why half: beyond it the number is ahead of the stretch, not behind.
            if back < 0x8000 and last - back >= stretch.first:
                return stretch, last - back
        return None

    def _close(self) -> None:
        if self.open is not None:
            self.open.last = self.next_in - 1
            self.open = None

    def _add(self, first: int) -> Stretch:
        assert self.source is not None, "splice comes first"
        stretch = Stretch(self.source, first, self.sequence, self.timestamp, self.picture, self.tl0, self.keyidx)
        self._history.append(stretch)
        return stretch
