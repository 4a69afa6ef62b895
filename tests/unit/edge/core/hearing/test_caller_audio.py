"""A long message is heard in parts, and is one input all the same."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.hearing.caller_audio import FRAMES_AT_ONCE, CallerAudio, frames, joined, silenced
from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.messages.client_events import Speech
from edge.core.messages.inputs import Sound
from schemas.session_config import TurnConfig
from tests.unit.edge.core.hearing.line import pcm, voice

NOISE = np.random.default_rng(3).normal(0, 4000, 40_000).astype("<i2").tobytes()


class Model:
    """A speech model that always says the same."""

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.resets = 0

    def __call__(self, chunk: bytes) -> float:
        assert len(chunk) == 1024
        return self.probability

    def reset(self) -> None:
        self.resets += 1


def test_joined_parts_equal_the_whole_input() -> None:
    at_one_go, stepwise = CallerAudio(cancel_echo=True), CallerAudio(cancel_echo=True)
    for came in (NOISE[:501], NOISE, NOISE[:6400], NOISE[:100], b""):
        pieces = list(stepwise.hear_stepwise(came, 5000))
        assert all(len(piece.frames) <= FRAMES_AT_ONCE for piece in pieces)
        assert joined(pieces) == at_one_go.hear(came, 5000)


def test_audio_is_cut_into_frames_and_an_incomplete_one_waits_for_its_rest() -> None:
    audio = CallerAudio()
    first = audio.hear(NOISE[:1000], 5000)
    rest = audio.hear(NOISE[1000:1280], 5020)
    assert (first.frames, first.size_bytes) == ((NOISE[:640],), 1000)
    assert (rest.frames, rest.size_bytes) == ((NOISE[640:1280],), 280)
    assert frames(NOISE[:1280]) == [NOISE[:640], NOISE[640:1280]]
    assert frames(NOISE[:640]) == [NOISE[:640]]


@pytest.mark.parametrize(
    ("probability", "threshold", "counts"),
    [(0.9, 0.5, True), (0.1, 0.5, False), (0.4, 0.5, True), (0.4, 0.7, False)],
)
def test_a_speech_model_confirms_the_detector_by_the_threshold_of_the_session(
    probability: float, threshold: float, *, counts: bool
) -> None:
    model = Model(probability)
    audio = CallerAudio(model)
    audio.configure(TurnConfig(threshold=threshold))
    heard = audio.hear(pcm(voice(1.0, seed=1)), 5000)
    assert any(heard.voiced) is counts
    assert model.resets == 1


def test_a_room_that_speaks_alone_is_told_once() -> None:
    audio, told = CallerAudio(Model(0.9)), []
    people = np.sum([voice(9.0, seed) for seed in range(4)], axis=0)
    room = pcm(people / people.std() * 400)
    for at in range(0, len(room), FRAME_BYTES * 50):
        audio.hear(room[at : at + FRAME_BYTES * 50], 5000 + at // 32)
        told.append(audio.note_background())
    assert told.count(True) == 1
    assert not told[0]


def test_the_sound_of_a_muted_caller_is_silence_of_the_same_length() -> None:
    sound = Sound((NOISE[:640], NOISE[640:1280]), (True, False), 1290)
    assert silenced(sound) == Sound((SILENCE, SILENCE), (False, False), 1290)


def test_what_the_client_plays_changes_nothing_unless_its_echo_is_cancelled() -> None:
    told = Speech(1, "", pcm(voice(1.0, seed=2)), ends=False)
    plain, with_canceller = CallerAudio(), CallerAudio(cancel_echo=True)
    for audio in (plain, with_canceller):
        audio.note_sent(told, 5000)
    heard = pcm(voice(1.0, seed=1))
    assert plain.hear(heard, 6000) == CallerAudio().hear(heard, 6000)
    assert len(with_canceller.hear(heard, 6000).frames) == 50
