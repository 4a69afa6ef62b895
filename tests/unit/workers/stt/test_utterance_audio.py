"""Audio of an utterance is found by its time, and cut where it is quietest."""

import numpy as np

from schemas.audio import BYTES_PER_MS, AudioFrame
from workers.stt.utterance_audio import UtteranceAudio
from workers.stt.utterance_words import AudioPart


def tone(ms: int, level: int) -> bytes:
    return np.full(ms * BYTES_PER_MS // 2, level, "<i2").tobytes()


def message(seq: int, pcm: bytes, from_ms: int = 0) -> AudioFrame:
    return AudioFrame(seq=seq, pcm=pcm, from_ms=from_ms)


def test_a_span_is_what_was_spoken_then() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(100, 1)))
    audio.add(message(1, tone(100, 2), 100))
    assert audio.until_ms == 200
    assert audio.of(AudioPart(50, 150)) == tone(50, 1) + tone(50, 2)
    assert audio.of(AudioPart(150, 900)) == tone(50, 2)


def test_times_stay_when_earlier_audio_is_forgotten() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(100, 1) + tone(100, 2)))
    audio.forget(100)
    audio.forget(50)
    assert audio.of(AudioPart(0, 200)) == tone(100, 2)
    assert audio.until_ms == 200
    audio.forget(9000)
    assert (audio.of(AudioPart(0, 9000)), audio.until_ms) == (b"", 200)


def test_lost_audio_is_silence_and_costs_no_words_before_it() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(100, 1)))
    audio.add(message(9, tone(100, 2), 500))
    assert audio.of(AudioPart(0, 600)) == tone(100, 1) + tone(400, 0) + tone(100, 2)
    assert audio.until_ms == 600


def test_after_a_long_gap_only_the_later_audio_is_kept() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(100, 1)))
    audio.add(message(9, tone(100, 2), 5101))
    assert audio.of(AudioPart(0, 6000)) == tone(100, 2)
    assert audio.until_ms == 5201


def test_audio_that_begins_late_begins_there() -> None:
    audio = UtteranceAudio()
    audio.add(message(9, tone(100, 2), 500))
    assert audio.of(AudioPart(0, 600)) == tone(100, 2)


def test_the_cut_is_in_the_middle_of_the_quietest_part() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(1000, 900) + tone(200, 5) + tone(800, 900)))
    assert audio.quiet_ms(AudioPart(0, 2000)) == 1100
    audio.forget(400)
    assert audio.quiet_ms(AudioPart(0, 2000)) == 1100


def test_a_short_span_is_cut_at_its_end() -> None:
    audio = UtteranceAudio()
    audio.add(message(0, tone(100, 1)))
    assert audio.quiet_ms(AudioPart(0, 100)) == 100
