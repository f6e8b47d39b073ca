"""A sample of what `bench plans` runs: the independent judge agrees, and sees mistakes that people make."""

from __future__ import annotations

import random

import pytest

from bench.plans import caught, disagreements, mutants


@pytest.mark.parametrize("seed", range(4))
def test_the_judge_agrees_with_every_random_plan(seed: int) -> None:
    assert list(disagreements(random.Random(seed), 400)) == []


def test_the_judge_sees_mutants() -> None:
    """Those that a small sample surely meets; `bench plans` runs all of them for longer."""
    sure = {"closures are ignored", "an hour late", "five minutes late", "one cell too short", "evenings are at school"}
    chosen = [what for what in mutants() if what[0] in sure]
    assert len(chosen) == len(sure)
    assert [what[0] for what in chosen if not caught(what, seed=1, plans=2_000)] == []
