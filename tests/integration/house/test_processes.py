"""The commands as a person starts them: what they print, how they fail, how they end."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from livekit.api import AccessToken, VideoGrants
from livekit.protocol.models import DisconnectReason
from livekit.protocol.rtc import LeaveRequest, SignalResponse

from server.cli import main
from server.commands.data_folder import prepare_data_folder
from server.keys import kept_keys
from tests.integration.house.command import ANY_PORT, GUARD_S, KEYS, ROOT, SECRET, StartCommand, is_alive, until


def one_sentence(text: str) -> bool:
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].endswith(".") and "Traceback" not in text


async def test_serve_says_that_it_is_ready_and_ends_cleanly(
    start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    # A folder that nobody has used yet: this start writes everything.
    serve = await start("serve", *ANY_PORT, "--data", "new/data")
    assert re.fullmatch(r"Tongchuang is ready: http://127\.0\.0\.1:\d+\n", await serve.ready())
    for path in ("/healthz", "/readyz", "/", "/api/v1/demo/lesson", "/metrics"):
        assert (await http.get(serve.url + path)).status == 200
    probe = await http.head(serve.url + "/")
    assert (probe.status, probe.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Access-Control-Allow-Origin" not in (await http.get(serve.url + "/")).headers
    workers = await asyncio.to_thread(serve.children)
    assert workers
    code, errors = await serve.stop()
    assert code == 0
    assert "Traceback" not in errors
    assert not any(is_alive(pid) for pid in workers)
    assert (tmp_path / "new/data").stat().st_mode & 0o077 == 0  # one stat in a test


async def test_without_demo_there_is_no_demo(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", "--no-demo", *ANY_PORT)
    await serve.ready()
    answer = await http.get(serve.url + "/api/v1/demo/lesson/token", params={"seat": "lin"})
    assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


async def test_those_in_a_room_are_told_to_come_back(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", *ANY_PORT)
    await serve.ready()
    seat = await (await http.get(serve.url + "/api/v1/demo/lesson/token", params={"seat": "lin"})).json()
    async with http.ws_connect(serve.url + "/rtc", params={"access_token": seat["token"]}) as socket:
        first = SignalResponse.FromString(await socket.receive_bytes())
        assert first.WhichOneof("message") == "join"
        stopping = asyncio.create_task(serve.stop())
        said = [SignalResponse.FromString(message.data) async for message in socket]
    assert said[-1].leave.action == LeaveRequest.Action.RECONNECT
    assert said[-1].leave.reason == DisconnectReason.SERVER_SHUTDOWN
    assert (await stopping)[0] == 0


async def test_ending_while_it_starts_leaves_nothing(start: StartCommand) -> None:
    serve = await start("serve", *ANY_PORT)
    await until(lambda: bool(serve.children()))
    workers = serve.children()
    code, errors = await serve.stop()
    assert code == 0, errors
    assert not any(is_alive(pid) for pid in workers)


async def test_no_secret_in_the_log_or_in_a_process_list(start: StartCommand, http: aiohttp.ClientSession) -> None:
    serve = await start("serve", *ANY_PORT, TONGCHUANG_LOG_LEVEL="debug", **KEYS)
    await serve.ready()
    for path in ("/rtc", "/rtc/v1", "/rtc/validate", "/nothing"):
        query = {"access_token": "TOPSECRETTOKEN", "join_request": "TOPSECRETJOIN"}
        await http.get(serve.url + path, params=query, headers={"Authorization": "Bearer TOPSECRETBEARER"})
    for pid in await asyncio.to_thread(serve.children):
        assert SECRET.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()  # noqa: ASYNC240
    _code, errors = await serve.stop()
    assert "/rtc/validate" in errors
    assert "TOPSECRET" not in errors
    assert SECRET not in errors


async def test_a_taken_port_is_one_sentence(start: StartCommand) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        serve = await start("serve", "--port", port)
        code, errors = await serve.end()
    assert code == 1
    assert one_sentence(errors)
    assert port in errors


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_a_taken_media_port_is_one_sentence(start: StartCommand, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        option = "--media-udp-port" if kind is socket.SOCK_DGRAM else "--media-tcp-port"
        serve = await start("serve", *ANY_PORT, option, port)
        code, errors = await serve.end()
    assert code == 1
    assert one_sentence(errors)
    assert port in errors


async def test_a_data_folder_that_cannot_be_used_is_one_sentence(start: StartCommand, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    serve = await start("serve", *ANY_PORT, "--data", "file/data")
    code, errors = await serve.end()
    assert code == 1
    assert one_sentence(errors)
    assert "file/data" in errors


async def test_a_damaged_database_is_one_sentence(start: StartCommand, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "tongchuang.sqlite3"
    path.write_bytes(b"no database" * 500)
    serve = await start("serve", *ANY_PORT)
    code, errors = await serve.end()
    assert code == 1
    assert one_sentence(errors)
    assert "tongchuang.sqlite3" in errors
    assert path.read_bytes() == b"no database" * 500


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["serve", "--port", "99999"], {}),
        (["serve", "--tls-cert", "x.pem"], {}),
        (["serve", "--tls-cert", "x.pem", "--tls-key", "y.pem"], {}),
        (["serve", "--port", "0"], {"LIVEKIT_URL": "wss://livekit.example.edu"}),
        (["serve", "--port", "0"], {"LIVEKIT_API_KEY": "a", "LIVEKIT_API_SECRET": "short"}),
        (["serve", "--port", "0"], {"DATABASE_URL": "mysql://x/y"}),
        (["media"], {}),
        (["media"], {"LIVEKIT_API_KEY": "a", "LIVEKIT_API_SECRET": "short"}),
        (["token", "--room", "r", "--identity", "i", "--data", "nowhere"], {}),
        (["serve", "--host", "no.such.host.invalid", "--port", "0"], {}),
    ],
)
def test_wrong_use_is_one_sentence(
    words: list[str],
    environment: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in [name for name in os.environ if name.startswith(("TONGCHUANG_", "LIVEKIT_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    # In this process: what the commands do to logging belongs to a command, not to the rest of this run.
    monkeypatch.setattr("server.commands.serve.configure_log", lambda **_: None)
    monkeypatch.setattr("server.commands.media.configure_log", lambda **_: None)
    assert main(words) == 2
    assert one_sentence(capsys.readouterr().err)


def make_certificate(folder: Path) -> None:
    """cert.pem and key.pem for 127.0.0.1, signed by nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


