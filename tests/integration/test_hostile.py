"""Hostile clients and workers, in small; `make soak` fires a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.soak import fuzz
from tests.aura_process import SIMULATED, AuraProcess

QUIET = {"AURA_SIM_TTS_AUDIO_MS": "300"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    aura = AuraProcess(tmp_path_factory.mktemp("hostile"), env={**SIMULATED, **QUIET})
    try:
        yield aura.wait_until_ready()
    finally:
        assert aura.stop() == 0


async def test_malformed_messages_over_both_protocols_cost_a_good_call_nothing(
    target: AuraProcess,
) -> None:
    children = target.children()
    found = await fuzz.sockets(target.url, children["edge"], 4000)
    assert found.wrong_answers == []
    assert found.answered > 1500
    assert found.good_turns > 0
    assert found.good_turns_lost == 0
    assert target.children() == children  # nobody died
    assert "Traceback" not in target.said()
    assert "conversation_broken" not in target.said()


async def test_malformed_messages_on_the_bus_cost_a_good_call_nothing(target: AuraProcess) -> None:
    children = target.children()
    found = await fuzz.on_bus(target.url, target.nats_url, children["worker llm"], 4000)
    assert found.answered == found.sent
    assert found.good_turns > 0
    assert found.good_turns_lost == 0
    assert target.children() == children
    assert "Traceback" not in target.said()
