"""Many guests of the demo lesson at once: signalling only, no browser, so that a page can be shown a full class."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientSession

from tests.fakes.signal_client import SignalClient

WITHIN_S = 60  # hang guard


@contextmanager
def crowd(base_url: str, count: int) -> Iterator[None]:
    """All are in when this is entered, and have left when it ends. In a thread: this one has Playwright's loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    leave = asyncio.Event()
    arrivals = [threading.Event() for _ in range(count)]
    everybody = [asyncio.run_coroutine_threadsafe(_sit(base_url, leave, one), loop) for one in arrivals]
    try:
        for arrived in arrivals:
            assert arrived.wait(WITHIN_S), "a guest did not come in"
        yield
    finally:
        loop.call_soon_threadsafe(leave.set)
        for one in everybody:
            one.result(WITHIN_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WITHIN_S)
        loop.close()


async def _sit(base_url: str, leave: asyncio.Event, is_in: threading.Event) -> None:
    async with ClientSession() as http:
        async with http.get(f"{base_url}/api/v1/demo/lesson/token?seat=ortega&guest=1") as answer:
            token = (await answer.json())["token"]
        client = await SignalClient.join(http, base_url, token)
        await client.next_of("join")
        is_in.set()
        reading = asyncio.create_task(client.until_closed())
        await leave.wait()
        reading.cancel()
        await client.socket.close()
