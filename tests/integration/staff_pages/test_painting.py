"""Hours painted on real dates by the real pages, and what the search for an hour makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from html import unescape

import pytest

from server.app import AppParts
from server.availability import Owner, Painted, PaintState
from server.ids import ClassGroupId
from server.lessons import Lessons
from server.pair import LocalizedText, Side
from server.people import Account, AuditFilter, Role
from tests.integration.staff_pages.conftest import House
from tests.integration.staff_pages.web_user import Seen, WebUser, best_first

OWN = "/account/availability"
# A week in term on both sides; the fake clock stands before it.
MONDAY, TUESDAY = date(2026, 10, 26), date(2026, 10, 27)


@pytest.fixture
def lessons(parts: AppParts) -> Lessons:
    assert parts.lessons is not None
    return parts.lessons


@dataclass
class Pair:
    house: House
    lessons: Lessons
    lin: Account
    chief: Account
    a: ClassGroupId
    b: ClassGroupId

    @property
    def me(self) -> WebUser:
        return self.house.anybody

    async def week(self, path: str = OWN, monday: date = MONDAY, step: int = 60) -> Seen:
        seen = await self.me.get(f"{path}?week={monday}&step={step}")
        assert seen.status == 200, seen.text
        return seen

    async def paint(self, seen: Seen, path: str = OWN, monday: date = MONDAY, step: int = 60, **given: object) -> Seen:
        """By the form of the grid, as a browser without a script sends it, or with `paint` as the script does."""
        form = next(one for one in seen.forms if "brush" in one.options)
        values = [(name, one) for name, many in form.values.items() for one in many if name not in given]
        for name, many in given.items():
            values += [(name, str(one)) for one in (many if isinstance(many, list) else [many])]
        return await self.me.post(f"{path}?week={monday}&step={step}", values)

    async def found(self, weeks: int = 1) -> str:
        seen = await self.me.get(f"/hours?a={self.a}&b={self.b}&from={MONDAY}&weeks={weeks}&all=1")
        assert seen.status == 200
        return seen.text


@pytest.fixture
async def pair(house: House, lessons: Lessons) -> Pair:
    taipei = await house.school()
    pasadena = await house.people.schools.create(
        side=Side.UNITED_STATES,
        name=LocalizedText("Arroyo School", "阿羅約小學"),
        place=LocalizedText("Pasadena", "帕薩迪納"),
        zone="America/Los_Angeles",
        language="en",
        by=None,
    )
    lin = await house.adult(taipei.id, "lin@example.edu")
    chief = await house.adult(taipei.id, "chief@example.edu", frozenset({Role.COORDINATOR}), name="Chief Wu")
    groups = [
        await house.people.class_groups.create(school.id, name=LocalizedText("5A", "五年甲班"), grade="5", by=None)
        for school in (taipei, pasadena)
    ]
    await house.sign_in_as(lin)
    return Pair(house, lessons, lin, chief, groups[0].id, groups[1].id)


async def teach(pair: Pair) -> None:
    seen = await pair.week()
    assert "None is chosen yet" in seen.text
    after = await pair.me.submit(seen, f"{OWN}/classes", class_group=[pair.a])
    assert "None is chosen yet" not in after.text


async def test_a_week_is_seven_real_dates_and_never_a_weekday_alone(pair: Pair) -> None:
    seen = await pair.week()
    heads = re.findall(r'<th scope="col".*?</th>', seen.html, re.DOTALL)
    for head, day in zip(
        heads[1:], ["10/26 週一", "10/27 週二", "10/28 週三", "10/29 週四", "10/30 週五"], strict=False
    ):
        assert day in head
    assert len(heads) == 8
    keys = re.findall(r'name="cell" value="([^"]*)"', seen.html)
    assert len(keys) == 7 * 16
    assert all(re.fullmatch(r"2026-1[01]-\d\d/\d+", key) for key in keys)
    # Any date of a week leads to the same seven dates.
    other = await pair.week(monday=date(2026, 10, 29))
    assert re.findall(r'name="cell" value="([^"]*)"', other.html) == keys


async def test_what_has_no_date_or_no_hour_is_refused_and_nothing_is_painted(pair: Pair) -> None:
    page = await pair.week()
    for cell in ("tue/480", "1/480", "/480", "2026-10-27", "2026-10-27/481", "2026-10-27/1440", ""):
        seen = await pair.paint(page, cell=[cell], brush="cannot")
        assert seen.status == 422
        assert "Please give a date" in seen.text
    assert (await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, TUESDAY)).version == 0


async def test_a_teacher_who_cannot_is_a_busy_teacher_of_the_chosen_classes(pair: Pair) -> None:
    assert "10/27 週二 08:40" in await pair.found()
    seen = await pair.paint(await pair.week(), cell=[f"{TUESDAY}/{hour * 60}" for hour in range(6, 22)], brush="cannot")
    assert "cannot" in seen.text
    assert "10/27 週二 08:40" in await pair.found(), "the class was not chosen yet"
    await teach(pair)
    text = await pair.found()
    assert "10/27 週二" not in best_first(text)
    assert "10/28 週三 08:40" in text
    assert "Lin" not in re.sub(r"^.*?Find an hour for two classes", "", text, flags=re.DOTALL), (
        "who cannot is told to nobody"
    )


async def test_a_gladly_offered_evening_opens_hours_on_that_date_alone(pair: Pair) -> None:
    """05:30 in Taiwan is an afternoon in California: nobody's bells offer it."""
    await teach(pair)
    assert "05:30" not in await pair.found()
    seen = await pair.paint(
        await pair.week(step=30), step=30, paint=[f"{TUESDAY}/{minute}/gladly" for minute in (330, 360, 390)]
    )
    assert seen.status == 200
    text = await pair.found(weeks=2)
    list_of = best_first(text)
    early = re.findall(r"(\d+/\d+ 週.) 0[56]:\d\d", list_of)
    assert set(early) == {"10/27 週二"}


