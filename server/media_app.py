"""One media worker as an aiohttp application: the composition root of signalling, rooms and packets."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from server.clock import Clock, SystemClock
from server.media_metrics import MediaGauges, render
from server.rooms.registry import RoomRegistry
from server.rooms.room_service import RoomService
from server.rooms.webhook_events import WebhookEvents
from server.rooms.webhook_sender import WebhookSender
from server.sfu.flow_watch import FlowWatch
from server.sfu.hub import MediaHub
from server.sfu.transport import EndpointConfig, MediaEndpoint
from server.signaling.connection import ConnectionStats
from server.signaling.fresh_token import FreshTokens
from server.signaling.joining import Joiner, ServerIdentity
from server.signaling.participant_session import RESUME_GRACE_S, SessionPorts
from server.signaling.routes import SignalRoutes
from server.signaling.ticker import Ticker, TickerPorts
from server.signaling.twirp import TwirpRoutes
from server.tasks import TaskOwner

# Why 32 kB: a join request with its offer stands in the request line (media.md a.1).
MAX_REQUEST_LINE = 32 * 1024
MAX_TWIRP_BODY = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConfig:
    """All that a worker must know. `announced` maps a bind host to the address that clients shall use."""

    keys: Mapping[str, str] = field(repr=False)
    udp_port: int = 7882
    tcp_port: int | None = 7881
    bind_hosts: tuple[str, ...] = ("127.0.0.1",)
    announced: Mapping[str, str] = field(default_factory=dict)
    worker_index: int = 0
    webhook_urls: tuple[str, ...] = ()
    version: str = ""
    resume_grace_s: float = RESUME_GRACE_S
    """How long a participant without a WebSocket keeps its place."""


# For the worker, which reports the real ports to its supervisor, and looks whether packets flow.
FLOW_WATCH: web.AppKey[FlowWatch] = web.AppKey("flow_watch", FlowWatch)
ENDPOINT: web.AppKey[MediaEndpoint] = web.AppKey("endpoint", MediaEndpoint)
REGISTRY: web.AppKey[RoomRegistry] = web.AppKey("registry", RoomRegistry)


def create_media_app(config: MediaConfig, clock: Clock | None = None) -> web.Application:
    """The application; sockets open when it starts and everything closes with it (docs/closures.md)."""
    app = web.Application(client_max_size=MAX_TWIRP_BODY, handler_args={"max_line_size": MAX_REQUEST_LINE})
    app.cleanup_ctx.append(lambda app: _run(app, config, clock or SystemClock()))
    # Why not at the end of `_run`: aiohttp waits for open WebSockets before that, and these wait to be told.
    app.on_shutdown.append(_tell_everybody)
    return app


async def _tell_everybody(app: web.Application) -> None:
    app[REGISTRY].close()


async def _run(app: web.Application, config: MediaConfig, clock: Clock) -> AsyncIterator[None]:
    hub = MediaHub(clock, _random_u32)
    # First what can fail: a taken port must leave nothing behind.
    endpoint = await MediaEndpoint.open(_endpoint_config(config), clock=clock, on_drained=hub.flush)
    app[ENDPOINT] = endpoint
    app[FLOW_WATCH] = FlowWatch(hub, endpoint)
    tasks = TaskOwner("media")
    http = aiohttp.ClientSession()
    sender = WebhookSender(http=http, keys=config.keys, urls=config.webhook_urls, clock=clock, tasks=tasks)
    registry = RoomRegistry(clock=clock, events=WebhookEvents(sender, clock), random_u32=_random_u32)
    app[REGISTRY] = registry
    ports = SessionPorts(endpoint=endpoint, hub=hub, clock=clock, tasks=tasks, resume_grace_s=config.resume_grace_s)
    tokens = FreshTokens(config.keys, clock)
    joiner = Joiner(
        registry=registry,
        ports=ports,
        server=ServerIdentity(node_id=f"ND_tongchuang_{config.worker_index}"),
        tokens=tokens,
    )
    stats = ConnectionStats()
    gauges = MediaGauges(hub=hub, endpoint=endpoint, registry=registry, joiner=joiner, connections=stats)
    SignalRoutes(joiner, config.keys, clock, stats).add_to(app)
    TwirpRoutes(RoomService(registry, clock.monotonic_us), config.keys, clock).add_to(app)
    ticker = asyncio.create_task(
        Ticker(TickerPorts(registry=registry, joiner=joiner, hub=hub, clock=clock, tokens=tokens)).run(),
        name="ticker",
    )

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=render(gauges))

    app.router.add_get("/metrics", metrics)
    yield
    # Close cascade: people were told in `on_shutdown`; media ends, then what carried it.
    ticker.cancel()
    await sender.close()
    await tasks.close()
    await endpoint.close()
    await http.close()


def _endpoint_config(config: MediaConfig) -> EndpointConfig:
    return EndpointConfig(
        bind_hosts=config.bind_hosts,
        announced=config.announced,
        udp_port=config.udp_port,
        tcp_port=config.tcp_port,
    )


def _random_u32() -> int:
    """SSRCs: never 0, which some receivers take for "none"."""
    return secrets.randbelow(0xFFFFFFFF) + 1
