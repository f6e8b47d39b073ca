"""The outbox as the IT administrator sees it: to whom and whether it went, never what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.app import AppParts
from server.lessons import build_lessons
from server.outbox import NOT_TAKEN, Letter, OutboxRepository
from server.storage import Database, database_url_for
from tests.integration.staff_pages.conftest import House


@pytest.fixture
async def parts(parts: AppParts, tmp_path: Path) -> AsyncIterator[AppParts]:
    assert parts.people is not None
    database = Database(database_url_for(tmp_path / "data", ""))
    yield replace(parts, lessons=build_lessons(database, parts.people, parts.clock, origin=""))
    await database.close()


@pytest.fixture
def outbox(parts: AppParts) -> OutboxRepository:
    assert parts.lessons is not None
    return parts.lessons.letters


async def test_letters_without_their_text(house: House, outbox: OutboxRepository) -> None:
    now = house.clock.now()
    await outbox.put(
        [
            Letter(key=f"k{number}", to=f"t{number}@example.edu", subject="<b>Moved</b>", text="the needle", due_at=now)
            for number in range(52)
        ]
    )
    first, second, *_ = await outbox.claim(now, 10)
    await outbox.sent(first.id, now)
    await outbox.failed(second.id, "mailbox full", next_try_at=now + timedelta(minutes=1), at=now)
    await house.administrator()
    page = await house.sign_in("it@example.edu")
    page = await house.anybody.get("/mail")
    assert "needle" not in page.html
    assert "b" not in page.reader.elements
    assert page.text.count("Waits") == 50
    assert "No mail server is set" in page.text
    (older,) = [link for link in page.links if "before=" in link and "lang=" not in link]
    page = await house.anybody.get(older)
    assert ("Sent" in page.text, "Will be tried again mailbox full" in page.text) == (True, True)


async def test_what_nobody_will_send_any_more_does_not_wait(house: House, outbox: OutboxRepository) -> None:
    """Without a mail server no worker takes a reminder up to find out that its hour has come; and in Chinese, what went
    wrong is said in Chinese."""
    now = house.clock.now()
    letter = Letter(key="k", to="t@example.edu", subject="In one hour", text="x", due_at=now - timedelta(hours=1))
    await outbox.put([replace(letter, not_after=now - timedelta(minutes=1)), replace(letter, key="other")])
    (_, other) = await outbox.claim(now, 10)
    await outbox.failed(other.id, NOT_TAKEN, next_try_at=now + timedelta(hours=1), at=now)
    await house.administrator()
    await house.sign_in("it@example.edu")
    page = await house.anybody.get("/mail?lang=zh-Hant-TW")
    assert "已過時效，不再寄出" in page.text
    assert "等待中" not in page.text
    assert "將再試一次 郵件伺服器未接受這封信。" in page.text
    assert NOT_TAKEN not in page.text


async def test_only_for_the_administrator(house: House) -> None:
    school = await house.school()
    await house.adult(school.id, "lin@example.edu")
    assert (await house.anybody.get("/mail")).path.startswith("/sign-in")
    await house.sign_in("lin@example.edu")
    assert (await house.anybody.get("/mail")).status == 403
