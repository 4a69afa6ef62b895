"""The stand-ins keep their times and break on demand."""

import time
from contextlib import aclosing
from typing import Any

import pytest

from workers.engines.errors import EngineUnavailableError
from workers.engines.protocols import Prompt, Usage
from workers.engines.simulated import (
    HEARD,
    NONSENSE,
    RESPONSE,
    Fault,
    SimulatedLanguageModel,
    SimulatedRecognizer,
    SimulatedSynthesizer,
)


async def answer(model: SimulatedLanguageModel, text: str, **more: Any) -> list[Any]:
    async with aclosing(model.stream(Prompt("", (("user", text),), **more))) as tokens:
        return [token async for token in tokens]


def test_the_recognizer_hears_the_same_in_the_time_it_was_given() -> None:
    began = time.perf_counter()
    heard = SimulatedRecognizer(delay_ms=20).transcribe(b"\0" * 3200, language="en")
    assert (heard.text, heard.audio_ms) == (HEARD, 100)
    assert time.perf_counter() - began >= 0.02
    assert SimulatedRecognizer(delay_ms=0).transcribe(b"", language="en").text == ""


async def test_the_language_model_streams_and_counts() -> None:
    *said, usage = await answer(SimulatedLanguageModel(first_ms=0, token_ms=0), "Hi")
    assert tuple(said) == RESPONSE
    assert usage == Usage(1, 20, "simulated-language-model")


async def test_the_language_model_continues_what_was_said() -> None:
    whole = "".join(RESPONSE)
    *rest, _ = await answer(SimulatedLanguageModel(first_ms=0, token_ms=0), "Hi", said=whole[:33])
    assert whole[:33] + "".join(rest) == whole


def test_the_voice_is_two_seconds_of_whole_pieces() -> None:
    pieces = list(SimulatedSynthesizer(delay_ms=0).synthesize("Hello."))
    assert {len(piece) for piece in pieces} == {3200}
    assert len(pieces) == 20
    assert list(SimulatedSynthesizer(delay_ms=0).synthesize(" ")) == []


async def test_only_the_marked_job_fails() -> None:
    fault = Fault("raise", "poison")
    model = SimulatedLanguageModel(first_ms=0, token_ms=0, fault=fault)
    assert len(await answer(model, "fine")) == 21
    with pytest.raises(EngineUnavailableError):
        await answer(model, "this is poison")
    with pytest.raises(EngineUnavailableError):
        SimulatedRecognizer(delay_ms=0, fault=fault).transcribe(b"..poison..", language="en")
    with pytest.raises(EngineUnavailableError):
        list(SimulatedSynthesizer(delay_ms=0, fault=fault).synthesize("poison"))


async def test_nonsense_is_not_an_answer_and_not_audio() -> None:
    fault = Fault("nonsense")
    *said, _ = await answer(SimulatedLanguageModel(first_ms=0, token_ms=0, fault=fault), "poison")
    assert set(said) == {NONSENSE}
    pieces = list(SimulatedSynthesizer(delay_ms=0, fault=fault).synthesize("poison"))
    assert all(len(piece) % 2 for piece in pieces)


def test_a_hanging_job_comes_back_late() -> None:
    fault = Fault("hang", "poison", hang_s=0.05)
    heard = SimulatedRecognizer(delay_ms=0, fault=fault).transcribe(b"poison", language="en")
    assert heard.took_ms >= 50
