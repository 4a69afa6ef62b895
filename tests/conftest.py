"""What all tests share: no settings of this machine, marks by folder, the order of files."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator

import hypothesis
import pytest
import structlog

# How fast a machine is decides nothing here. `make test` draws more examples.
for profile, examples in (("quick", 8), ("thorough", 30)):
    hypothesis.settings.register_profile(
        profile,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("quick")

# Unlike the default it draws no local variables, which takes seconds.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


LONGEST_FIRST = [
    *("test_talk_page.py", "test_http.py", "test_stock_clients.py", "test_failover.py"),
    *("test_replay.py", "test_documented_commands.py", "test_subscribers.py", "test_mcp.py"),
    *("test_wheel.py", "test_edge_lost.py", "test_pages.py", "test_cluster.py"),
    *("test_console.py", "test_tools.py", "test_up.py", "test_talk.py", "test_budgets.py"),
    *("test_call.py", "test_sip.py", "test_twilio.py", "test_webhook.py", "test_quotas.py"),
    *("test_client_library.py", "test_other_models.py", "test_calls.py", "test_realtime.py"),
    *("test_sip_registrar.py", "test_privacy.py", "test_metrics.py", "test_shadow.py"),
    *("test_slow_reader.py", "test_links.py", "test_door.py", "test_warehouse.py"),
    *("test_page_microphones.py", "test_echo.py", "test_fast_sound.py", "test_overload.py"),
]
"""Files that take half a minute or more begin first, so that none runs alone at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from what stays to the end: thousands of tests, all modules."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in ("integration", "e2e"):
            if f"/tests/{name}/" in str(item.path):
                item.add_marker(name)
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_this_machine() -> Iterator[None]:
    """Keep a developer's own settings out of the tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith("AURA_") and not name.startswith("AURA_TEST_"):
                environment.delenv(name)
        for name in ("HOST", "PORT", "DEBUG", "NATS_URL", "CEREBRAS_API_KEY"):
            environment.delenv(name, raising=False)
        yield
