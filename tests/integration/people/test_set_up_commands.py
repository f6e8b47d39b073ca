"""The first administrator as an operator makes one: by a link, by typing, and by what `serve` prints."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from server.clock import SystemClock
from server.errors import Conflict
from server.pair import LocalizedText
from server.people import People, Role, build_people
from server.storage import Database, database_url_for, migrate
from tests.fakes.people import PASSWORD, token_in
from tests.integration.house.command import ANY_PORT, ROOT, Command

_OURS = ("TONGCHUANG_", "LIVEKIT_", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
    "PYTHONPATH": str(ROOT),
    "PYTHONSAFEPATH": "1",
}


def admin(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "admin", "create", "--data", str(folder / "data"), *words],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def opened(folder: Path) -> tuple[Database, People]:
    """Reads the names of zones: not on an event loop."""
    database = Database(database_url_for(folder / "data"))
    return database, build_people(database, SystemClock())


def test_by_a_link(tmp_path: Path) -> None:
    done = admin(
        tmp_path, "--email", "ada@school.example", "--name", "Ada 愛達", "--public-url", "https://class.example"
    )
    assert (done.returncode, done.stderr) == (0, "")
    [link] = re.findall(r"https://class\.example/invitation/\S+", done.stdout)

    async def use() -> None:
        database, people = await asyncio.to_thread(opened, tmp_path)
        account = await people.accounts.accept_invitation(token_in(link), PASSWORD)
        assert account.name == LocalizedText("Ada 愛達", "Ada 愛達")
        assert account.roles == frozenset({Role.IT_ADMINISTRATOR})
        assert account.is_verified
        await people.accounts.sign_in("ada@school.example", PASSWORD, "192.0.2.1")
        await people.close()
        await database.close()

    asyncio.run(use())
    again = admin(tmp_path, "--email", "eve@school.example")
    assert again.returncode == 1
    assert again.stderr.startswith("There is an administrator already")
    assert len(again.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [(), ("--email", "nonsense"), ("--email", "")])
def test_wrong_use(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = admin(tmp_path, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def _type(folder: Path, *lines: str) -> tuple[int, str]:
    """On a terminal, each line when the next question stands there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "admin", "create", "--data", str(folder / "data")],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    waiting = list(lines)
    questions = 0
    try:
        while chunk := _read(ours):
            seen += chunk
            asked = len(re.findall(rb"(?:address|Name|characters\)|more): ", seen))
            while waiting and questions < asked:
                os.write(ours, waiting.pop(0).encode() + b"\n")
                questions += 1
    finally:
        code = process.wait(60)
        os.close(ours)
    return code, seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # The other end is closed.
        return b""


def test_by_typing(tmp_path: Path) -> None:
    code, seen = _type(tmp_path, "ada@school.example", "Ada", PASSWORD, PASSWORD)
    assert code == 0, seen
    assert "ada@school.example can sign in now: http://127.0.0.1:8080/sign-in" in seen
    assert PASSWORD not in seen

    async def check() -> None:
        database, people = await asyncio.to_thread(opened, tmp_path)
        await people.accounts.sign_in("ada@school.example", PASSWORD, "192.0.2.1")
        with pytest.raises(Conflict):
            await people.accounts.create_first_administrator(
                email="eve@school.example", name=LocalizedText("Eve", ""), password=PASSWORD
            )
        await people.close()
        await database.close()

    asyncio.run(check())
    code, seen = _type(tmp_path)
    assert code == 1
    assert "There is an administrator already" in seen


def test_two_passwords_that_differ(tmp_path: Path) -> None:
    code, seen = _type(tmp_path, "ada@school.example", "Ada", PASSWORD, PASSWORD + "!")
    assert code == 2, seen

    async def check() -> None:
        database, people = await asyncio.to_thread(opened, tmp_path)
        assert not await people.accounts.has_administrator()
        await people.close()
        await database.close()

    asyncio.run(check())


async def test_serve_prints_the_link_until_somebody_used_it(tmp_path: Path) -> None:
    words = ("serve", "--no-demo", "--data", "data", *ANY_PORT)
    server = await Command.start(tmp_path, *words)
    try:
        await server.ready()
        assert server.process.stdout is not None
        line = (await asyncio.wait_for(server.process.stdout.readline(), 60)).decode()
        [link] = re.findall(rf"{re.escape(server.url)}(/set-up/\S+)", line)
        async with aiohttp.ClientSession(server.url) as session, session.get(link) as page:
            assert page.status == 200
            assert "password" in await page.text()
        database, people = await asyncio.to_thread(opened, tmp_path)
        await people.accounts.set_up(
            token_in(link), email="ada@school.example", name=LocalizedText("Ada", ""), password=PASSWORD
        )
        await people.close()
        await database.close()
        async with aiohttp.ClientSession(server.url) as session, session.get(link) as page:
            assert page.status == 404
    finally:
        await server.stop()
    # With an administrator there is nothing to print: the next line would be the end.
    again = await Command.start(tmp_path, *words)
    try:
        await again.ready()
    finally:
        await again.stop()
    assert again.process.stdout is not None
    assert await again.process.stdout.read() == b""


def test_the_database_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    migrate(database_url_for(tmp_path / "data"))
    assert admin(tmp_path, "--email", "ada@school.example").returncode == 0
