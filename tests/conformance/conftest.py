"""Which server is judged, over which links: options, the matrix, and the fixtures that every conformance test uses."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from livekit import rtc

from tests.conformance.meeting import Combination, Link, Meeting
from tests.conformance.target import KEY, SECRET, TREE, Target, livekit_server, our_server
from tests.conformance.webhook_sink import WebhookSink

ONE_UDP, ONE_TCP = Link(pcs="one", transport="udp"), Link(pcs="one", transport="tcp")
TWO_UDP, TWO_TCP = Link(pcs="two", transport="udp"), Link(pcs="two", transport="tcp")
LINKS = (ONE_UDP, TWO_TCP)
ALL_LINKS = (ONE_UDP, TWO_TCP, ONE_TCP, TWO_UDP)
# Every pair of values of {peer connections} x {transport} x {codec} stands in one of these six.
COMBINATIONS = (
    Combination(link=ONE_UDP, codec="vp8"),
    Combination(link=TWO_TCP, codec="vp8"),
    Combination(link=ONE_TCP, codec="h264"),
    Combination(link=TWO_UDP, codec="h264"),
    Combination(link=ONE_UDP, codec="vp8", is_simulcast=True),
    Combination(link=TWO_TCP, codec="vp8", is_simulcast=True),
)
ALL_COMBINATIONS = tuple(
    Combination(link=link, codec=codec, is_simulcast=is_simulcast)
    for link in ALL_LINKS
    for codec in ("vp8", "h264")
    for is_simulcast in (False, True)
)
SCENARIOS = (
    rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT,
    rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT,
    rtc.SimulateScenarioKind.SIMULATE_MIGRATION,
    rtc.SimulateScenarioKind.SIMULATE_NODE_FAILURE,
    rtc.SimulateScenarioKind.SIMULATE_FORCE_TCP,
    rtc.SimulateScenarioKind.SIMULATE_DISCONNECT_SIGNAL_ON_RESUME,
)
_NAME: pytest.StashKey[str] = pytest.StashKey()
_TURNS: pytest.StashKey[dict[str, int]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "the LiveKit-compatible server under test")
    group.addoption("--livekit-url", help="judge this server (ws://…) instead of starting our own [LIVEKIT_URL]")
    group.addoption("--livekit-key", help="its API key [LIVEKIT_API_KEY]")
    group.addoption("--livekit-secret", help="its API secret [LIVEKIT_API_SECRET]")
    group.addoption("--livekit-server", help="start this livekit-server binary and judge it [LIVEKIT_SERVER]")
    group.addoption("--is-ours", action="store_true", help="the server of --livekit-url is Tongchuang's")
    group.addoption("--all", action="store_true", help="the whole matrix, not only pairs that cover every value")


def option(config: pytest.Config, name: str, variable: str) -> str:
    # Why the default: options of this folder are unknown when pytest was started for the whole tree.
    return config.getoption(name, default=None) or os.environ.get(variable, "")


def _is_whole(config: pytest.Config) -> bool:
    return bool(config.getoption("--all", default=False)) or os.environ.get("CONFORMANCE_ALL") == "1"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_ours(reason): Tongchuang's server must; another may fail, and is named")
    config.addinivalue_line("markers", "needs_webhooks: the server must send its webhooks to this suite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Without --all the tests of a file take turns: one over one peer connection and UDP, the next over two and TCP."""
    is_whole = _is_whole(metafunc.config)
    names = metafunc.fixturenames
    if "combination" in names:
        metafunc.parametrize("combination", ALL_COMBINATIONS if is_whole else COMBINATIONS, ids=str)
    elif "scenario" in names and "link" in names:
        pairs = [(one, LINKS[turn % 2]) for turn, one in enumerate(SCENARIOS)]
        cells = [(one, link) for one in SCENARIOS for link in ALL_LINKS] if is_whole else pairs
        ids = [f"{rtc.SimulateScenarioKind.Name(one)}-{link}" for one, link in cells]
        metafunc.parametrize(("scenario", "link"), cells, ids=ids)
    elif "link" in names:
        metafunc.parametrize("link", ALL_LINKS if is_whole else LINKS[_turn(metafunc) :][:1], ids=str)
    elif "pcs" in names:
        metafunc.parametrize("pcs", ("one", "two") if is_whole else (LINKS[_turn(metafunc)].pcs,))


def _turn(metafunc: pytest.Metafunc) -> int:
    turns = metafunc.config.stash.setdefault(_TURNS, {})
    turn = turns.setdefault(metafunc.module.__name__, 0)
    turns[metafunc.module.__name__] = turn + 1
    return turn % 2


def _is_ours(config: pytest.Config) -> bool:
    if option(config, "--livekit-url", "LIVEKIT_URL"):
        return bool(config.getoption("--is-ours", default=False))
    return not option(config, "--livekit-server", "LIVEKIT_SERVER")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if not item.path.is_relative_to(here):
            continue
        marker = item.get_closest_marker("only_ours")
        if marker is not None and not _is_ours(config):
            # Why not a skip: a difference that is known is looked at again in each run, and said.
            item.add_marker(pytest.mark.xfail(reason=str(marker.args[0]), strict=False))
        if item.get_closest_marker("needs_webhooks") and option(config, "--livekit-url", "LIVEKIT_URL"):
            item.add_marker(pytest.mark.skip(reason="a server by URL does not send its webhooks here"))


@pytest.fixture(scope="session")
def webhook_sink() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        yield sink


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, webhook_sink: WebhookSink) -> Iterator[Target]:
    """The server under test, started once for the whole run."""
    config: pytest.Config = request.config
    url, binary = option(config, "--livekit-url", "LIVEKIT_URL"), option(config, "--livekit-server", "LIVEKIT_SERVER")
    if url:
        found = Target(
            url=url,
            key=option(config, "--livekit-key", "LIVEKIT_API_KEY") or KEY,
            secret=option(config, "--livekit-secret", "LIVEKIT_API_SECRET") or SECRET,
            name=url,
            is_ours=_is_ours(config),
            has_webhooks=False,
        )
        config.stash[_NAME] = found.name
        yield found
        return
    if not binary and not (TREE / "server" / "media_app.py").exists():
        pytest.skip("the tree has no media server yet: give --livekit-url or --livekit-server")
    with livekit_server(binary, webhook_sink.url) if binary else our_server(webhook_sink.url) as started:
        config.stash[_NAME] = f"{started.name} at {started.url}"
        yield started


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if name := config.stash.get(_NAME, None):
        for outcome, words in (("xfailed", "differs, as is known"), ("xpassed", "does not differ any more")):
            for report in terminalreporter.getreports(outcome):
                if report.nodeid.startswith("tests/conformance/"):
                    terminalreporter.write_line(f"conformance: {words}: {report.nodeid} ({report.wasxfail})")
        terminalreporter.write_line(f"conformance: the server under test was {name}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows the last lines that the server under test wrote."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result of a hook wrapper
    target = getattr(item, "funcargs", {}).get("target")
    if report.failed and isinstance(target, Target) and target.log:
        report.sections.append(("server under test", "\n".join(list(target.log)[-25:])))


@pytest.fixture
async def meeting(target: Target, link: Link) -> AsyncIterator[Meeting]:
    """A fresh room over each link of the matrix."""
    opened = Meeting(target, link)
    yield opened
    await opened.close()


@pytest.fixture
async def plain_meeting(target: Target) -> AsyncIterator[Meeting]:
    """A fresh room over one ordinary link, for what has nothing to do with links."""
    opened = Meeting(target, ONE_UDP)
    yield opened
    await opened.close()
