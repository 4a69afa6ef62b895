"""An engine on trial does a job of its stage as the one in service did, and is compared with it."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.settings import Settings, load
from schemas.events import (
    AnyEvent,
    Message,
    ResponseCompleted,
    ResponseSentence,
    SpeechReady,
    SpeechStarted,
    TranscriptFinal,
)
from tests.neutral import taken
from workers.analytics.trial_engines import (
    Work,
    in_service,
    language_model,
    recognizer,
    synthesizer,
)
from workers.engines.simulated import HEARD, RESPONSE

WHO: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}
SPOKEN = b"SAY:call 4929 1234;" + bytes(3181)


def simulated(**given: Any) -> Settings:
    engines = {f"{stage}_engine": "simulated" for stage in ("stt", "llm", "tts")}
    quick = {"sim_stt_ms": 0, "sim_llm_first_ms": 20, "sim_llm_token_ms": 5, "sim_tts_ms": 0}
    return load(_env_file=None, **engines, **quick, **given)


def speech(utterance: int = 1) -> SpeechStarted:
    return SpeechStarted(**WHO, utterance=utterance, language="en", deadline_ms=0)


def sentence(turn: int = 1, index: int = 2) -> ResponseSentence:
    return ResponseSentence(
        **WHO,
        turn=turn,
        index=index,
        text="Hello.",
        first_token_ms=1,
        took_ms=1,
        model="m",
        deadline_ms=0,
    )


FINAL = TranscriptFinal(
    **WHO, utterance=1, text="Hi.", confidence=1.0, audio_ms=900, took_ms=7, model="in service"
)
COMPLETED = ResponseCompleted(
    **WHO,
    turn=1,
    sentences=1,
    text="Yes.",
    model="in service",
    prompt_tokens=1,
    completion_tokens=1,
    took_ms=8,
)
READY = SpeechReady(
    **WHO, turn=1, index=2, chunks=3, audio_ms=1200, first_chunk_ms=4, took_ms=9, model="in service"
)


OF_RECOGNISER = Work(model="in service", took_ms=7, text="Hi.", audio_ms=900)
OF_LANGUAGE_MODEL = Work(model="in service", took_ms=8, text="Yes.")
OF_VOICE = Work(model="in service", took_ms=9, first_ms=4, audio_ms=1200)


@pytest.mark.parametrize(
    ("job", "other", "event", "work"),
    [
        (speech(), speech(2), FINAL, OF_RECOGNISER),
        (taken(), taken(turn=2), COMPLETED, OF_LANGUAGE_MODEL),
        (taken(), taken(step=1), COMPLETED, OF_LANGUAGE_MODEL),
        (sentence(), sentence(index=3), READY, OF_VOICE),
    ],
)
def test_the_engine_in_service_is_known_by_the_event_of_the_same_job(
    job: AnyEvent, other: AnyEvent, event: AnyEvent, work: Work
) -> None:
    assert in_service(job, event) == work
    assert in_service(other, event) is None
    assert in_service(job, speech()) is None


async def test_a_recogniser_hears_the_audio_and_masks_as_the_one_in_service() -> None:
    candidate = recognizer(simulated(redact="numbers"))
    await candidate.warm()
    work = await candidate.run(speech(), SPOKEN)
    assert (work.model, work.text) == ("simulated-recognizer", "call [number]")
    assert (work.audio_ms, work.first_ms) == (100, None)
    assert (await recognizer(simulated()).run(speech(), bytes(3200))).text == HEARD


async def test_a_recogniser_gets_the_language_without_its_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "telling_engine.py").write_text(
        "from workers.engines.protocols import Recognition\n"
        "class Telling:\n"
        "    name = 'telling'\n"
        "    def __init__(self, settings): ...\n"
        "    def warm(self): ...\n"
        "    def transcribe(self, pcm, *, language): return Recognition(language, 1.0, 0, 0.0)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    candidate = recognizer(load(_env_file=None, stt_engine="telling_engine:Telling"))
    job = msgspec.structs.replace(speech(), language="en-US")
    assert (await candidate.run(job, b"")).text == "en"


async def test_a_language_model_gets_the_conversation_without_results_of_tools() -> None:
    candidate = language_model(simulated(), asyncio.get_running_loop().time)
    await candidate.warm()
    messages = (Message("user", "Hi. #tag"), Message("tool", "{}"), Message("user", "Go on. #end"))
    work = await candidate.run(taken(messages=messages, max_tokens=3), b"")
    assert work.text == "".join((f"{RESPONSE[0]} #end", *RESPONSE[1:3]))
    assert (work.first_ms, work.took_ms) == (20, 30)


async def test_a_voice_speaks_and_is_timed_to_its_first_piece() -> None:
    now_s = itertools.count()
    candidate = synthesizer(simulated(sim_tts_audio_ms=700), lambda: next(now_s))
    await candidate.warm()
    work = await candidate.run(sentence(), b"")
    assert work.audio_ms == 700
    assert (work.first_ms, work.took_ms) == (1000, 2000), "it reads the clock thrice"
