"""Nothing secret reaches a log line, whichever way it comes in."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from server.log import configure_log
from server.redaction import REDACTED, is_secret_name, redact
from tests.conftest import configure_test_log

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsaW4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "line",
    [
        f"GET /rtc/v1?access_token={JWT}&join_request=SECRETJOIN== 101",
        "GET /rtc?access_token=SECRET&auto_subscribe=1",
        "/check?join_request=SECRET",
        "Authorization: Bearer SECRET",
        "{'Authorization': 'Bearer SECRET'}",
        '{"token": "SECRET", "room": "r"}',
        "LIVEKIT_API_SECRET=SECRET",
        "api_secret='SECRET'",
        "password: SECRET",
        f"bad token {JWT.replace('c2lnbmF0dXJl', 'SECRET')}",
        "eyJhbGciOiJIUzI1NiJ9.SECRET",
        "/join?code=SECRET",
        "Cookie: SECRET",
    ],
)
def test_a_secret_is_replaced(line: str) -> None:
    redacted = redact(line)
    assert "SECRET" not in redacted.replace("API_SECRET", "")
    assert JWT not in redacted
    assert REDACTED in redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "line", ["status_code=404", "error_code: not_found", "room=r identity=i", "GET /rtc/v1?auto_subscribe=1 101"]
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == line


def test_other_parameters_stay() -> None:
    assert redact("/rtc?access_token=a&auto_subscribe=1") == f"/rtc?access_token={REDACTED}&auto_subscribe=1"


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [("token", True), ("access_token", True), ("livekit_api_secret", True), ("error_code", False), ("room", False)],
)
def test_secret_names(name: str, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


def _log(as_json: bool, keep_pii: bool = False) -> list[str]:
    before = logging.getLogger().handlers[:]
    stream = io.StringIO()
    try:
        configure_log(as_json=as_json, keep_pii=keep_pii, to=stream)
        log = structlog.get_logger("test")
        log.info("joined", token="SECRET", nested={"api_secret": "SECRET"}, **{"pii.name": "王小明"})
        logging.getLogger("aiohttp.access").info("GET /rtc?access_token=SECRET")
        try:
            raise ValueError("token=SECRET")
        except ValueError:
            log.exception("failed")
        logging.getLogger("lib").error("x %s", "Bearer SECRET")
    finally:
        logging.getLogger().handlers = before
        configure_test_log()
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("as_json", [True, False])
def test_no_line_of_the_log_shows_a_secret_or_a_name(as_json: bool) -> None:
    text = "\n".join(_log(as_json))
    assert "SECRET" not in text
    assert "王小明" not in text
    assert "joined" in text
    assert "ValueError" in text


def test_personal_data_shows_only_when_asked_for() -> None:
    assert "王小明" in "\n".join(_log(True, keep_pii=True))


def test_json_lines_stay_json() -> None:
    lines = [json.loads(line) for line in _log(True)]
    assert [line["event"] for line in lines][:2] == ["joined", f"GET /rtc?access_token={REDACTED}"]
