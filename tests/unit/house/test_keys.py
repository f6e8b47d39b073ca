"""LiveKit keys: made once, kept for their owner only, never shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.errors import ErrorCode, InvalidInput, Unavailable
from server.keys import FILE_NAME, configured_keys, kept_keys, parse_keys, read_kept_keys

LONG = "s" * 32


def test_keys_are_made_once(tmp_path: Path) -> None:
    assert read_kept_keys(tmp_path) == {}
    keys = kept_keys(tmp_path)
    assert kept_keys(tmp_path) == keys == read_kept_keys(tmp_path)
    ((key, secret),) = keys.items()
    assert key.startswith("API")
    assert len(secret) >= 32
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: kept_keys(tmp_path), range(8)))
    assert all(keys == read_kept_keys(tmp_path) for keys in made)


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", '{"a": 1}'])
def test_a_damaged_file_is_said_and_kept(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(Unavailable) as caught:
        kept_keys(tmp_path)
    assert caught.value.code is ErrorCode.DATA_UNUSABLE
    assert (tmp_path / FILE_NAME).read_text() == content


def test_several_keys_in_lines() -> None:
    assert parse_keys(f"a: {LONG}\n\n b:{LONG} ") == {"a": LONG, "b": LONG}


def test_the_pair_comes_first() -> None:
    assert list(configured_keys(api_key="a", api_secret=LONG, keys=f"b: {LONG}")) == ["a", "b"]


def test_nothing_configured_is_nothing() -> None:
    assert configured_keys(api_key="", api_secret="", keys="") == {}


@pytest.mark.parametrize(
    ("api_key", "api_secret", "keys"),
    [("a", "", ""), ("", LONG, ""), ("a", "SECRETshort", ""), ("", "", "a: SECRETshort"), ("", "", "SECRETnocolon")],
)
def test_what_cannot_be_a_key_is_refused_without_showing_it(api_key: str, api_secret: str, keys: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured_keys(api_key=api_key, api_secret=api_secret, keys=keys)
    assert "SECRET" not in str(caught.value).replace("LIVEKIT_API_SECRET", "")
