"""Where one peer's packets go: a UDP address behind one of our sockets, or a TCP connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server.sfu.transport.peer_transport import PeerTransport


class Path(Protocol):
    """A validated path belongs to exactly one transport, its `owner`."""

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

    def send(self, data: bytes) -> bool: ...

    def send_run(self, run: memoryview, size: int) -> None:
        """Packets of `size` bytes back to back, the last may be shorter."""
        ...


class Intake(Protocol):
    """What sockets hand datagrams to: the endpoint."""

    def on_stun(self, path: Path, data: bytes, now_us: int) -> None: ...

    def on_path_lost(self, path: Path) -> None: ...

    def on_drained(self) -> None: ...
