"""What the tests of proposing and of changing lessons begin with: a proposal, a stranger, and a refusal's code."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from server.errors import ErrorCode, TongchuangError
from server.ids import AccountId
from server.lessons import Proposal
from server.pair import LocalizedText
from tests.fakes.lessons import LIN, ORTEGA, TAIPEI_CLASS, TUCSON_CLASS

STRANGER = AccountId("ac_stranger")


def a_proposal(**changes: Any) -> Proposal:
    whole = Proposal(
        title=LocalizedText("Two mornings", "兩地晨光"),
        class_groups=(TAIPEI_CLASS, TUCSON_CLASS),
        leads=(LIN, ORTEGA),
        date=date(2026, 10, 22),
        start=time(8, 40),
        minutes=40,
    )
    return replace(whole, **changes)


async def refusal(work: Awaitable[object]) -> ErrorCode:
    with pytest.raises(TongchuangError) as caught:
        await work
    return caught.value.code
