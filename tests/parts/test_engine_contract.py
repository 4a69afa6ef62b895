"""The contract of engines: ours keep it, and each fault of one of somebody else's has its check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from schemas.audio import BYTES_PER_MS
from workers.engines import contract
from workers.engines.custom import EngineKind
from workers.engines.errors import EngineUnavailableError
from workers.engines.protocols import Prompt, Recognition, Token, Usage
from workers.engines.simulated import (
    SimulatedLanguageModel,
    SimulatedRecognizer,
    SimulatedSynthesizer,
)

GOOD: dict[EngineKind, Any] = {
    "stt": SimulatedRecognizer(delay_ms=0),
    "llm": SimulatedLanguageModel(first_ms=0, token_ms=0),
    "tts": SimulatedSynthesizer(delay_ms=0),
}


@pytest.mark.parametrize("kind", ["stt", "llm", "tts"])
def test_our_engines_keep_it(kind: EngineKind) -> None:
    results = list(contract.failures(kind, GOOD[kind]))
    assert len(results) == len(contract.CHECKS[kind])
    assert [(what, why) for what, why in results if why] == []


def failed(kind: EngineKind, engine: Any) -> dict[str, str]:
    return {what: why for what, why in contract.failures(kind, engine) if why}


class Hears(SimulatedRecognizer):
    """A recogniser with one fault."""

    def __init__(self, **wrong: Any) -> None:
        super().__init__(delay_ms=0)
        self._wrong = wrong

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        del language
        right = {"text": "Hi.", "confidence": 0.9, "audio_ms": len(pcm) // BYTES_PER_MS}
        return Recognition(**{**right, "took_ms": 1.0, **self._wrong})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": " Hi."}, "blanks"),
        ({"confidence": -0.3}, "`confidence` is 0 to 1, not -0.3"),
        ({"text": ""}, "empty text is 0"),
        ({"audio_ms": 1}, "`audio_ms`"),
        ({"eot_stt": 7.0}, "`eot_stt`"),
    ],
)
def test_a_recognition_that_cannot_be_is_named(wrong: dict[str, Any], told: str) -> None:
    assert told in failed("stt", Hears(**wrong))["returns a recognition"]


def test_an_engines_error_is_reported() -> None:
    class Short(Hears):
        def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
            if len(pcm) < 3200:
                raise ZeroDivisionError("no frames")
            return super().transcribe(pcm, language=language)

    why = failed("stt", Short())
    assert why == {"takes any length": "it raised ZeroDivisionError: no frames"}


def test_words_of_several_that_get_lost_are_missed() -> None:
    class Together(Hears):
        def transcribe_each(self, pcms: list[bytes], **_: Any) -> Iterator[tuple[int, Recognition]]:
            yield 0, self.transcribe(pcms[0], language="en")

    assert "each index once" in failed("stt", Together())["hears several together as one by one"]


def test_an_engine_that_cannot_be_warmed_is_not_checked_further() -> None:
    class Cold(Hears):
        def warm(self) -> None:
            raise EngineUnavailableError("nobody answers")

    assert list(contract.failures("stt", Cold())) == [("can be warmed", "nobody answers")]


class Speaks(SimulatedSynthesizer):
    """A voice that gives what it is told to."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(delay_ms=0)
        self._pieces = pieces

    def synthesize(self, text: str) -> Iterator[bytes]:
        del text
        yield from self._pieces


TONE = b"".join(SimulatedSynthesizer(delay_ms=0, audio_ms=2000).synthesize("x"))


@pytest.mark.parametrize(
    ("pieces", "check", "told"),
    [
        ([TONE * 10], "speaks 16 khz mono", "s16le mono of 16 kHz"),
        ([TONE[:3200]], "speaks 16 khz mono", "not 100"),
        ([bytes(64_000)], "is heard", "is 0 of 32767"),
        ([TONE[:-1]], "speaks 16 khz mono", "whole samples"),
        ([TONE, b""], "is heard", "not empty"),
    ],
)
def test_sound_that_cannot_be_played_is_named(pieces: list[bytes], check: str, told: str) -> None:
    assert told in failed("tts", Speaks(*pieces))[check]


def test_sound_all_at_once_is_no_stream() -> None:
    class Whole(SimulatedSynthesizer):
        def synthesize(self, text: str) -> Any:
            return list(super().synthesize(text))

    why = failed("tts", Whole(delay_ms=0))
    assert "use `yield`" in why["gives its sound as an iterator"]


class Answers(SimulatedLanguageModel):
    """A language model that yields what it is told to."""

    def __init__(self, *tokens: Any, blocks_s: float = 0.0) -> None:
        super().__init__(first_ms=0, token_ms=0)
        self._tokens = tokens
        self._blocks_s = blocks_s

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        del request
        time.sleep(self._blocks_s)  # noqa: ASYNC251  # the fault that is looked for
        for token in self._tokens:
            yield token
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("tokens", "told"),
    [
        (["Yes."], "the last piece, and no other, is a Usage"),
        ([Usage(1, 1, "m"), "Yes."], "the last piece"),
        (["Yes.", None, Usage(1, 1, "m")], "not NoneType"),
        ([Usage(1, 1, "m")], "there is a response"),
    ],
)
def test_a_missing_stream_is_reported(tokens: list[Any], told: str) -> None:
    assert told in failed("llm", Answers(*tokens))["responds and counts"]


def test_a_model_that_computes_on_the_event_loop_is_found() -> None:
    model = Answers("Yes.", Usage(1, 1, "m"), blocks_s=contract.llm.BLOCKED_S + 0.1)
    why = failed("llm", model)
    assert list(why) == ["never blocks the event loop"]
    assert "asyncio.to_thread" in why["never blocks the event loop"]


def test_a_blocking_warm_of_a_language_model_is_found() -> None:
    class Blocking(Answers):
        def warm(self) -> Any:
            return None

    assert "async" in failed("llm", Blocking("Yes."))["can be awaited until it is warm"]


def test_the_contract_can_be_used_in_a_test_of_somebody_elses() -> None:
    for check in contract.CHECKS["stt"]:
        assert check(GOOD["stt"]) is None
    with pytest.raises(contract.ContractError, match="blanks"):
        contract.stt.returns_a_recognition(Hears(text=" Hi."))
