"""The buffer that all writers of an endpoint share for what goes out at once.

Why shared: thirty buffers of their own would push one another out of the processor's cache.
"""

from __future__ import annotations

from typing import Any

from server.sfu.layout import MAX_SEGMENTS
from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.transport.srtp import MAX_TRAILER_BYTES, address_of, new_length, new_lengths, pointer_to

# Why 256: the buffer holds some hundred of a usual size; of tiny ones more would only be more to keep ready.
MAX_ROW_PACKETS = 256


class Scratch:
    """`lengths` and `length_pointers` are for libsrtp, which writes a protected length for each packet."""

    __slots__ = ("address", "buffer", "length", "length_pointers", "lengths", "pointer", "view")

    def __init__(self) -> None:
        self.buffer = bytearray(MAX_SEGMENTS * (MAX_PACKET_BYTES + MAX_TRAILER_BYTES))
        self.view = memoryview(self.buffer)
        self.pointer: Any = pointer_to(self.buffer)
        self.address = address_of(self.pointer)
        self.length: Any = new_length()
        self.lengths: Any = new_lengths([0] * MAX_ROW_PACKETS)
        self.length_pointers = [self.lengths + index for index in range(MAX_ROW_PACKETS)]