async def test_a_coordinator_paints_for_a_class_and_a_teacher_only_looks(pair: Pair) -> None:
    path = f"/class-groups/{pair.a}/availability"
    seen = await pair.week(path)
    assert 'name="cell"' not in seen.html
    csrf = re.search(r'name="csrf" value="([^"]+)"', seen.html)
    assert csrf
    refused = await pair.me.post(
        path, {"csrf": csrf[1], "cell": f"{TUESDAY}/480", "brush": "cannot", "version": "0", "repeat": "0"}
    )
    assert refused.status == 403
    await pair.house.sign_in_as(pair.chief)
    after = await pair.paint(
        await pair.week(path), path, cell=[f"{TUESDAY}/{hour * 60}" for hour in range(6, 22)], brush="cannot"
    )
    assert after.status == 200
    text = best_first(await pair.found())
    assert "10/27 週二" not in text
    entries = (await pair.house.people.audit.read(AuditFilter(school_id=pair.chief.school_id))).entries
    assert entries[0].action == "class_hours.painted"


async def test_the_same_on_the_next_weeks_is_dated_entries_over_the_clock_change(pair: Pair) -> None:
    await pair.paint(await pair.week(), cell=[f"{TUESDAY}/480"], brush="reluctantly", repeat=2)
    found = await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, date(2027, 1, 1))
    assert found.hours == tuple(
        Painted(on=on, start_minute=480, end_minute=540, state=PaintState.RELUCTANTLY)
        for on in (TUESDAY, date(2026, 11, 3), date(2026, 11, 10))
    )
    # One of them wiped: the others stay.
    later = date(2026, 11, 2)
    await pair.paint(await pair.week(monday=later), monday=later, cell=["2026-11-03/480"], brush="bells")
    left = await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, date(2027, 1, 1))
    assert [one.on for one in left.hours] == [TUESDAY, date(2026, 11, 10)]


async def by_the_clock(pair: Pair, **given: str) -> Seen:
    seen = await pair.week()
    form = next(one for one in seen.forms if "from" in one.values)
    values = {name: many[0] for name, many in form.values.items()} | given
    return await pair.me.post(f"{OWN}?week={MONDAY}&step=60", values)


async def test_a_range_by_the_clock_until_midnight(pair: Pair) -> None:
    await by_the_clock(pair, on=str(TUESDAY), state="gladly", **{"from": "21:10", "to": "00:00"})
    (only,) = (await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, date(2026, 11, 1))).hours
    assert (only.start_minute, only.end_minute) == (1_270, 1_440)
    seen = await pair.week()
    assert "partly painted" in seen.text
    assert 'data-state="gladly"' in seen.html
    # What is not on the rows of the grid stays when another cell of it is painted.
    await pair.paint(seen, cell=[f"{TUESDAY}/1320"], brush="bells")
    left = (await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, date(2026, 11, 1))).hours
    assert [(one.start_minute, one.end_minute) for one in left] == [(1_270, 1_320), (1_380, 1_440)]


