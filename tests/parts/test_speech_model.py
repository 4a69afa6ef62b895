"""Silero's model hears a voice in 32 ms of sound, each call for itself; settings choose it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from edge.call.speech_model import SileroModel, chosen, find
from edge.core.hearing.vad import VAD_CHUNK_BYTES
from runtime.settings import Settings, SettingsError, load


def settings(**given: Any) -> Settings:
    return load(_env_file=None, **{"stt_engine": "whisper", **given})


@pytest.fixture(scope="module")
def model() -> SileroModel:
    path = find()
    if path is None:
        pytest.skip("Silero's model is not installed: make setup")
    return SileroModel(path)


def noise(chunks: int, seed: int = 1) -> list[bytes]:
    random = np.random.default_rng(seed)
    samples = random.normal(0, 2000, (chunks, VAD_CHUNK_BYTES // 2)).astype("<i2")
    return [chunk.tobytes() for chunk in samples]


def test_silence_is_no_voice(model: SileroModel) -> None:
    opinion = model.opinion()
    heard = [opinion(bytes(VAD_CHUNK_BYTES)) for _ in range(10)]
    assert all(0 <= one < 0.2 for one in heard)


def test_each_call_has_a_state_of_its_own(model: SileroModel) -> None:
    """What one caller says changes nothing of what is heard of another."""
    chunks = noise(8)
    alone = model.opinion()
    expected = [alone(chunk) for chunk in chunks]
    first, other = model.opinion(), model.opinion()
    heard = []
    for chunk, loud in zip(chunks, noise(8, seed=2), strict=True):
        heard.append(first(chunk))
        other(loud)
    assert heard == expected


def test_a_stream_that_begins_anew_has_forgotten_what_it_heard(model: SileroModel) -> None:
    opinion, chunks = model.opinion(), noise(4)
    first = [opinion(chunk) for chunk in chunks]
    assert [opinion(chunk) for chunk in chunks] != first
    opinion.reset()
    assert [opinion(chunk) for chunk in chunks] == first


@pytest.mark.parametrize("given", [{"vad": "webrtc"}, {"vad": "auto", "stt_engine": "simulated"}])
def test_an_edge_that_needs_no_model_loads_none(given: dict[str, Any]) -> None:
    assert chosen(settings(**given)) is None


def test_the_model_is_used_where_it_is_there(model: SileroModel) -> None:
    del model
    assert isinstance(chosen(settings(vad="auto")), SileroModel)
    assert isinstance(chosen(settings(vad="silero", stt_engine="simulated")), SileroModel)


@pytest.mark.parametrize("missing", ["faster_whisper", "onnxruntime"])
def test_what_is_not_installed_is_told_only_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert chosen(settings(vad="auto")) is None
    with pytest.raises(SettingsError, match=r"AURA_VAD=silero needs .*pip install"):
        chosen(settings(vad="silero"))
