"""Attendance by its page: read, corrected, signed, downloaded; cards: confirmed, shown once, readable by a scanner."""

from __future__ import annotations

import re

import pytest

from server.pages.lessons.cards import card_shown, qr_svg
from tests.integration.lesson_pages.conftest import House, Staff

GROUP = "tw-taipei-chenguang-5a"
CARDS = f"/class-groups/{GROUP}/cards"


async def test_attendance_stands_on_each_sides_own_wall(house: House, staff: Staff) -> None:
    lesson = await house.demo("schoolday")
    await staff.become("lin")
    seen = await staff.page(f"/lessons/{lesson.id}/attendance")
    assert "26 of 29 were there." in seen.text
    assert "07:32–08:20" in seen.text
    assert "4:32–5:20 PM" in seen.text
    assert seen.text.count("absent") >= 6
    assert seen.text.index("Taipei Chenguang") < seen.text.index("Saguaro"), "one's own side first"
    forms = [form for form in seen.forms if form.action.endswith("/correct")]
    assert len(forms) == 29, "one's own side only"


async def test_a_correction_keeps_the_record_and_takes_the_signature_away(house: House, staff: Staff) -> None:
    lesson = await house.demo("schoolday")
    path = f"/lessons/{lesson.id}"
    user = await staff.become("lin")
    seen = await user.get(f"{path}/attendance")
    seen = await user.submit(seen, f"{path}/attendance/sign")
    assert "Attendance is signed. Write a few lines." in seen.text
    page = await user.get(f"{path}/attendance")
    form = next(form for form in page.forms if form.action.endswith("/correct"))
    given = {name: one[0] for name, one in form.values.items()} | {"reason": "came later"}
    seen = await user.post(f"{path}/attendance/correct", given)
    assert "came later" in seen.text
    lesson = await house.demo("schoolday")
    assert [side.is_attendance_signed for side in lesson.sides] == [False, True], "only that of the own side"


@pytest.mark.parametrize(
    ("lines", "is_good"),
    [
        ("07:50-08:30", True),
        ("07:50–08:10\n08:12:30 ～ 08:30", True),
        ("", True),
        ("7:50-8:30", True),
        ("08:30-07:50", False),
        ("yesterday", False),
        ("07:50", False),
        ("07:61-08:30", False),
        ("05:00-06:00", False),
        ("07:50-08:10\n08:00-08:30", False),
    ],
)
async def test_what_can_be_typed_as_times(house: House, staff: Staff, lines: str, is_good: bool) -> None:
    lesson = await house.demo("schoolday")
    path = f"/lessons/{lesson.id}/attendance"
    user = await staff.become("lin")
    before = await house.lessons.attendance.sheet(lesson.id)
    person = next(row.person for row in before.rows if row.person.startswith("pupil-") and row.side == "a")
    token = (await user.get(path)).forms[-1].values["csrf"][0]
    given = {"csrf": token, "person": person, "intervals": lines, "reason": "was at the door =1+1"}
    seen = await user.post(f"{path}/correct", given)
    row = next(row for row in (await house.lessons.attendance.sheet(lesson.id)).rows if row.person == person)
    if is_good:
        assert seen.status == 200
        assert row.correction is not None
        assert len(row.intervals) == len([line for line in lines.splitlines() if line])
        assert "was at the door =1+1" in seen.text
        assert row.recorded == next(one for one in before.rows if one.person == person).recorded
    else:
        assert seen.status in (400, 422)
        assert row.correction is None
        assert 'role="alert"' in seen.html or "data-wrong" in seen.html


async def test_a_correction_needs_a_reason(house: House, staff: Staff) -> None:
    lesson = await house.demo("schoolday")
    path = f"/lessons/{lesson.id}/attendance"
    user = await staff.become("lin")
    page = await user.get(path)
    form = next(form for form in page.forms if form.action == f"{path}/correct")
    seen = await user.post(f"{path}/correct", {name: one[0] for name, one in form.values.items()})
    assert seen.status == 422
    assert "Please fill this in." in seen.text
    assert seen.html.count('<details class="more" open>') == 1, "the form that is wrong is open"


async def test_the_csv_is_for_both_schools_and_nobody_else(house: House, staff: Staff) -> None:
    lesson = await house.demo("schoolday")
    await staff.become("chiu")
    answer = await staff.client.get(f"/lessons/{lesson.id}/attendance.csv")
    body = await answer.read()
    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert body.startswith("\ufeff".encode())
    assert 'attachment; filename="attendance-2026-11-17.csv"' in answer.headers["Content-Disposition"]
    await staff.become("rivera")
    assert (await staff.client.get(f"/lessons/{lesson.id}/attendance.csv")).status == 404


async def test_cards_are_confirmed_then_shown_once(house: House, staff: Staff) -> None:
    user = await staff.become("lin")
    page = await user.get(CARDS)
    assert "exist already" not in page.text
    assert f"127.0.0.1:{staff.client.port}/join" in page.text
    assert house.cards.count == 0, "looking makes none"
    sheet = await user.submit(page, CARDS)
    assert house.cards.count == 1
    assert sheet.headers["Cache-Control"] == "no-store"
    assert sheet.html.count('<article class="join-card"') == 28
    assert sheet.html.count("<svg viewBox") == 28
    assert "1CAR-D000" in sheet.text
    assert not sheet.reader.handlers, "no style attributes: the policy would refuse them"
    assert not re.search(r"<style|style=", sheet.html)
    again = await user.get(CARDS)
    assert "1CAR-D000" not in again.text
    assert "exist already" in again.text
    assert "End the old cards and make new ones" in again.text


async def test_cards_are_for_ones_own_class_only(house: House, staff: Staff) -> None:
    for who, status in (("rivera", 404), ("chiu", 200), ("it", 403)):
        user = await staff.become(who)
        assert (await user.get(CARDS)).status == status, who
    await staff.become("rivera")
    me = await (await staff.client.get("/api/v1/me")).json()
    assert (await staff.browser.post(CARDS, {"csrf": me["csrf"]})).status == 404
    assert house.cards.count == 0


def test_the_code_in_the_picture_is_the_address_of_the_card() -> None:
    """Read back by the inverse of how it is drawn: dark modules are exactly those of the QR symbol."""
    import segno

    address = "https://class.example.edu/join/ABCD2345"
    markup = str(qr_svg(address))
    drawn = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", markup):
        drawn |= {(int(x) + step - 4, int(y) - 4) for step in range(int(length))}
    symbol = segno.make(address, error="m", micro=False)
    dark = {(x, y) for y, row in enumerate(symbol.matrix) for x, module in enumerate(row) if module}
    assert drawn == dark
    assert f'viewBox="0 0 {symbol.symbol_size(border=0)[0] + 8} ' in markup


def test_a_code_is_printed_in_two_groups_and_spelled_for_screen_readers() -> None:
    for code in ("ABCD2345", "ABCD-2345"):
        card = card_shown("品妤", code, "https://class.example.edu")
        assert (card.groups, card.spelled) == ("ABCD-2345", "A B C D, 2 3 4 5")
