"""A proposal answered from a mail without signing in, and private calendar addresses, by their real pages."""

from __future__ import annotations

import re
from datetime import time, timedelta
from email.message import EmailMessage
from html import unescape

import icalendar
import pytest
from aiohttp import ClientResponse, FormData

from server.app import AppParts
from server.lessons import Lesson, Lessons, LessonState, Proposal
from server.pair import LocalizedText, Side
from server.people import Account, AuditFilter, Role
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


class Pair:
    """Ms. Lin has proposed a lesson to Mr. Ortega."""

    def __init__(self, house: House, lessons: Lessons, lin: Account, ortega: Account, lesson: Lesson) -> None:
        self.house = house
        self.lessons = lessons
        self.lin = lin
        self.ortega = ortega
        self.lesson = lesson

    async def link(self) -> str:
        """The newest answer link in Mr. Ortega's mails."""
        mails = [one.letter for one in await self.lessons.letters.page() if one.letter.to == self.ortega.email]
        found = re.search(r"/answer/[\w-]+", mails[0].text)
        assert found, mails[0].text
        return found[0]

    async def now(self) -> Lesson:
        return await self.lessons.lessons.get(self.lesson.id)


@pytest.fixture
async def pair(house: House, lessons: Lessons) -> Pair:
    taipei, tucson = await house.school(), await house.school(Side.UNITED_STATES, "Saguaro School")
    lin = await house.adult(taipei.id, "lin@example.edu")
    ortega = await house.adult(tucson.id, "ortega@example.edu", name="Luis Ortega")
    groups = [
        await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)
        for school in (taipei, tucson)
    ]
    on = house.clock.now().date() + timedelta(days=10)
    lesson = await lessons.lessons.propose(
        Proposal(
            title=LocalizedText("Typhoons", "颱風"),
            class_groups=(groups[0].id, groups[1].id),
            leads=(lin.id, ortega.id),
            date=on,
            start=time(8, 40),
            minutes=40,
        ),
        by=lin.id,
    )
    house.client.session.cookie_jar.clear()
    return Pair(house, lessons, lin, ortega, lesson)


async def test_looking_changes_nothing_and_shows_both_walls(pair: Pair) -> None:
    link = await pair.link()
    assert (await pair.house.anybody.get(link)).status == 200
    page = await pair.house.anybody.get(link)
    assert "Does this hour work for your class?" in page.text
    assert "08:40–09:20" in page.text
    assert "5:40–6:20 PM" in page.text
    assert (await pair.now()).state is LessonState.PROPOSED


async def test_accepting_confirms_for_that_side_and_ends_the_link(pair: Pair) -> None:
    link = await pair.link()
    after = await pair.house.anybody.post(link, {"answer": "accept"})
    assert "Your answer is with the other side" in after.text
    lesson = await pair.now()
    assert lesson.state is LessonState.CONFIRMED
    assert lesson.sides[1].confirmed_by == pair.ortega.id
    response = await _post(pair, link, {"answer": "decline"})
    assert response.status == 200
    assert (await pair.now()).state is LessonState.CONFIRMED


async def _post(pair: Pair, path: str, fields: dict[str, str], *, origin: str | None = None) -> ClientResponse:
    own = str(pair.house.client.make_url("/")).rstrip("/")
    return await pair.house.client.post(path, data=fields, headers={"Origin": origin or own}, allow_redirects=True)


async def test_a_counter_voids_the_others_consent_and_asks_them(pair: Pair) -> None:
    link = await pair.link()
    on = pair.lesson.date + timedelta(days=1)
    response = await _post(pair, link, {"answer": "counter", "date": on.isoformat(), "start": "17:00"})
    assert response.status == 200
    lesson = await pair.now()
    assert (lesson.anchor, lesson.date, lesson.start, lesson.zone) == ("b", on, time(17, 0), "America/Phoenix")
    assert lesson.state is LessonState.PROPOSED
    assert [side.is_confirmed for side in lesson.sides] == [False, True]
    lins = [one.letter for one in await pair.lessons.letters.page() if one.letter.to == pair.lin.email]
    assert "/answer/" in lins[0].text


async def test_declining_says_why(pair: Pair) -> None:
    await _post(pair, await pair.link(), {"answer": "decline", "reason": "exam week"})
    lesson = await pair.now()
    assert lesson.state is LessonState.CANCELLED
    assert "exam week" in lesson.closing_note


async def test_a_link_about_an_older_hour_says_so_and_does_nothing(pair: Pair) -> None:
    link = await pair.link()
    await pair.lessons.lessons.move(pair.lesson.id, date=pair.lesson.date, start=time(9, 40), by=pair.lin.id)
    page = await pair.house.anybody.get(link)
    assert "changed or answered since" in page.text
    await _post(pair, link, {"answer": "accept"})
    assert [side.is_confirmed for side in (await pair.now()).sides] == [True, False]
    assert await pair.link() != link


