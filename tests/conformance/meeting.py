"""A room of its own for one test: joins clients over the link under test and tidies everything away."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from livekit import api, rtc

from tests.conformance.client import Client
from tests.conformance.signal_proxy import SignalProxy
from tests.conformance.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How clients of a test are connected."""

    pcs: str = "one"  # peer connections: one | two
    transport: str = "udp"  # udp | tcp
    loss: float = 0.0  # share lost each way
    delay_ms: float = 0.0  # one way

    @property
    def is_plain(self) -> bool:
        return self.transport == "udp" and not self.loss and not self.delay_ms

    def __str__(self) -> str:
        path = f"-{self.loss:.0%}-loss-{2 * self.delay_ms:.0f}ms" if self.loss or self.delay_ms else ""
        return f"{self.pcs}-pc-{self.transport}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A cell of the media matrix."""

    link: Link
    codec: str
    is_simulcast: bool = False

    def __str__(self) -> str:
        return f"{self.link}-{self.codec}{'-simulcast' if self.is_simulcast else ''}"


class Meeting:
    """Everything a test needs of the server, in one fresh room."""

    def __init__(self, target: Target, link: Link) -> None:
        self.target, self.link = target, link
        self.room = f"conformance-{uuid.uuid4().hex[:12]}"
        self.api = target.api()
        self._clients: list[Client] = []
        self._proxies: list[SignalProxy] = []
        self._shared_proxy: SignalProxy | None = None

    async def proxy(self) -> SignalProxy:
        """A new signalling proxy with the link's rules, for one client alone."""
        proxy = SignalProxy(
            self.target.url, transport=self.link.transport, loss=self.link.loss, delay_ms=self.link.delay_ms
        )
        self._proxies.append(proxy)
        return await proxy.start()

    def full_grants(self, **changes: Any) -> api.VideoGrants:
        rights: dict[str, Any] = {"room_join": True, "room": self.room, "can_update_own_metadata": True}
        return api.VideoGrants(**(rights | changes))

    def token(self, identity: str, **claims: Any) -> str:
        return self.target.token(identity, self.room, **claims)

    async def join(
        self,
        identity: str,
        *,
        via: SignalProxy | None = None,
        auto_subscribe: bool = True,
        dynacast: bool = False,
        token: str | None = None,
        encryption: rtc.E2EEOptions | None = None,
        **claims: Any,
    ) -> Client:
        """A connected client; `claims` as for Target.token."""
        if via is None and not self.link.is_plain:
            self._shared_proxy = self._shared_proxy or await self.proxy()
            via = self._shared_proxy
        client = Client(identity)
        self._clients.append(client)
        options = rtc.RoomOptions(
            auto_subscribe=auto_subscribe,
            dynacast=dynacast,
            single_peer_connection=self.link.pcs == "one",
            connect_timeout=10,
            encryption=encryption,
        )
        url = via.url if via else self.target.url
        await client.room.connect(url, token or self.token(identity, **claims), options)
        return client

    async def join_all(self, *identities: str, **options: Any) -> list[Client]:
        """Several clients that see one another; one after the other, as people come."""
        clients = [await self.join(identity, **options) for identity in identities]
        for client in clients:
            for identity in identities:
                if identity != client.identity:
                    await client.sees(identity)
        return clients

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        for proxy in self._proxies:
            await proxy.close()
        await self.api.aclose()
