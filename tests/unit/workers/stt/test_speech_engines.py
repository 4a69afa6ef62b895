"""The engines of the STT stage behind their executor: alone or in batches, in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from schemas.events import SpeechStarted
from workers.engines.protocols import Recognition
from workers.executor.engine_executor import EngineExecutor
from workers.stt.speech_engines import RecognitionRequest, SpeechEngines
from workers.stt.utterance_follower import RequestPhase
from workers.stt.utterance_words import AudioPart


def speech(language: str = "en-GB", session: str = "s") -> SpeechStarted:
    return SpeechStarted(
        tenant="t", session=session, at_ms=1, utterance=1, language=language, deadline_ms=0
    )


def request(audio: bytes = b"\0" * 3200) -> RecognitionRequest:
    return RecognitionRequest(AudioPart(0, 100), audio)


class Alone:
    """A recogniser that takes one utterance at a time, and waits at its gate."""

    name = "alone"

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.gate = threading.Event()
        self.gate.set()

    def warm(self) -> None:
        self.calls.append(("warm",))

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        self.gate.wait(5)
        self.calls.append((len(pcm), language))
        return Recognition(f"{len(pcm)}", 1.0, 1, 1.0)


class InBatches(Alone):
    """A recogniser of several at once."""

    def transcribe_each(
        self, pcms: Sequence[bytes], *, language: str, hurried: bool = False
    ) -> Iterator[tuple[int, Recognition]]:
        self.gate.wait(5)
        self.calls.append(([len(pcm) for pcm in pcms], language, hurried))
        for number, pcm in enumerate(pcms):
            yield number, Recognition(f"{len(pcm)}", 1.0, 1, 1.0)


class Turns:
    def __init__(self) -> None:
        self.warmed = False

    def warm(self) -> None:
        self.warmed = True

    def eot_audio(self, pcm: bytes) -> float:
        return len(pcm) / 3


def engines(recognizer: Alone, turns: Turns | None = None, most: int = 8) -> SpeechEngines:
    return SpeechEngines(recognizer, EngineExecutor(1, limit_s=5), turns, most_at_once=most)


async def test_an_engine_is_told_the_language_without_its_region() -> None:
    for recognizer in (Alone(), InBatches()):
        heard = await engines(recognizer).recognise(
            request(b"abc"), speech(), rank=0, hurried=False
        )
        assert heard.text == "3"
        assert "en" in recognizer.calls[0]


async def test_utterances_that_wait_are_one_call_if_they_are_alike() -> None:
    recognizer = InBatches()
    both = engines(recognizer)
    recognizer.gate.clear()
    async with asyncio.TaskGroup() as tasks:

        async def hear(size: int, language: str, *, hurried: bool) -> None:
            event = speech(language, f"s{size}")
            heard = await both.recognise(request(bytes(size)), event, rank=0, hurried=hurried)
            assert heard.text == str(size)

        tasks.create_task(hear(1, "en", hurried=False))
        await asyncio.sleep(0)
        for size, language, hurried in (
            (2, "en", False),
            (3, "de", False),
            (4, "en-US", False),
            (5, "en", True),
        ):
            tasks.create_task(hear(size, language, hurried=hurried))
            await asyncio.sleep(0)
        recognizer.gate.set()
    assert recognizer.calls == [
        ([1], "en", False),
        ([2, 4], "en", False),
        ([3], "de", False),
        ([5], "en", True),
    ]


async def test_a_smaller_rank_goes_first() -> None:
    recognizer = Alone()
    both = engines(recognizer)
    recognizer.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        for size, rank in ((1, 0), (2, 2), (3, 1), (4, 0)):
            hearing = both.recognise(request(bytes(size)), speech(), rank=rank, hurried=False)
            tasks.create_task(hearing)
            await asyncio.sleep(0)
        recognizer.gate.set()
    assert [size for size, _ in recognizer.calls] == [1, 4, 3, 2]


async def test_a_request_knows_whether_its_recogniser_has_begun() -> None:
    """What has begun is not worth to be cancelled."""
    recognizer = Alone()
    both = engines(recognizer)
    recognizer.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        first, second = request(), request()
        for each in (first, second):

            async def hear(asked: RecognitionRequest = each) -> None:
                await both.recognise(asked, speech(), rank=0, hurried=False)

            each.task = tasks.create_task(hear())
        async with asyncio.timeout(5):
            while first.phase is not RequestPhase.BEGUN:
                await asyncio.sleep(0)
        assert (first.is_active, second.is_active) == (True, True)
        assert second.phase is RequestPhase.WAITS
        second.cancel()
        recognizer.gate.set()
    assert (first.is_active, second.is_active) == (False, False)
    assert len(recognizer.calls) == 1
    request().cancel()  # nothing runs yet


async def test_the_end_of_a_turn_is_judged_by_the_turn_model_if_there_is_one() -> None:
    assert await engines(Alone()).eot_audio(speech(), b"a") is None
    assert await engines(Alone(), Turns()).eot_audio(speech(), b"a") == 0.333


def test_both_models_are_warmed() -> None:
    recognizer, turns = Alone(), Turns()
    engines(recognizer, turns).warm()
    engines(Alone()).warm()
    assert (recognizer.calls, turns.warmed) == ([("warm",)], True)