async def test_an_hour_that_cannot_be_leaves_the_link_for_another_try(pair: Pair) -> None:
    link = await pair.link()
    yesterday = pair.house.clock.now().date() - timedelta(days=1)
    response = await _post(pair, link, {"answer": "counter", "date": yesterday.isoformat(), "start": "09:00"})
    assert response.status == 422
    await _post(pair, link, {"answer": "accept"})
    assert (await pair.now()).state is LessonState.CONFIRMED


async def test_declining_without_a_word_is_declining(pair: Pair) -> None:
    """The field says that it may stay empty."""
    await _post(pair, await pair.link(), {"answer": "decline", "reason": ""})
    lesson = await pair.now()
    assert lesson.state is LessonState.CANCELLED
    assert "這個時間我們不方便" in lesson.closing_note


# -- what a calendar program answers


async def _invitation(pair: Pair) -> icalendar.Calendar:
    """As Mr. Ortega's newest letter has it."""
    mails = [one.letter for one in await pair.lessons.letters.page() if one.letter.to == pair.ortega.email]
    assert mails[0].calendar is not None
    return icalendar.Calendar.from_ical(mails[0].calendar.content)


def _reply(invitation: icalendar.Calendar, answer: str, *, by: str = "", comment: str = "") -> bytes:
    """What Outlook, Gmail and Apple Calendar write: the event again, one attendee, METHOD:REPLY."""
    (event,) = invitation.events
    who = by or str(event["ATTENDEE"]).removeprefix("mailto:")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a calendar program//EN", "METHOD:REPLY", "BEGIN:VEVENT",
        f"UID:{event['UID']}", f"SEQUENCE:{event['SEQUENCE']}", "DTSTAMP:20261001T080000Z",
        f"DTSTART:{event.start:%Y%m%dT%H%M%SZ}", f"ORGANIZER:{event['ORGANIZER']}",
        f'ATTENDEE;PARTSTAT={answer};CN="Ortega, Mr.":MAILTO:{who.upper()}',
        *([f"COMMENT:{comment}"] if comment else []), "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def _as_mail(reply: bytes) -> bytes:
    """The same, as a mail program saves it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ortega@example.edu", "class@school.example", "Accepted: 颱風"
    mail.set_content("Mr. Ortega has accepted.")
    mail.add_alternative(reply.decode(), subtype="calendar", params={"method": "REPLY"})
    return mail.as_bytes()


async def _hand_in(pair: Pair, link: str, content: bytes) -> Seen:
    page = await pair.house.anybody.get(link)
    action = f"{link}/reply"
    assert page.form(action).files == ["reply"]
    data = FormData()
    data.add_field("reply", content, filename="answer.ics", content_type="text/calendar")
    own = str(pair.house.client.make_url("/")).rstrip("/")
    response = await pair.house.client.post(action, data=data, headers={"Origin": own})
    return Seen(response.status, str(response.url.path), await response.text(), response.headers)


@pytest.mark.parametrize("is_mail", [False, True])
async def test_a_calendars_yes_handed_in_as_a_file_is_an_acceptance(pair: Pair, is_mail: bool) -> None:
    link, reply = await pair.link(), _reply(await _invitation(pair), "ACCEPTED")
    page = await _hand_in(pair, link, _as_mail(reply) if is_mail else reply)
    assert "Your answer is with the other side" in page.text
    lesson = await pair.now()
    assert (lesson.state, lesson.sides[1].confirmed_by) == (LessonState.CONFIRMED, pair.ortega.id)


async def test_a_calendars_no_brings_its_comment(pair: Pair) -> None:
    link, reply = await pair.link(), _reply(await _invitation(pair), "DECLINED", comment="exam week")
    await _hand_in(pair, link, reply)
    lesson = await pair.now()
    assert (lesson.state, lesson.closing_note) == (LessonState.CANCELLED, "exam week")


async def test_request_reply_reschedule_cancel_keep_one_uid(pair: Pair) -> None:
    first = await _invitation(pair)
    await _hand_in(pair, await pair.link(), _reply(first, "ACCEPTED"))
    on = pair.lesson.date + timedelta(days=1)
    await pair.lessons.lessons.move(pair.lesson.id, date=on, start=time(8, 40), by=pair.lin.id)
    moved = await _invitation(pair)
    stale = await _hand_in(pair, await pair.link(), _reply(first, "ACCEPTED"))
    assert stale.status == 422
    assert "another hour" in stale.text
    assert (await pair.now()).state is LessonState.PROPOSED, "a yes to the old hour is none to the new"
    await _hand_in(pair, await pair.link(), _reply(moved, "ACCEPTED"))
    assert (await pair.now()).state is LessonState.CONFIRMED
    await pair.lessons.lessons.cancel(pair.lesson.id, "typhoon", by=pair.lin.id)
    gone = await _invitation(pair)
    events = [calendar.walk("VEVENT")[0] for calendar in (first, moved, gone)]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(str(event["SEQUENCE"])) for event in events] == [0, 2, 4]
    assert [str(one["METHOD"]) for one in (first, moved, gone)] == ["REQUEST", "REQUEST", "CANCEL"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("maybe", "says maybe"),
        ("another person", "another person"),
        ("another event", "another lesson"),
        ("nonsense", "no answer of a calendar program"),
        ("an invitation", "no answer of a calendar program"),
    ],
)
async def test_what_is_no_answer_of_the_links_owner_changes_nothing(pair: Pair, kind: str, words: str) -> None:
    link, invitation = await pair.link(), await _invitation(pair)
    content = {
        "maybe": _reply(invitation, "TENTATIVE"),
        "another person": _reply(invitation, "ACCEPTED", by=pair.lin.email),
        "another event": _reply(invitation, "ACCEPTED").replace(b"@tongchuang", b"@elsewhere"),
        "nonsense": b"\xff\x00 needle",
        "an invitation": invitation.to_ical(),
    }[kind]
    page = await _hand_in(pair, link, content)
    assert page.status == 422
    assert words in page.text
    assert (await pair.now()).version == 1
    await _post(pair, link, {"answer": "accept"})
    assert (await pair.now()).state is LessonState.CONFIRMED, "the link is still good"


@pytest.mark.parametrize(
    "fields", [{}, {"answer": "delete"}, {"answer": "counter"}, {"answer": "counter", "date": "x", "start": "25:00"}]
)
async def test_nonsense_is_refused_in_words(pair: Pair, fields: dict[str, str]) -> None:
    response = await _post(pair, await pair.link(), fields)
    assert response.status == 422
    assert (await pair.now()).version == 1


async def test_another_site_cannot_press_for_the_reader(pair: Pair) -> None:
    response = await _post(pair, await pair.link(), {"answer": "accept"}, origin="https://evil.example")
    assert response.status == 403
    assert (await pair.now()).state is LessonState.PROPOSED


async def test_who_was_disabled_answers_no_more(pair: Pair) -> None:
    link = await pair.link()
    await pair.house.people.accounts.disable(pair.ortega.id, None)
    response = await _post(pair, link, {"answer": "accept"})
    assert response.status == 404
    assert (await pair.now()).state is LessonState.PROPOSED


async def test_a_calendar_address_is_made_fetched_and_ended(pair: Pair) -> None:
    house = pair.house
    await house.sign_in_as(pair.lin)
    page = await house.anybody.get("/account/calendar")
    assert "You have no calendar address yet." in page.text
    made = await house.anybody.submit(page, "/account/calendar")
    found = re.search(r'value="(http[^"]+/calendar/[\w-]+\.ics)"', unescape(made.html))
    assert found
    path = "/calendar/" + found[1].rsplit("/", 1)[1]
    house.client.session.cookie_jar.clear()
    response = await house.client.get(path)
    assert response.status == 200
    assert response.content_type == "text/calendar"
    (event,) = icalendar.Calendar.from_ical(await response.read()).events
    assert str(event["SUMMARY"]) == "Typhoons"
    again = await house.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    await house.sign_in_as(pair.lin)
    shown = await house.anybody.get("/account/calendar")
    assert path not in shown.html
    await house.anybody.submit(shown, "/account/calendar/end")
    assert (await house.client.get(path)).status == 404


async def test_find_an_hour_knows_the_classes_of_both_schools(pair: Pair) -> None:
    await pair.house.sign_in_as(pair.lin)
    a, b = (side.class_group_id for side in pair.lesson.sides)
    page = await pair.house.anybody.get(f"/hours?a={a}&b={b}&weeks=4&minutes=40")
    assert re.search(r"Hours that work: [1-9]", page.text)
    assert f"group_a={a}" in page.html


# -- a calendar's answer that came to the mailbox of our letters, handed in for who gave it


async def _hand_in_for(pair: Pair, content: bytes) -> Seen:
    page = await pair.house.anybody.get("/calendar-replies")
    form = page.form("/calendar-replies")
    data = FormData()
    data.add_field("csrf", form.values["csrf"][0])
    data.add_field("reply", content, filename="answer.eml", content_type="application/octet-stream")
    own = str(pair.house.client.make_url("/")).rstrip("/")
    response = await pair.house.client.post("/calendar-replies", data=data, headers={"Origin": own})
    return Seen(response.status, str(response.url.path), await response.text(), response.headers)


async def _enter(pair: Pair, who: str) -> Account:
    """Signed in: an administrator, a colleague of either side, or a lead."""
    sides = {"coordinator": pair.ortega, "colleague": pair.ortega, "other side": pair.lin}
    if who == "administrator":
        account = await pair.house.administrator()
    elif who in ("ortega", "lin"):
        account = pair.ortega if who == "ortega" else pair.lin
    else:
        school_id = sides[who].school_id
        assert school_id
        roles = frozenset({Role.COORDINATOR if who != "colleague" else Role.TEACHER})
        account = await pair.house.adult(school_id, f"{who.split()[0]}@example.edu", roles, name="Somebody Else")
    await pair.house.sign_in_as(account)
    return account


@pytest.mark.parametrize("who", ["administrator", "coordinator", "ortega"])
async def test_an_answer_from_the_mailbox_counts_as_its_owners_and_the_log_names_who_handed_it_in(
    pair: Pair, who: str
) -> None:
    reply = _as_mail(_reply(await _invitation(pair), "ACCEPTED"))
    account = await _enter(pair, who)
    assert (await pair.now()).version == 1, "looking changes nothing"
    page = await _hand_in_for(pair, reply)
    assert "it counts as their yes" in page.text
    lesson = await pair.now()
    assert (lesson.state, lesson.sides[1].confirmed_by) == (LessonState.CONFIRMED, pair.ortega.id)
    entries = await pair.house.people.audit.read(AuditFilter(action_prefix="lesson.reply_handed_in"))
    (entry,) = entries.entries
    assert (entry.actor, entry.subject, entry.detail) == (account.id, lesson.id, {"of": pair.ortega.id})
    mails = [one.letter for one in await pair.lessons.letters.page() if one.letter.to == pair.ortega.email]
    assert "You confirmed the lesson" in mails[0].text
    again = await _hand_in_for(pair, reply)
    assert again.status == 422
    assert "changed or answered since" in again.text or "not at the point" in again.text


async def test_a_no_from_the_mailbox_brings_its_word(pair: Pair) -> None:
    reply = _reply(await _invitation(pair), "DECLINED", comment="exam week")
    await _enter(pair, "administrator")
    page = await _hand_in_for(pair, reply)
    assert "it counts as their no" in page.text
    assert (await pair.now()).closing_note == "exam week"


@pytest.mark.parametrize("who", ["colleague", "other side", "lin"])
async def test_nobody_answers_for_a_side_that_is_not_theirs(pair: Pair, who: str) -> None:
    """A forged file of the other side, too: a lesson that exists and one that does not are answered alike."""
    reply = _reply(await _invitation(pair), "ACCEPTED")
    await _enter(pair, who)
    pages = [await _hand_in_for(pair, one) for one in (reply, reply.replace(b"lesson-le_", b"lesson-le_x"))]
    assert [page.status for page in pages] == [422, 422]
    texts = [re.search(r'role="alert">(.*?)</div>', page.html, re.DOTALL) for page in pages]
    assert texts[0]
    assert texts[1]
    assert texts[0][1] == texts[1][1]
    assert (await pair.now()).version == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("maybe", "says maybe"),
        ("nobody of it", "another person"),
        ("another event", "another lesson"),
        ("an older hour", "changed or answered since"),
        ("nonsense", "no answer of a calendar program"),
        ("nothing", "no answer of a calendar program"),
        ("too much", "no answer of a calendar program"),
    ],
)
async def test_what_is_no_answer_to_this_hour_changes_nothing(pair: Pair, kind: str, words: str) -> None:
    invitation = await _invitation(pair)
    yes = _reply(invitation, "ACCEPTED")
    content = {
        "maybe": _reply(invitation, "TENTATIVE"),
        "nobody of it": _reply(invitation, "ACCEPTED", by="eve@example.edu"),
        "another event": yes.replace(b"@tongchuang", b"@elsewhere"),
        "nonsense": b"\xff\x00 needle",
        "nothing": b"",
        "too much": yes + b" " * 300_000,
    }.get(kind, yes)
    if kind == "an older hour":
        on = pair.lesson.date + timedelta(days=1)
        await pair.lessons.lessons.move(pair.lesson.id, date=on, start=time(8, 40), by=pair.lin.id)
    before = await pair.now()
    await _enter(pair, "administrator")
    page = await _hand_in_for(pair, content)
    assert page.status in (413, 422)
    if page.status == 422:
        assert words in page.text
    assert await pair.now() == before
