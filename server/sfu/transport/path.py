"""The seams inside the transport: a path to a peer, what sockets feed, and what a transport lives in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server.sfu.transport.peer_transport import PeerTransport


class Path(Protocol):
    """A UDP address behind one of our sockets, or a TCP connection; once validated it has one `owner`."""

    owner: PeerTransport | None
    heard_us: int
    """When something authenticated last came this way."""

    @property
    def kind(self) -> str:
        """``udp`` or ``tcp``."""
        ...

    @property
    def remote(self) -> tuple[str, int]: ...

    def bind(self, owner: PeerTransport) -> None:
        """From now on what comes this way goes to `owner`."""
        ...

    def release(self) -> None:
        """Nothing that comes this way is believed any more; a TCP connection ends. Idempotent."""
        ...

    def send(self, data: bytes | memoryview) -> bool: ...

    def send_run(self, run: memoryview, size: int) -> None:
        """Packets of `size` bytes back to back, the last may be shorter."""
        ...


class Intake(Protocol):
    """What sockets hand datagrams to: the endpoint."""

    def on_stun(self, path: Path, data: bytes, now_us: int) -> None: ...

    def on_path_lost(self, path: Path) -> None: ...

    def on_drained(self) -> None: ...


class Home(Protocol):
    """What a transport asks of the endpoint that it lives in."""

    def learn_ufrags(self, transport: PeerTransport) -> None:
        """`live_ufrags` has changed."""
        ...

    def watch_handshakes(self) -> None:
        """Call `on_timer` while `is_handshaking`."""
        ...

    def forget(self, transport: PeerTransport) -> None: ...
