"""Letters that went out, wait or failed: for the IT administrator, without their text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from server.access import Action, add_route, authorise
from server.outbox import NOT_TAKEN, NOT_WANTED, TIME_PASSED, StoredLetter
from server.pages.people_context import PEOPLE, moment_text, people_of, signed_in
from server.pages.staff import staff_page
from server.pair import LocalizedText
from server.people import School

PAGE_SIZE = 50
# 2^31 - 1: the numbers of letters in PostgreSQL end there.
_LARGEST_ID = 2_147_483_647

SENT = LocalizedText("Sent", "已寄出")
GIVEN_UP = LocalizedText("Given up", "已放棄")
TRIED = LocalizedText("Will be tried again", "將再試一次")
WAITS = LocalizedText("Waits", "等待中")
TOO_LATE = LocalizedText("Too late to be sent", "已過時效，不再寄出")
# What the outbox wrote down, for people; something else stands as it is.
ERRORS = {
    TIME_PASSED: LocalizedText("Its time had passed.", "寄送時效已過。"),
    NOT_WANTED: LocalizedText("What it was about has changed.", "信中的事項已有變動。"),
    NOT_TAKEN: LocalizedText("The mail server did not take it.", "郵件伺服器未接受這封信。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """`tone`: good, sun or bad, as the chip shows it."""

    to: str
    subject: str
    due: str
    state: LocalizedText
    tone: str
    when: str
    error: LocalizedText | None


def add_mail(app: web.Application) -> None:
    if app[PEOPLE].outbox is not None:
        add_route(app, "GET", "/mail", show_mail, Action.MAIL_SEE)


async def show_mail(request: web.Request) -> web.Response:
    adult, outbox = signed_in(request), request.app[PEOPLE].outbox
    authorise(adult, Action.MAIL_SEE)
    assert outbox is not None
    before = _id(request.query.get("before", ""))
    letters = await outbox.page(before_id=before, limit=PAGE_SIZE + 1)
    school_id = adult.account.school_id
    now = request.app[PEOPLE].clock.now()
    own = await people_of(request).schools.find(school_id) if school_id else None
    return await staff_page(
        request,
        "mail.html",
        nav="school",
        rows=[row_of(letter, own, now) for letter in letters[:PAGE_SIZE]],
        has_mail=people_of(request).mailer.is_configured,
        newest_path="/mail" if before is not None else None,
        older_path=f"/mail?before={letters[PAGE_SIZE - 1].id}" if len(letters) > PAGE_SIZE else None,
    )


def row_of(stored: StoredLetter, own: School | None, now: datetime) -> MailRow:
    letter = stored.letter
    if stored.sent_at is not None:
        state, tone, at = SENT, "good", stored.sent_at
    elif stored.given_up_at is not None:
        state, tone, at = GIVEN_UP, "bad", stored.given_up_at
    elif letter.not_after is not None and letter.not_after < now:
        # Without a mail server nobody takes it up to find that out.
        state, tone, at = TOO_LATE, "bad", letter.not_after
    else:
        state, tone, at = (TRIED if stored.tries else WAITS), "sun", letter.due_at
    return MailRow(
        to=letter.to,
        subject=letter.subject,
        due=moment_text(letter.due_at, own),
        state=state,
        tone=tone,
        when=moment_text(at, own),
        error=ERRORS.get(stored.error, LocalizedText(stored.error, stored.error)) if stored.error else None,
    )


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= _LARGEST_ID else None
