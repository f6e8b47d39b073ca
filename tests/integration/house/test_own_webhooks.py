"""What our own media workers report reaches the app whatever address, certificate or proxy people come by."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from livekit.api import AccessToken, VideoGrants
from livekit.protocol.rtc import SignalResponse

from bench.school import prepare_school_day
from server.storage import database_url_for, migrate
from tests.integration.house.command import ANY_PORT, KEYS, SECRET, StartCommand, until
from tests.integration.house.test_processes import make_certificate


def reports(data: Path) -> int:
    with closing(sqlite3.connect(data / "tongchuang.sqlite3")) as connection:
        return int(connection.execute("SELECT count(*) FROM webhook_seen").fetchone()[0])


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    migrate(database_url_for(data))
    assert reports(data) == 0
    return data


async def test_webhooks_do_not_need_the_public_address(
    migrated: Path, start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    day = await prepare_school_day(migrated, 1)
    make_certificate(tmp_path)
    # A certificate of nobody, and a public address that leads nowhere: neither matters.
    words = ("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--public-url", "https://class.invalid")
    serve = await start("serve", *ANY_PORT, *words, "--data", str(migrated), **KEYS)
    await serve.ready()
    lead = day.leads[0].person
    grants = VideoGrants(room_join=True, room=day.room)
    token = AccessToken(KEYS["LIVEKIT_API_KEY"], SECRET).with_identity(lead).with_grants(grants).to_jwt()
    async with http.ws_connect(serve.url + "/rtc", params={"access_token": token}, ssl=False) as socket:
        assert SignalResponse.FromString(await socket.receive_bytes()).WhichOneof("message") == "join"
        await until(lambda: reports(migrated) > 0)
    # Somebody else's report is refused.
    async with http.post(serve.url + "/webhooks/livekit", data=b"{}", ssl=False) as answer:
        assert answer.status == 401
    assert (await serve.stop())[0] == 0
