"""Sound that is what the client plays is told from sound that is not, by its spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.hearing.caller_audio import frames
from edge.core.hearing.echo_path import HISTORY_FRAMES, EchoPath
from tests.unit.edge.core.hearing.line import Samples, echo_of, pcm, voice, with_noise

RESPONSE = voice(6, seed=1)


def through(path: EchoPath, response: Samples, microphone: Samples) -> list[bool]:
    """Return for each frame of *microphone* whether it is explained."""
    found = []
    for near, far in zip(frames(pcm(microphone)), frames(pcm(response)), strict=True):
        path.note(near, far)
        found.append(path.explains())
    return found


@pytest.mark.parametrize("delay_ms", [60, 300, 600])
def test_an_echo_is_found_and_explained(delay_ms: int) -> None:
    path = EchoPath()
    explained = through(path, RESPONSE, with_noise(echo_of(RESPONSE, -12, delay_ms, 0.3)))
    assert path.found
    assert sum(explained[100:]) > 0.97 * len(explained[100:])


@pytest.mark.parametrize("seed", range(2, 10))
def test_another_voice_is_never_taken_for_an_echo(seed: int) -> None:
    path = EchoPath()
    explained = through(path, RESPONSE, with_noise(voice(6, seed=seed)))
    assert not path.found
    assert sum(explained[100:]) < 0.2 * len(explained[100:])


def test_after_a_silence_with_a_response_the_first_frames_of_a_voice_are_not_explained() -> None:
    path = EchoPath()
    caller = voice(6, seed=2)
    caller[: 2 * 16_000] = 0
    explained = through(path, RESPONSE, with_noise(caller))
    first = next(n for n, one in enumerate(explained) if not one)
    assert 100 <= first <= 112


def test_an_echo_that_becomes_louder_is_learnt_again() -> None:
    path = EchoPath()
    quiet = with_noise(echo_of(RESPONSE, -16, 200, 0.3))
    loud = with_noise(echo_of(RESPONSE, -8, 200, 0.3))
    through(path, RESPONSE, quiet)
    explained = through(path, RESPONSE, loud)
    assert sum(explained[150:]) > 0.95 * len(explained[150:])


def test_an_echo_that_has_gone_is_searched_again() -> None:
    path = EchoPath()
    through(path, RESPONSE, with_noise(echo_of(RESPONSE, -12, 300, 0.3)))
    assert path.found
    through(path, RESPONSE, with_noise(voice(6, seed=3)))
    assert not path.found


def test_only_the_last_second_and_its_playback_are_used() -> None:
    path = EchoPath()
    through(path, RESPONSE, with_noise(echo_of(RESPONSE, -12, 300, 0.3)))
    assert path.found
    echo = with_noise(echo_of(RESPONSE, -12, 300, 0.3))
    heard = zip(frames(pcm(echo)), frames(pcm(RESPONSE)), strict=True)
    for number, (near, far) in enumerate(heard, 1):
        path.note(near, far)
        if number % (2 * HISTORY_FRAMES) == 0:
            assert path.explains()


def test_playback_before_a_pause_explains_no_sound_after_it() -> None:
    path = EchoPath()
    through(path, RESPONSE, with_noise(echo_of(RESPONSE, -6, 100)))
    path.note_silence()
    assert not all(through(path, np.zeros(5120), with_noise(voice(1, seed=3)[:5120])))
