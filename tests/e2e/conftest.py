"""An Aura with its real engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.settings import load
from tests.aura_process import FRESH, AuraProcess
from tests.bus_fixtures import bus, nats_server, settings  # noqa: F401  # pytest finds them here
from workers.engines import factory

OUR_OWN = load(
    _env_file=None,
    stt_engine="whisper",
    stt_model="tiny.en",
    stt_workers=1,
    llm_engine="local",
    llm_model="gemma3-270m",
    llm_slots=2,
    tts_engine="piper",
    tts_voice="en_US-joe-medium",
    threads=0,
    cache_dir="~/.cache/aura",
)
"""The engines that Aura brings itself, whatever is set on this machine."""


@pytest.fixture(scope="session")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    model = {"AURA_LLM_MODEL": OUR_OWN.llm_model}
    process = AuraProcess(tmp_path_factory.mktemp("real"), env=model, command=FRESH)
    try:
        yield process.wait_until_ready(180)
    finally:
        process.stop()


@pytest.fixture(scope="session")
def say() -> object:
    """Return a function that speaks text with the project's own voice: s16le mono 16 kHz."""
    voice = factory.synthesizer(OUR_OWN)
    return lambda text: b"".join(voice.synthesize(text))
