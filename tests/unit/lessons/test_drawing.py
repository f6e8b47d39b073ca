"""The drawing of a lesson's life in the documentation is the machine's."""

from __future__ import annotations

import re
from pathlib import Path

from server.lessons import EDGES
from server.lessons import commands as c

DOCUMENT = Path(__file__).parents[3] / "docs" / "lessons.md"
# These leave the state as it is wherever they are allowed.
STEADY = {
    c.FollowClockRules,
    c.NameSubstitute,
    c.AddCoTeacher,
    c.RemoveCoTeacher,
    c.HandOverLead,
    c.SetMode,
    c.SetAdultsNeeded,
}


def test_every_edge_is_drawn_and_none_that_is_not_there() -> None:
    text = DOCUMENT.read_text("utf-8")
    drawn = {
        (start, end, name.strip())
        for start, end, names in re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
        for name in names.split(",")
    }
    real = {
        (str(start), str(end), c.name_of(command))
        for command, edges in EDGES.items()
        if command not in STEADY
        for start, ends in edges.items()
        for end in ends
    }
    assert drawn == real
    assert all(ends == {start} for command in STEADY for start, ends in EDGES[command].items())
