"""An Aura with simulated engines, shared by the tests that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import forked_commands
from tests.aura_process import SIMULATED, AuraProcess
from tests.bus_fixtures import bus, nats_server, settings  # noqa: F401  # pytest finds them here

OPERATOR = "an operator's token of 32 characters or more"


@pytest.fixture(autouse=True, scope="session")
def _commands_are_forked() -> None:
    """Without it a COMMAND before the first Aura of these tests imports everything by itself."""
    forked_commands.start()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    aura = AuraProcess(
        tmp_path_factory.mktemp("simulated"),
        env={
            **SIMULATED,
            "AURA_API_REQUESTS_PER_MINUTE": "100000",
            "AURA_JOINS_PER_MINUTE_PER_IP": "100000",
            "AURA_OPERATOR_TOKEN": OPERATOR,
        },
    )
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()
