"""The arithmetic of the figures, and when a run is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.budget import files_of, weigh
from bench.measure import cpu_seconds, descendants, quantile, refuse_if_busy, slope_per_hour, summary
from bench.target import parse_target


def test_quantiles_are_nearest_ranks() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([], 0.5)) == (51.0, 100.0, 0.0)
    assert summary([1.0, 3.0], "ms") == "median 2.0 · p95 3.0 · p99 3.0 · max 3.0 ms"
    assert summary([]) == "no samples"


def test_a_busy_generator_refuses_the_run() -> None:
    assert refuse_if_busy(0.79) is None
    assert "refused" in str(refuse_if_busy(0.81))


def test_slope() -> None:
    assert slope_per_hour([(0.0, 100.0), (1.0, 101.0), (2.0, 102.0)]) == pytest.approx(3600)
    assert slope_per_hour([(0.0, 1.0)]) == 0


def test_own_process_has_used_time_and_is_its_own_descendant() -> None:
    assert cpu_seconds([os.getpid()]) > 0
    assert os.getpid() in descendants(os.getpid())


def test_a_target_by_words() -> None:
    target = parse_target(f"livekit=ws://127.0.0.1:7880,key,secret,{os.getpid()}")
    assert (target.name, target.url, target.key, target.secret) == ("livekit", "ws://127.0.0.1:7880", "key", "secret")
    assert os.getpid() in target.media_pids
    assert target.http_url == "http://127.0.0.1:7880"
    with pytest.raises(ValueError, match="NAME=URL"):
        parse_target("ws://127.0.0.1:7880")


def test_a_page_weighs_what_it_loads_first(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes(b"a" * 10_000)
    (tmp_path / "b.js").write_bytes(os.urandom(1000))
    (tmp_path / "later.js").write_bytes(os.urandom(5000))
    (tmp_path / "f.woff2").write_bytes(bytes(777))
    manifest = {
        "page": {"file": "a.js", "isEntry": True, "imports": ["shared"], "dynamicImports": ["later"]},
        "shared": {"file": "b.js", "assets": ["f.woff2"], "imports": ["page"]},
        "later": {"file": "later.js"},
    }
    files = files_of(manifest, "page")
    assert files == {"a.js", "b.js", "f.woff2"}
    sums = weigh(tmp_path, files)
    assert sums["font"] == 777
    assert 1000 < sums["js"] < 1200
