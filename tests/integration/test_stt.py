"""A job of the recogniser: what its events say, and what an earlier attempt leaves to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.text.redaction import Redaction
from schemas import codec, subjects
from schemas.audio import BYTES_PER_MS, AudioFrame, TranscriptPartial
from schemas.events import SpeechStarted, TranscriptFinal, TranscriptGuess
from tests.at_work import TENANT, stored
from tests.numbered_speech import NumberRecognizer, numbers, spoken
from workers.engines.errors import EngineRefusedError
from workers.engines.protocols import Recognition
from workers.executor.engine_executor import EngineExecutor
from workers.loop.stage import JobContext
from workers.stt.stage import SttStage
from workers.stt.utterance_follower import TURN_MS

SESSION = "s"


class Turns:
    """A turn model: the longer the audio, the more surely it is the end."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def warm(self) -> None: ...

    def eot_audio(self, pcm: bytes) -> float:
        self.heard.append(pcm)
        return len(pcm) / BYTES_PER_MS / 10_000 + 0.000_4


class Words(NumberRecognizer):
    """A recogniser of numbers, which writes them as it is told."""

    def __init__(self, written: str = "{}") -> None:
        super().__init__()
        self._written = written

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        heard = super().transcribe(pcm, language=language)
        text = " ".join(self._written.format(word) for word in heard.text.split())
        return Recognition(text, 0.123_456, heard.audio_ms, 12.345, eot_stt=0.456_78)


def stage(recognizer: NumberRecognizer, **said: Any) -> SttStage:
    wanted = {"partial_interval_ms": 0, **said}
    return SttStage(recognizer, EngineExecutor(1, limit_s=5), **wanted)


def job(bus: Bus, *, attempt: int = 1, **said: Any) -> JobContext[SpeechStarted]:
    event = SpeechStarted(
        **{
            "tenant": TENANT,
            "session": SESSION,
            "at_ms": 1,
            "utterance": 1,
            "language": "en-GB",
            "deadline_ms": 0,
            **said,
        }
    )
    return JobContext(event, seq=1, attempt=attempt, bus=bus, started_s=time.monotonic())


async def speak(bus: Bus, frames: list[AudioFrame], utterance: int = 1) -> None:
    for frame in frames:
        await bus.send(subjects.utterance(SESSION, utterance), frame)
    await bus.flush()


async def live(
    bus: Bus,
    stt: SttStage,
    called: JobContext[SpeechStarted],
    frames: list[AudioFrame],
    partials: Callable[[AudioFrame], bool] = lambda _: True,
) -> None:
    """Run the job while its caller speaks, who waits for the words at each pause.

    *partials* returns whether the expected partial transcripts have arrived after a frame.
    """
    utterance = called.event.utterance
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stt.run(called))
        for frame in frames:
            await speak(bus, [frame], utterance)
            async with asyncio.timeout(5):
                while not partials(frame) or frame.pause > await _told(bus, utterance):
                    await asyncio.sleep(0.002)


async def _told(bus: Bus, utterance: int) -> int:
    guesses, _ = await heard(bus)
    return max((one.pause for one in guesses if one.utterance == utterance), default=0)


async def heard(bus: Bus) -> tuple[list[TranscriptGuess], list[TranscriptFinal]]:
    events = [one.event() for one in await stored(bus, SESSION, "heard")]
    return (
        [event for event in events if isinstance(event, TranscriptGuess)],
        [event for event in events if isinstance(event, TranscriptFinal)],
    )


async def test_a_transcript_has_the_figures_of_its_engines_rounded(bus: Bus) -> None:
    turns = Turns()
    await live(bus, stage(Words(), turn_model=turns), job(bus), spoken([(3, 2)]))
    (guess,), (final,) = await heard(bus)
    assert (guess.pause, guess.text, guess.model) == (1, "1 2 3", "numbers")
    assert (guess.confidence, guess.took_ms, guess.eot_stt) == (0.1235, 12.3, 0.457)
    assert guess.eot_audio == 0.1, "1000 ms, to three places"
    assert (final.text, final.confidence, final.audio_ms) == ("1 2 3", 0.1235, 1100)


async def test_words_are_told_without_a_turn_model_that_fails(bus: Bus) -> None:
    class Broken(Turns):
        def eot_audio(self, pcm: bytes) -> float:
            raise RuntimeError(f"no memory for {len(pcm)} bytes")

    await live(bus, stage(Words(), turn_model=Broken()), job(bus), spoken([(3, 2)]))
    (guess,), (final,) = await heard(bus)
    assert (guess.text, guess.eot_audio, final.text) == ("1 2 3", None, "1 2 3")


async def test_without_a_turn_model_no_probability_is_told(bus: Bus) -> None:
    await live(bus, stage(NumberRecognizer()), job(bus), spoken([(1, 2)]))
    (guess,), _ = await heard(bus)
    assert guess.eot_audio is None
    assert guess.eot_stt is None


async def test_the_turn_model_hears_the_last_seconds_settled_or_not(bus: Bus) -> None:
    turns = Turns()
    stt = stage(NumberRecognizer(), turn_model=turns)
    await live(bus, stt, job(bus), spoken([(20, 4), (12, 4)]))
    (first, second), _ = await heard(bus)
    assert second.settled_ms > 5000, "the second pause has less than that of its own"
    assert [len(pcm) for pcm in turns.heard] == [6100 * BYTES_PER_MS, TURN_MS * BYTES_PER_MS]
    assert (first.eot_audio, second.eot_audio) == (0.61, 0.8)


