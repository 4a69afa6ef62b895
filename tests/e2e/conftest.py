"""An Aura with its real engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aura_process import AuraProcess
from workers.engines import factory


@pytest.fixture(scope="session")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path_factory.mktemp("real"))
    try:
        yield process.wait_until_ready(180)
    finally:
        process.stop()


@pytest.fixture(scope="session")
def say() -> object:
    """Return a function that speaks text with the project's own voice: s16le mono 16 kHz."""
    voice = factory.synthesizer(factory.EngineOptions())
    return lambda text: b"".join(voice.synthesize(text))