WRONG: list[tuple[dict[str, str], str]] = [
    ({"on": "", "from": "08:00", "to": "09:00"}, "Please give a date"),
    ({"on": "tuesdays", "from": "08:00", "to": "09:00"}, "Please give a date"),
    ({"on": "2026-10-27", "from": "09:00", "to": "09:00"}, "not after the beginning"),
    ({"on": "2026-10-27", "from": "10:00", "to": "09:00"}, "not after the beginning"),
    ({"on": "2026-10-27", "from": "08:03", "to": "09:00"}, "whole five minutes"),
    ({"on": "2020-01-07", "from": "08:00", "to": "09:00"}, "That day is over"),
    ({"on": "2031-01-07", "from": "08:00", "to": "09:00"}, "more than 400 days"),
    ({"on": "2026-10-27", "from": "08:00", "to": "09:00", "repeat": "99"}, "At most 18 weeks"),
    ({"on": "2026-10-27", "from": "08:00", "to": "09:00", "state": "perhaps"}, "Please give a date"),
]


async def test_a_wrong_range_says_why_and_keeps_what_was_typed(pair: Pair) -> None:
    for given, said in WRONG:
        seen = await by_the_clock(pair, **given)
        assert seen.status == 422
        assert said in seen.text
        if given["on"] == "2026-10-27":
            assert f'name="from" type="time" step="300" required value="{given["from"]}"' in unescape(seen.html)
    assert (await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, TUESDAY)).version == 0


async def test_the_hour_that_the_clock_skips_takes_no_paint(pair: Pair) -> None:
    """California's Sunday of 2027-03-14: 02:00 to 03:00 does not exist, the rest of the Sunday does."""
    american = await pair.house.people.class_groups.find(pair.b)
    assert american
    ortega = await pair.house.adult(american.school_id, "ortega@example.edu", name="Luis Ortega")
    await pair.house.sign_in_as(ortega)
    monday = date(2027, 3, 8)
    refused = await pair.paint(await pair.week(monday=monday), monday=monday, cell=["2027-03-14/120"], brush="cannot")
    assert refused.status == 422
    assert "it does not exist" in refused.text
    taken = await pair.paint(
        await pair.week(monday=monday), monday=monday, cell=["2027-03-14/60", "2027-03-14/180"], brush="cannot"
    )
    assert "the clock skips this hour" in taken.text
    assert 'value="2027-03-14/120"' not in taken.html
    assert "the clock changes" in taken.text


async def test_of_two_windows_of_one_teacher_the_second_is_told(pair: Pair) -> None:
    first = await pair.week()
    await pair.paint(first, cell=[f"{MONDAY}/480"], brush="cannot")
    second = await pair.paint(first, cell=[f"{TUESDAY}/480"], brush="gladly")
    assert second.status == 422
    assert f'value="{TUESDAY}/480" checked' in second.html, "what was ticked stays ticked"
    found = await pair.lessons.painted.find(Owner.account(pair.lin.id), MONDAY, date(2026, 11, 1))
    assert [one.on for one in found.hours] == [MONDAY]


async def test_past_dates_take_no_paint(pair: Pair) -> None:
    today = pair.house.clock.now().date()
    past = date.fromordinal(today.toordinal() - 14)
    monday = date.fromordinal(past.toordinal() - past.weekday())
    seen = await pair.week(monday=monday)
    assert 'name="cell"' not in seen.html
    refused = await pair.paint(seen, monday=monday, cell=[f"{past}/480"], brush="cannot")
    assert (refused.status, "That day is over" in refused.text) == (422, True)


async def test_strangers_and_the_other_school_see_nothing(pair: Pair) -> None:
    needle = f"/class-groups/{pair.b}/availability"
    seen = await pair.me.get(needle)
    assert seen.status == 404
    assert "Arroyo" not in seen.text
    pair.house.client.session.cookie_jar.clear()
    assert "/sign-in" in (await pair.me.get(OWN)).path
