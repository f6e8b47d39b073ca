"""docker/: what the composition sets is what the server reads, and its example names every value that it asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from server.settings import Settings
from tests.unit.house.test_settings import variable_of

DOCKER = Path(__file__).parents[3] / "docker"
COMPOSE = (DOCKER / "compose.yml").read_text("utf-8")
# NAME of ${NAME}, ${NAME:-default} and ${NAME:?why}
_ASKED = re.compile(r"\$\{(\w+)")


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def test_every_variable_of_the_app_is_a_setting() -> None:
    assert set(services()["app"]["environment"]) <= {variable_of(name) for name in Settings.model_fields}


def test_the_example_names_every_value_and_no_other() -> None:
    example = (DOCKER / ".env.example").read_text("utf-8")
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE)) == set(_ASKED.findall(COMPOSE))


def test_the_proxy_gets_every_value_that_it_asks_for() -> None:
    asked = re.findall(r"\{\$(\w+)\}", (DOCKER / "Caddyfile").read_text("utf-8"))
    assert set(asked) == set(services()["caddy"]["environment"])


def test_a_plain_start_has_our_own_media_server_only() -> None:
    plain = {name for name, service in services().items() if "profiles" not in service}
    assert plain == {"app", "postgres", "redis", "caddy"}


def test_livekit_tells_the_app_who_is_there_with_the_key_that_the_app_knows() -> None:
    config = services()["livekit"]["environment"]["LIVEKIT_CONFIG"]
    filled = yaml.safe_load(_ASKED.sub(r"\1", config).replace(":-}", "").replace('}"', '"'))
    assert filled["webhook"]["urls"] == ["http://127.0.0.1:8080/webhooks/livekit"]
    assert filled["keys"] == {filled["webhook"]["api_key"]: "LIVEKIT_API_SECRET"}
