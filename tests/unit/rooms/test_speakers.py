"""Speakers are told as changes: who started, who changed by a step, who stopped."""

from __future__ import annotations

from server.rooms.speakers import Speakers


def test_only_changes_are_told() -> None:
    speakers = Speakers()
    assert [(s.sid, s.level, s.active) for s in speakers.update({"a": 0.5})] == [("a", 0.5, True)]
    assert speakers.update({"a": 0.52}) == []
    assert [(s.sid, s.level) for s in speakers.update({"a": 0.9, "b": 0.01})] == [("a", 0.875), ("b", 0.125)]
    assert [(s.sid, s.active) for s in speakers.update({"b": 0.1})] == [("a", False)]
    assert [s.sid for s in speakers.current()] == ["b"]
    speakers.forget("b")
    assert speakers.current() == []
