"""One log for the product and its libraries: static event names, one line each, secrets redacted at the very end."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from server.redaction import REDACTED, is_secret_name, redact

# Why: personal data goes under these keys only, so that production can drop it without knowing the event.
PII_PREFIX = "pii."


def configure_log(
    *, level: str = "info", as_json: bool = False, keep_pii: bool = False, to: TextIO | None = None
) -> None:
    """Route structlog and `logging` through one redacting formatter. `to` is stderr unless a test hands in a stream."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _PersonalData(keep_pii),
        _redact_values,
    ]
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, _redact_line],
    )
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Why: their info lines are one per packet retry or per request; ours say the same once.
    for noisy in ("aioice", "aiortc", "asyncio", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _PersonalData:
    """Drops `pii.…` keys unless a developer asked to keep them."""

    def __init__(self, keep: bool) -> None:
        self._keep = keep

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if not self._keep:
            for key in [key for key in event if key.startswith(PII_PREFIX)]:
                del event[key]
        return event


def _redact_values(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key != "_record":
            event[key] = REDACTED if is_secret_name(key) else _redact_value(value)
    return event


def _redact_value(value: Any) -> Any:
    """Before a renderer escapes quotes, while names and values still stand beside one another."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: REDACTED if is_secret_name(str(key)) else _redact_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redact_value(inner) for inner in value]
    return value if isinstance(value, (int, float, type(None))) else redact(repr(value))


def _redact_line(_: Any, __: str, line: Any) -> str:
    """The net under everything: whatever a library put into its message or a traceback shows."""
    return redact(line if isinstance(line, str) else str(line))
