"""What holds for every test: markers by folder, no blocking call in a coroutine, no socket in a unit test."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

TESTS = Path(__file__).parent
# Why these: a folder is the marker, so that nobody forgets one and a new folder must be thought about.
LAYERS = ("unit", "contract", "integration", "conformance", "fuzz", "e2e")


def configure_test_log() -> None:
    """Plain lines on stdout, which pytest keeps for failures; structlog's own default paints tracebacks from files."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def pytest_configure() -> None:
    configure_test_log()
    # Why no deadline: on a busy machine any example may take long, and that says nothing about the code.
    settings.register_profile("house", deadline=None)
    settings.load_profile("house")


def layer_of(path: Path) -> str | None:
    """The first folder under tests/, when it is a layer."""
    parts = path.relative_to(TESTS).parts if path.is_relative_to(TESTS) else ()
    return parts[0] if parts and parts[0] in LAYERS else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        layer = layer_of(item.path)
        if layer is None:
            raise pytest.UsageError(f"{item.path} is in no layer: put it under tests/ in one of {', '.join(LAYERS)}")
        item.add_marker(layer)


@pytest.fixture(autouse=True)
def no_blocking_calls(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """A blocking call of ours inside a running event loop fails the test (browser tests drive a synchronous API)."""
    if layer_of(request.node.path) == "e2e":
        yield None
        return
    with blockbuster_ctx("server") as guard:
        # Why: it asks the kernel for the working folder at most and touches no disk; SQLAlchemy calls it on a path.
        guard.functions["os.path.abspath"].deactivate()
        # Why: asyncpg looks for ~/.pgpass and ~/.postgresql once per connection made, not per query.
        for function in guard.functions.values():
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
            # Why: a traceback in the log shows source lines; nothing is fast any more when it is written.
            function.can_block_in("linecache.py", {"checkcache", "updatecache"})
        for name, function in guard.functions.items():
            # Why: reads of SQLite are made in the loop on purpose (server/storage/reading.py); its connections refuse
            # to write, and whatever is asked in another way still fails here.
            if name.startswith("sqlite3."):
                function.can_block_in(
                    "server/storage/reading.py", {"do_execute", "begin_reading", "data_version", "open_to_look"}
                )
                function.can_block_in("sqlalchemy/engine/default.py", "do_rollback")
                function.can_block_in("sqlalchemy/engine/cursor.py", {"fetchone", "fetchmany", "fetchall"})
                function.can_block_in("server/storage/engine.py", {"_connect", "_refuse_writes"})
        yield guard


@pytest.fixture(autouse=True)
def no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that would reach a network fails at once, with the reason (socketpair stays: event loops use it)."""
    if layer_of(request.node.path) != "unit":
        return

    def refuse(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("a unit test used a socket: move it to tests/integration or hand it a fake", pytrace=True)

    for name in ("bind", "connect", "connect_ex", "listen", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