async def test_tls_without_a_proxy(start: StartCommand, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    serve = await start("serve", *ANY_PORT, "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    assert (await serve.ready()).startswith("Tongchuang is ready: https://127.0.0.1:")
    page = await http.get(serve.url + "/", ssl=False)
    assert page.status == 200
    assert "max-age" in page.headers["Strict-Transport-Security"]
    seat = await (await http.get(serve.url + "/api/v1/demo/lesson/token?seat=lin", ssl=False)).json()
    async with http.ws_connect(serve.url + "/rtc", params={"access_token": seat["token"]}, ssl=False) as socket:
        assert SignalResponse.FromString(await socket.receive_bytes()).WhichOneof("message") == "join"
    assert (await serve.stop())[0] == 0


async def test_media_alone(start: StartCommand, http: aiohttp.ClientSession) -> None:
    words = ("--port", "0", "--udp-port", "0", "--tcp-port", "0", "--workers", "2", "--node-ip", "127.0.0.1")
    media = await start("media", *words, **KEYS)
    assert re.fullmatch(r"Media server is ready: ws://127\.0\.0\.1:\d+\n", await media.ready())
    url = media.url.replace("ws", "http")
    head = await http.head(url + "/")
    assert (head.status, head.headers["Access-Control-Allow-Origin"]) == (200, "*")
    for room in ("a", "b", "c", "d"):
        grants = VideoGrants(room_join=True, room=room)
        token = AccessToken("APItest", SECRET).with_identity("me").with_grants(grants).to_jwt()
        answer = await http.get(url + "/rtc/validate", params={"access_token": token})
        assert (answer.status, await answer.text()) == (200, "success")
    async with asyncio.timeout(GUARD_S):
        # A worker has two seconds to answer, and a busy machine may take longer.
        while (await http.get(url + "/readyz")).status != 200:  # noqa: ASYNC110  # the condition is other processes'
            await asyncio.sleep(0.05)
    code, errors = await media.stop()
    assert (code, "Traceback" in errors) == (0, False)


async def test_a_token_is_made_with_the_keys_of_the_data_folder(start: StartCommand, tmp_path: Path) -> None:
    # As `serve` makes them on its first start.
    elsewhere = await asyncio.to_thread(prepare_data_folder, tmp_path / "elsewhere")
    ((key, secret),) = (await asyncio.to_thread(kept_keys, elsewhere)).items()
    words = ("--room", "r", "--identity", "i", "--name", "N", "--ttl", "10m", "--hidden", "--no-publish", "--admin")
    token = await start("token", *words, "--data", "elsewhere")
    out, _errors = await token.process.communicate()
    claims: dict[str, Any] = jwt.decode(out.strip(), secret, algorithms=["HS256"], issuer=key)
    assert (claims["sub"], claims["name"], claims["exp"] - claims["nbf"]) == ("i", "N", 600)
    video = claims["video"]
    expected = {"room": "r", "roomJoin": True, "hidden": True, "roomAdmin": True}
    expected |= {"canPublish": False, "canPublishData": False, "canSubscribe": True}
    assert {name: video[name] for name in expected} == expected


def test_the_script_needs_a_recent_python_and_says_so(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("dirname", "readlink"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    # A copy that knows no Python of the system; it would find no set-up beside it either.
    script = tmp_path / "tongchuang"
    script.write_text((ROOT / "tongchuang").read_text("utf-8").replace("/usr/bin/python3", "/nowhere/python3"))
    script.chmod(0o755)
    done = subprocess.run([script, "serve"], env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert one_sentence(done.stderr)
    assert "Python 3.11" in done.stderr
