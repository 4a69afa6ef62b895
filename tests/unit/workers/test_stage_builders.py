"""Each stage is built as it is set: its engine, its slots, and what runs beside it."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.settings import Settings, SettingsError, load
from runtime.text.redaction import BadRulesError
from schemas.stages import STAGE_NAMES
from workers.engines.errors import EngineRefusedError
from workers.engines.protocols import Prompt
from workers.engines.simulated import SimulatedLanguageModel
from workers.llm.stage import LlmStage
from workers.stage_builders import _nothing, build
from workers.stt.stage import SttStage
from workers.tools.stage import ToolStage
from workers.tts.stage import TtsStage


def settings(**given: Any) -> Settings:
    simulated = {f"{stage}_engine": "simulated" for stage in ("stt", "llm", "tts")}
    return load(_env_file=None, **{**simulated, **given})


class ReadsAhead(SimulatedLanguageModel):
    """A language model that reads prompts ahead."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(first_ms=settings.sim_llm_first_ms)

    async def read_ahead(self, request: Prompt) -> None: ...


AHEAD = f"{__name__}:ReadsAhead"


@pytest.mark.parametrize("name", STAGE_NAMES)
def test_each_stage_has_its_name_and_the_slots_that_are_set(name: Any) -> None:
    built = build(settings(**{f"{name}_slots": 3}), name)
    assert (built.stage.name, built.slots) == (name, 3)


@pytest.mark.parametrize(
    ("given", "threads"),
    [
        ({}, 7),
        ({"stt_engine": "openai", "stt_base_url": "http://localhost", "stt_model": "m"}, 7),
        ({"stt_engine": "whisper"}, 2),
    ],
)
def test_a_recogniser_that_only_waits_has_a_thread_for_each_slot(
    given: dict[str, Any], threads: int
) -> None:
    """One that computes has as many as the operator lets it use cores."""
    stage = build(settings(stt_slots=7, stt_workers=2, **given), "stt").stage
    assert isinstance(stage, SttStage)
    assert stage.engines._executor.threads == threads


def test_a_recogniser_masks_writes_partials_and_takes_batches_as_it_is_set() -> None:
    given = settings(redact="numbers", stt_partial_interval_ms=700, stt_batch=5)
    stage = build(given, "stt").stage
    assert isinstance(stage, SttStage)
    assert stage.mask("call 4929 1234") == "call [number]"
    assert (stage.interval_ms, stage.engines._most) == (700, 5)
    with pytest.raises(BadRulesError):
        build(settings(redact="nonsense"), "stt")


def test_a_simulated_recogniser_needs_no_turn_model_and_another_has_the_one_that_is_set() -> None:
    for engine, there in (("simulated", False), ("whisper", True)):
        stage = build(settings(stt_engine=engine, turn_model="/turn.onnx"), "stt").stage
        assert isinstance(stage, SttStage)
        assert (stage.engines._turn_model is not None) is there


def test_a_simulated_voice_prepares_no_greeting_and_another_does_in_its_language() -> None:
    simulated = build(settings(greeting="Hello."), "tts").stage
    assert isinstance(simulated, TtsStage)
    assert simulated._greeting == ""
    server = {"tts_engine": "openai", "tts_base_url": "http://localhost", "tts_voice": "amy"}
    stage = build(settings(greeting="Hello.", language="de", tts_speed=1.5, **server), "tts").stage
    assert isinstance(stage, TtsStage)
    assert stage._greeting == "Hello."
    assert (stage._speaker.language, stage._speaker.speed) == ("de", 1.5)


def test_prompts_are_read_ahead_only_by_a_model_that_can() -> None:
    simple = build(settings(), "llm")
    assert isinstance(simple.stage, LlmStage)
    assert simple.companion is _nothing
    assert build(settings(llm_engine=AHEAD), "llm").companion is not _nothing


def test_a_tool_runner_calls_services_and_webhooks() -> None:
    stage = build(settings(), "tool").stage
    assert isinstance(stage, ToolStage)
    assert stage.model == "nats+webhook"


@pytest.mark.parametrize("name", ["tool_secret", "webhook_secret"])
def test_a_secret_that_signs_nothing_is_refused_at_the_start(name: str) -> None:
    with pytest.raises(SettingsError, match=f"AURA_{name.upper()}"):
        build(settings(**{name: "not base64!"}), "tool")


def test_an_engine_that_is_not_set_up_is_an_error_of_its_own() -> None:
    with pytest.raises(EngineRefusedError, match="AURA_STT_BASE_URL"):
        build(settings(stt_engine="openai"), "stt")
