"""One media worker in this process, on ports of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from server.media_app import MediaConfig, create_media_app
from tests.fakes.signal_client import KEY, SECRET


@dataclass(frozen=True, slots=True)
class Worker:
    base: str
    http: ClientSession

    async def metric(self, name: str) -> float:
        async with self.http.get(f"{self.base}/metrics") as response:
            text = await response.text()
        return next(
            float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"tongchuang_media_{name} ")
        )


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    config = MediaConfig(keys={KEY: SECRET}, udp_port=0, tcp_port=0, resume_grace_s=0.2)
    server = TestServer(create_media_app(config))
    await server.start_server()
    async with ClientSession() as http:
        yield Worker(str(server.make_url("")).rstrip("/"), http)
    await server.close()
