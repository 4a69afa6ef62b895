"""What is believed of Whisper's words."""

import numpy as np
import pytest

from workers.engines.stt import whisper_postprocess


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France? What is the capital of France?",
        "yes, yes, yes, yes",
        "Hello, how are you today? Hello, how are",
        "I called and bye bye bye bye bye",
    ],
)
def test_a_model_that_repeats_itself_is_caught(text: str) -> None:
    assert whisper_postprocess.loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Stop, stop, stop, that is not what I asked.",
        "No, no. It is four four seven.",
        "Ask not what your country can do for you, ask what you can do for your country.",
    ],
)
def test_a_caller_who_repeats_a_word_is_believed(text: str) -> None:
    assert not whisper_postprocess.loops(text)


@pytest.mark.parametrize(
    ("text", "no_speech", "confidence", "expected"),
    [
        ("[BLANK_AUDIO]", 0.1, 0.9, ""),
        ("(wind blowing) ♪", 0.1, 0.9, ""),
        ("Thank you.", 0.05, 0.9, "Thank you."),
        ("Thank you.", 0.7, 0.9, ""),
        ("Thanks for watching!", 0.2, 0.2, ""),
        ("I\u2019m sorry.", 0.7, 0.2, ""),
        ("Where is my order?", 0.7, 0.8, "Where is my order?"),
        ("Where is my order?", 0.9, 0.2, ""),
        ("...", 0.0, 1.0, ""),
        ("Okay [laughs] fine.", 0.0, 1.0, "Okay fine."),
    ],
)
def test_only_probable_words_are_kept(
    text: str, no_speech: float, confidence: float, expected: str
) -> None:
    assert whisper_postprocess.cleaned(text, no_speech, confidence) == expected


def test_a_hum_that_was_spelled_is_a_hum() -> None:
    assert whisper_postprocess.cleaned("M. H. M. H.", 0.1, 0.9) == "Mhm."
    assert whisper_postprocess.cleaned("H.", 0.1, 0.9) == "H."
    assert whisper_postprocess.cleaned("M. H. Smith.", 0.1, 0.9) == "M. H. Smith."


def test_windows_grow_and_always_end_at_thirty_seconds() -> None:
    assert whisper_postprocess.windows_s(2.0, (8.0, 15.0)) == [8.0, 15.0, 30.0]
    assert whisper_postprocess.windows_s(1.0, (8.0, 15.0)) == [15.0, 30.0]
    assert whisper_postprocess.windows_s(7.8, (8.0, 15.0)) == [15.0, 30.0]
    assert whisper_postprocess.windows_s(20.0, (8.0, 15.0)) == [30.0]


def test_uncertain_words_are_decoded_a_second_time_and_not_a_third() -> None:
    narrow = whisper_postprocess.Way(5.0)
    careful = narrow.second_decoding(0.7)
    assert careful is not None
    assert careful.window_s > narrow.window_s
    assert careful.beams > narrow.beams
    assert careful.second_decoding(0.7) is None
    assert narrow.second_decoding(0.9) is None
    assert whisper_postprocess.Way(whisper_postprocess.FULL_S).second_decoding(0.7) is None
    wide = whisper_postprocess.Way(15.0).second_decoding(0.7)
    assert wide is not None
    assert wide.window_s == 15.0


def test_long_audio_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.2, 50 * 16_000).astype(np.float32)
    audio[20 * 16_000 : 21 * 16_000] *= 0.001
    cut = whisper_postprocess.pieces(audio)
    assert all(len(piece) <= whisper_postprocess.PIECE_S * 16_000 for piece in cut)
    assert np.array_equal(np.concatenate(cut), audio)
    assert 20 * 16_000 <= len(cut[0]) <= 21 * 16_000


def test_short_audio_is_one_piece() -> None:
    assert len(whisper_postprocess.pieces(np.zeros(16_000, np.float32))) == 1


def test_a_sentence_said_again_without_the_time_for_it_is_said_once() -> None:
    text = "What is it? What is it? What is"
    assert whisper_postprocess.unlooped(text, 1.2) == "What is it?"
    assert whisper_postprocess.unlooped(text, 6.0) is None, "there was time to say it twice"
    assert whisper_postprocess.unlooped(f"{text} that", 1.2) == "What is it?", (
        "cut off in the last word"
    )
    assert whisper_postprocess.unlooped("Stop stop stop stop stop stop", 1.0) == "Stop stop stop"
    assert whisper_postprocess.unlooped("What is it? Who is it? Why is it so?", 1.0) is None


def test_longer_speech_holds_more_tokens() -> None:
    assert whisper_postprocess.most_tokens(2.0) > whisper_postprocess.most_tokens(1.0) > 8
