"""The listener of a transport before `set_listener` and after `close`, so that the packet path need not ask."""

from __future__ import annotations

from server.sfu.description import TransportState


class NobodyListens:
    """Implements `TransportListener`."""

    def on_rtp(self, packet: bytes, arrived_us: int) -> None:
        return

    def on_rtcp(self, packet: bytes, arrived_us: int) -> None:
        return

    def on_message(self, label: str, payload: bytes) -> None:
        return

    def on_channel_open(self, label: str) -> None:
        return

    def on_channel_low(self, label: str) -> None:
        return

    def on_state(self, state: TransportState) -> None:
        return


NOBODY = NobodyListens()