async def test_the_end_that_a_pause_stands_for_is_not_recognised_again(bus: Bus) -> None:
    recognizer = NumberRecognizer()
    *frames, _ = spoken([(2, 3)])
    end = AudioFrame(seq=len(frames), pcm=b"", end=True, from_ms=900, final_pause=1)
    await speak(bus, [*frames, end])
    await stage(recognizer).run(job(bus))
    assert recognizer.heard_ms == [700]
    _, (final,) = await heard(bus)
    assert (final.text, final.audio_ms) == ("1 2", 900)


async def test_masked_words_are_masked_in_every_transcript_and_settled_ones_counted(
    bus: Bus,
) -> None:
    partials: list[TranscriptPartial] = []

    async def on_partial(message: Delivery) -> None:
        partials.append(codec.decode_as(TranscriptPartial, message.data))

    masking, frames = Redaction.of("numbers"), spoken([(20, 4), (1, 2)])
    async with bus.listening(subjects.partials(SESSION), on_partial):
        stt = stage(Words("123{}"), partial_interval_ms=1500, redaction=masking)
        await live(bus, stt, job(bus), frames, lambda frame: bool(partials) or frame.seq < 20)
    assert {partial.text for partial in partials} == {"[number]"}
    (first, second), (final,) = await heard(bus)
    assert first.text == second.text == final.text == "[number]"
    assert second.settled_ms > 0
    assert second.settled_words == 1, "the mask parts the settled words and the next one"


async def test_settled_words_are_counted_where_nothing_is_masked(bus: Bus) -> None:
    frames = spoken([(20, 4), (2, 2)])
    await live(bus, stage(NumberRecognizer()), job(bus), frames)
    (first, second), _ = await heard(bus)
    assert (first.settled_words, second.settled_words) == (0, 20)
    assert second.text.split() == numbers(22)


async def test_partial_transcripts_come_by_the_interval_and_never_for_a_background_job(
    bus: Bus,
) -> None:
    partials: list[TranscriptPartial] = []

    async def on_partial(message: Delivery) -> None:
        partials.append(codec.decode_as(TranscriptPartial, message.data))

    frames = spoken([(6, 0)])
    async with bus.listening(subjects.partials(SESSION), on_partial):
        await speak(bus, frames)
        background = job(bus, background=True, over_response=True)
        await stage(NumberRecognizer(), partial_interval_ms=200).run(background)
        await bus.flush()
        assert not partials
        stt = stage(NumberRecognizer(), partial_interval_ms=600)
        called = job(bus, utterance=2)
        await live(
            bus, stt, called, frames, lambda frame: len(partials) >= min(3, (frame.seq + 1) // 6)
        )
    assert [one.audio_ms for one in partials] == [600, 1200, 1800]
    assert [one.text for one in partials] == [" ".join(numbers(n)) for n in (2, 4, 6)]
    assert {one.utterance for one in partials} == {2}


@pytest.mark.parametrize(
    ("utterance", "heard_ms", "text"), [(1, 600, "one two 3 4"), (2, 1200, "1 2 3 4")]
)
async def test_another_attempt_begins_behind_the_settled_words_of_its_own_utterance(
    bus: Bus, utterance: int, heard_ms: int, text: str
) -> None:
    earlier = TranscriptGuess(
        tenant=TENANT,
        session=SESSION,
        at_ms=1,
        utterance=1,
        pause=1,
        text="one two three four",
        confidence=0.5,
        took_ms=1,
        model="m",
        settled_ms=600,
        settled_words=2,
    )
    await bus.publish(earlier)
    recognizer = NumberRecognizer()
    await speak(bus, spoken([(4, 0)]), utterance)
    await stage(recognizer).run(job(bus, attempt=2, utterance=utterance))
    assert recognizer.heard_ms == [heard_ms]
    _, (final,) = await heard(bus)
    assert (final.text, final.audio_ms) == (text, 1200)


async def test_another_attempt_without_a_readable_event_begins_at_the_beginning(
    bus: Bus,
) -> None:
    subject = subjects.session_events(TENANT, SESSION, TranscriptGuess.KIND)
    await bus.send_raw(subject, b"of a newer version")
    await bus.flush()
    await speak(bus, spoken([(2, 0)]))
    await stage(NumberRecognizer()).run(job(bus, attempt=2))
    events = (await stored(bus, SESSION, "heard"))[1:]
    (final,) = [one.event() for one in events]
    assert isinstance(final, TranscriptFinal)
    assert final.text == "1 2"


async def test_an_engine_that_refuses_fails_the_job_without_a_transcript(bus: Bus) -> None:
    class Refusing(NumberRecognizer):
        def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
            raise EngineRefusedError(f"no {language} today, for {len(pcm)} bytes")

    await speak(bus, spoken([(2, 0)]))
    with pytest.raises(ExceptionGroup) as raised:
        await stage(Refusing()).run(job(bus))
    assert "no en today" in str(raised.value.exceptions[0]), "engines know no regions"
    assert await heard(bus) == ([], [])
