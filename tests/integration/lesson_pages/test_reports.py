"""Calls for help, read afterwards: by both leads and the coordinators, as text, and written down (C18, C20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from server.ids import LessonId
from server.pages.lessons.context import LESSON_PAGES
from server.people import AuditFilter
from tests.integration.lesson_pages.conftest import NOW, House, Staff

HOSTILE = '"><script>alert(1)</script>'


@dataclass(frozen=True)
class Raised:
    id: str = "r1"
    at: datetime = NOW
    reporter: str = "pupil-a"
    about: str | None = "m7"
    text: str = "please look"
    snapshot: Mapping[str, Any] = field(
        default_factory=lambda: {
            "chat": [
                {"message": "m6", "from": "adult-ac_demo_lin", "text": "good morning"},
                {"message": "m7", "from": "pupil-b", "text": f"mean {HOSTILE}"},
            ],
            "people": [
                {"person": "pupil-a", "name": {"en": "Mei", "zh-Hant-TW": "小美"}},
                {"person": "pupil-b", "name": {"en": HOSTILE, "zh-Hant-TW": HOSTILE}},
            ],
            "media": [{"person": "pupil-b", "tracks": ["camera"]}],
        }
    )


@pytest.fixture
def raised(house: House) -> list[Raised]:
    reports: list[Raised] = []

    async def read(_: LessonId) -> Sequence[Raised]:
        return reports

    house.app[LESSON_PAGES] = replace(house.app[LESSON_PAGES], read_reports=read)
    return reports


async def test_a_lead_reads_what_was_to_be_seen(house: House, raised: list[Raised], staff: Staff) -> None:
    raised.append(Raised())
    lesson = await house.demo("schoolday")
    await staff.become("ortega")
    seen = await staff.page(f"/lessons/{lesson.id}/reports")
    assert seen.status == 200
    assert "please look" in seen.text
    assert "Mei" in seen.text
    assert "This message" in seen.text
    assert "Ms. Lin" in seen.text
    assert "<script>alert" not in seen.html
    entries = (await house.people.audit.read(AuditFilter(lesson_id=lesson.id, action_prefix="report.read"))).entries
    assert [entry.actor for entry in entries] == ["ac_demo_ortega"]
    assert "please look" not in str(entries[0].detail)


async def test_the_lesson_page_leads_there_and_an_empty_one_says_so(
    house: House, raised: list[Raised], staff: Staff
) -> None:
    lesson = await house.demo("schoolday")
    await staff.become("lin")
    page = await staff.page(f"/lessons/{lesson.id}")
    assert f"/lessons/{lesson.id}/reports" in page.html
    assert "Nobody called for help" in (await staff.page(f"/lessons/{lesson.id}/reports")).text
    assert raised == []


@pytest.mark.parametrize(("who", "status"), [("chiu", 200), ("it", 403), ("patel", 404)])
async def test_coordinators_read_and_strangers_learn_nothing(
    house: House, raised: list[Raised], staff: Staff, who: str, status: int
) -> None:
    raised.append(Raised())
    lesson = await house.demo("schoolday")
    await staff.become(who)
    seen = await staff.page(f"/lessons/{lesson.id}/reports")
    assert seen.status == status
    assert ("please look" in seen.text) is (status == 200)
