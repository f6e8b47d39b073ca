"""Settings: what `.env.example` lists is what there is, and a bad one is said in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.errors import InvalidInput
from server.settings import Settings, dump_settings, load_settings, read_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this machine's variables nor a .env of the developer's."""
    import os

    for name in list(os.environ):
        if name.startswith(("TONGCHUANG_", "LIVEKIT_", "DATABASE_URL", "REDIS_URL")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variable_of(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if alias is not None and not isinstance(alias, str) else f"TONGCHUANG_{name.upper()}"  # type: ignore[union-attr]  # always AliasChoices here


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert set(example()) == {variable_of(name) for name in Settings.model_fields}


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Settings()
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert Settings() == bare


def test_an_example_file_can_be_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text("utf-8"))
    assert load_settings().port == 8080


def test_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHUANG_PORT", "1111")
    assert load_settings().port == 1111
    assert load_settings(port=2222, host=None).port == 2222


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]  # that is the point


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHUANG_WEBHOOK_URLS", "http://a/, http://b/ ,")
    assert load_settings().webhook_urls == ("http://a/", "http://b/")


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("TONGCHUANG_PORT", "99999", "port"),
        ("TONGCHUANG_PORT", "eighty", "port"),
        ("TONGCHUANG_NODE_IP", "not-an-address", "node_ip"),
        ("TONGCHUANG_PUBLIC_URL", "class.example.edu", "public_url"),
        ("TONGCHUANG_TLS_CERT", "cert.pem", "go together"),
        ("LIVEKIT_URL", "ftp://x", "LIVEKIT_URL"),
        ("TONGCHUANG_WORKERS", "-1", "workers"),
        ("TONGCHUANG_APPS", "2", "REDIS_URL"),
        ("TONGCHUANG_APPS", "0", "apps"),
        ("REDIS_URL", "http://127.0.0.1:6379", "redis://"),
        ("REDIS_URL", "redis://", "redis://"),
        ("DATABASE_URL", "mysql://x/y", "postgresql"),
    ],
)
def test_a_bad_setting_is_one_sentence(name: str, value: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert word in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_misspelt_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TONGCHUANG_PROT=1\n")
    with pytest.raises(InvalidInput, match=re.compile("prot", re.IGNORECASE)):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_SECRET", "SECRET" * 8)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:SECRET@h/d")
    assert "SECRET" not in repr(load_settings())


def test_a_child_has_the_settings_of_its_parent_and_asks_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_SECRET", "s" * 32)
    monkeypatch.setenv("REDIS_URL", "redis://:password@127.0.0.1/0")
    ours = load_settings(port=1111, trusted_proxies="10.0.0.1,10.0.0.2", apps=2)
    dumped = json.loads(json.dumps(dump_settings(ours)))
    # Changed afterwards: a replaced child must not see it.
    monkeypatch.setenv("TONGCHUANG_PORT", "2222")
    monkeypatch.setenv("TONGCHUANG_NODE_IP", "not-an-address")
    theirs = read_settings(dumped)
    assert dump_settings(theirs) == dump_settings(ours)
    assert theirs.livekit_api_secret.get_secret_value() == "s" * 32
    assert theirs.data == ours.data
