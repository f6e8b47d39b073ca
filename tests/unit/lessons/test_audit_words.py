"""Whatever is done to a lesson has words in the audit log."""

from __future__ import annotations

import pytest

from server.lessons import EDGES
from server.lessons import commands as c
from server.pages.audit_words import ACTIONS, words_of

ACTIONS_OF_LESSONS = ["lesson.propose", *(f"lesson.{c.name_of(command)}" for command in EDGES)]


@pytest.mark.parametrize("action", [*ACTIONS_OF_LESSONS, "attendance.correct", "attendance.seen"])
def test_every_action_has_words(action: str) -> None:
    assert action in ACTIONS
    assert words_of(action).zh != words_of(action).en
