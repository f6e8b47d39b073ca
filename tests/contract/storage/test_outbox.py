"""Letters go out once, over failures, restarts and two processes, on every engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.outbox import CalendarPart, Letter, Outbox, OutboxRepository
from server.outbox.letter import WAITS, StoredLetter
from server.storage import Database
from tests.contract.storage.conftest import ENGINES
from tests.fakes.clock import FakeClock

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def letters(database: Database) -> OutboxRepository:
    return OutboxRepository(database)


class MailServer:
    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str, str]] = []
        self.calendars: list[CalendarPart | None] = []
        self.threads: list[tuple[str, str]] = []
        self.is_down = False
        self.has_taken = asyncio.Event()

    async def deliver(self, letter: Letter, message_id: str, follows: str) -> bool:
        if not self.is_down:
            self.threads.append((message_id, follows))
            self.taken.append((letter.to, letter.subject, letter.text, message_id))
            self.calendars.append(letter.calendar)
            self.has_taken.set()
        return not self.is_down


def letter(key: str = "k", *, due_at: datetime = NOON, not_after: datetime | None = None) -> Letter:
    return Letter(
        key=key, to="lin@example.org", subject="Subject 主旨", text=f"needle {key}", due_at=due_at, not_after=not_after
    )


def outbox(letters: OutboxRepository, clock: FakeClock, server: MailServer, **more: object) -> Outbox:
    return Outbox(letters, clock, deliver=server.deliver, **more)  # type: ignore[arg-type]  # keyword of one test


async def test_a_letter_waits_for_its_time_and_goes_once(letters: OutboxRepository) -> None:
    clock, server = FakeClock(NOON - timedelta(seconds=1)), MailServer()
    await letters.put([letter()])
    box = outbox(letters, clock, server)
    assert await box.work() == 0
    clock.advance(seconds=1)
    assert await box.work() == 1
    assert await box.work() == 0
    assert [one[:3] for one in server.taken] == [("lin@example.org", "Subject 主旨", "needle k")]


async def test_the_same_key_is_the_same_letter(letters: OutboxRepository) -> None:
    server = MailServer()
    await letters.put([letter(), letter()])
    await letters.put([letter()])
    box = outbox(letters, FakeClock(NOON), server)
    await box.work()
    # Also after it has gone: a reminder planned again after a restart is not sent again.
    await letters.put([letter()])
    await box.work()
    assert len(server.taken) == 1


async def test_letters_that_belong_together_name_the_first(letters: OutboxRepository) -> None:
    """By Message-IDs that no other reader's letter and no other school's server has."""
    server = MailServer()
    await letters.put(
        [letter("root"), replace(letter("root 2"), to="su@example.org"), replace(letter("leaf"), follows="root")]
    )
    await outbox(letters, FakeClock(NOON), server, domain="school.example").work()
    (root, none), (other, _), (leaf, follows) = server.threads
    assert (follows, none) == (root, "")
    assert len({root, other, leaf}) == 3
    assert {one.rpartition("@")[2] for one in (root, other, leaf)} == {"school.example>"}
    again = MailServer()
    await letters.put([letter("late")])
    await outbox(letters, FakeClock(NOON), again, domain="other.example").work()
    assert again.threads[0][0] not in {root, other, leaf}


async def test_what_was_sent_is_not_kept(letters: OutboxRepository) -> None:
    calendar = CalendarPart(method="REQUEST", content="BEGIN:VCALENDAR\r\nSUMMARY:晨光\r\n")
    await letters.put([replace(letter(), calendar=calendar)])
    server = MailServer()
    await outbox(letters, FakeClock(NOON), server).work()
    assert server.calendars == [calendar]
    (stored,) = await letters.page()
    assert stored.sent_at == NOON
    assert stored.letter.text == ""
    assert stored.letter.calendar is None
    assert not stored.is_waiting


async def test_a_broken_mail_server_is_asked_again_later_and_at_last_no_more(letters: OutboxRepository) -> None:
    clock, server = FakeClock(NOON), MailServer()
    server.is_down = True
    await letters.put([letter()])
    box = outbox(letters, clock, server)
    for wait in WAITS:
        assert await box.work() == 1
        assert await box.work() == 0
        clock.advance(seconds=wait.total_seconds())
    server.is_down = False
    assert await box.work() == 1
    assert len(server.taken) == 1
    (stored,) = await letters.page()
    assert stored.tries == len(WAITS)


async def test_it_is_given_up_after_two_days_and_shown(letters: OutboxRepository) -> None:
    clock, server = FakeClock(NOON), MailServer()
    server.is_down = True
    await letters.put([letter()])
    box = outbox(letters, clock, server)
    for wait in (*WAITS, timedelta(days=9)):
        assert await box.work() == 1
        clock.advance(seconds=wait.total_seconds())
    assert await box.work() == 0
    (stored,) = await letters.page()
    assert stored.given_up_at is not None
    assert stored.error


async def test_a_reminder_of_what_has_begun_is_not_sent(letters: OutboxRepository) -> None:
    server = MailServer()
    await letters.put([letter(not_after=NOON + timedelta(hours=1))])
    box = outbox(letters, FakeClock(NOON + timedelta(hours=2)), server)
    assert await box.work() == 1
    assert server.taken == []
    assert await box.work() == 0


async def test_what_nobody_wants_any_more_is_not_sent(letters: OutboxRepository) -> None:
    server = MailServer()

    async def is_still_wanted(key: str) -> bool:
        return key != "cancelled"

    await letters.put([letter("cancelled"), letter("held")])
    await outbox(letters, FakeClock(NOON), server, is_still_wanted=is_still_wanted).work()
    assert [one[2] for one in server.taken] == ["needle held"]


async def test_two_workers_never_send_the_same_letter(letters: OutboxRepository) -> None:
    clock, server = FakeClock(NOON), MailServer()
    await letters.put([letter(f"k{number}") for number in range(60)])
    boxes = [outbox(letters, clock, server) for _ in range(2)]
    while sum(await asyncio.gather(*(box.work() for box in boxes))):
        pass
    assert sorted(one[2] for one in server.taken) == sorted(f"needle k{number}" for number in range(60))


async def test_a_letter_claimed_by_a_worker_that_died_is_sent_by_the_next(letters: OutboxRepository) -> None:
    clock, server = FakeClock(NOON), MailServer()
    await letters.put([letter()])
    assert len(await letters.claim(NOON, 20)) == 1
    box = outbox(letters, clock, server)
    assert await box.work() == 0
    clock.advance(seconds=180)
    assert await box.work() == 1
    assert len(server.taken) == 1


async def test_a_letter_joins_the_transaction_of_what_it_tells(letters: OutboxRepository, database: Database) -> None:
    async def put_and_fail() -> None:
        async with database.write() as connection:
            await letters.put([letter()], connection)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await put_and_fail()
    assert await letters.page() == []


async def test_without_a_mail_server_letters_wait_and_are_seen(letters: OutboxRepository) -> None:
    box = Outbox(letters, FakeClock(NOON), deliver=None)
    box.start()
    await letters.put([letter("a"), letter("b")])
    await box.close()
    newest, oldest = await letters.page()
    assert (newest.letter.key, oldest.letter.key) == ("b", "a")
    assert [one.letter.key for one in await letters.page(before_id=newest.id)] == ["a"]
    assert all(one.is_waiting for one in await letters.page())


async def test_the_worker_wakes_for_a_new_letter(letters: OutboxRepository) -> None:
    server = MailServer()
    box = outbox(letters, FakeClock(NOON), server)
    box.start()
    await letters.put([letter()])
    box.wake()
    async with asyncio.timeout(10):
        await server.has_taken.wait()
    await box.close()
    await box.close()


async def test_a_letter_put_in_while_the_worker_looks_is_sent_at_once(
    letters: OutboxRepository, database: Database
) -> None:
    server = MailServer()
    has_looked, may_go_on = asyncio.Event(), asyncio.Event()

    class SlowAnswer(OutboxRepository):
        async def claim(self, now: datetime, limit: int) -> list[StoredLetter]:
            found = await super().claim(now, limit)
            has_looked.set()
            await may_go_on.wait()
            return found

    box = outbox(SlowAnswer(database), FakeClock(NOON), server)
    box.start()
    await has_looked.wait()
    await letters.put([letter()])
    box.wake()
    may_go_on.set()
    async with asyncio.timeout(10):
        await server.has_taken.wait()
    await box.close()
