"""A response that comes back through the microphone is not the caller; the caller still is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from edge.core.hearing.caller_audio import CallerAudio
from edge.core.hearing.echo import Echo
from edge.core.messages.inputs import Sound
from tests.unit.edge.core.hearing.line import (
    NOISE_RMS,
    RATE_HZ,
    Samples,
    echo_of,
    hear,
    longest_ms,
    pcm,
    voice,
    voiced,
    with_noise,
)

SECONDS = 8
SPEAKS_S, UNTIL_S = 5, 7
"""When the caller speaks over the response."""
STOPS_MS = 450
"""Voice that stops a response."""
RESPONSE = voice(SECONDS, seed=1)


def caller(seed: int = 2, at_s: float = SPEAKS_S) -> Samples:
    speech = np.zeros(SECONDS * RATE_HZ)
    at = int(at_s * RATE_HZ)
    speech[at : at + 2 * RATE_HZ] = voice(2, seed=seed)
    return speech


def plain(microphone: Samples) -> list[bool]:
    """Return the verdicts on *microphone* where nothing is played."""
    return voiced(hear(CallerAudio(), np.zeros(0), microphone))


@cache
def caller_alone() -> list[bool]:
    """Return the verdicts on a caller over whom nothing is played."""
    return plain(with_noise(caller()))


def audio_of(sounds: Sequence[Sound]) -> bytes:
    return b"".join(frame for sound in sounds for frame in sound.frames)


def test_a_frame_stays_as_it_is_and_is_no_echo_until_something_is_played() -> None:
    echo, frame = Echo(), b"\1\0" * 320
    for seconds in range(3):
        echo.arrived(1, 1_000_000 + 1000 * seconds)
        assert (echo.clean(frame), echo.is_all()) == (frame, False)


@pytest.mark.parametrize("gain_db", [-6, -14, -20])
@pytest.mark.parametrize(
    ("delay_ms", "room_s", "late_ms"), [(50, 0, 0), (150, 0.3, 60), (250, 0.5, 0), (400, 0.2, 100)]
)
def test_an_echo_is_no_voice_that_stops_a_response(
    gain_db: float, delay_ms: int, room_s: float, late_ms: int
) -> None:
    microphone = with_noise(echo_of(RESPONSE, gain_db, delay_ms, room_s))
    verdicts = voiced(hear(CallerAudio(cancel_echo=True), RESPONSE, microphone, late_ms=late_ms))
    alone = plain(microphone)
    assert longest_ms(alone) > STOPS_MS  # it sounds like one
    assert longest_ms(verdicts) < 300
    assert sum(verdicts) < 0.3 * sum(alone)


@pytest.mark.parametrize("gain_db", [-6, -14, -20])
@pytest.mark.parametrize("room_s", [0, 0.3, 0.5])
def test_a_caller_over_an_echo_is_heard(gain_db: float, room_s: float) -> None:
    microphone = with_noise(echo_of(RESPONSE, gain_db, 150, room_s) + caller())
    verdicts = voiced(hear(CallerAudio(cancel_echo=True), RESPONSE, microphone))
    alone = caller_alone()
    spoken = slice(SPEAKS_S * 50, UNTIL_S * 50)
    both = sum(a and b for a, b in zip(verdicts[spoken], alone[spoken], strict=True))
    assert both > 0.6 * sum(alone[spoken])


@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("at_s", [1.0, 5.0])
def test_a_caller_with_a_headset_is_heard_as_they_are(seed: int, at_s: float) -> None:
    microphone = with_noise(caller(seed, at_s))
    sounds = hear(CallerAudio(cancel_echo=True), RESPONSE, microphone)
    assert audio_of(sounds) == pcm(microphone)
    verdicts, alone = voiced(sounds), plain(microphone)
    assert sum(verdicts) >= 0.9 * sum(alone)


def test_a_quiet_caller_with_a_headset_is_heard_beside_a_loud_response() -> None:
    microphone = with_noise(caller() * 0.15)
    verdicts = voiced(hear(CallerAudio(cancel_echo=True), RESPONSE, microphone))
    assert sum(verdicts) >= 0.9 * sum(plain(microphone))


def test_an_echo_that_was_found_is_taken_out() -> None:
    microphone = with_noise(echo_of(RESPONSE, -10, 150))
    sounds = hear(CallerAudio(cancel_echo=True), RESPONSE, microphone)
    left = np.frombuffer(audio_of(sounds), "<i2").astype(float)
    settled = slice(5 * RATE_HZ, SECONDS * RATE_HZ)
    assert left[settled].std() < 0.3 * microphone[settled].std()


def test_an_echo_is_known_in_the_next_response_though_it_comes_at_another_time() -> None:
    audio = CallerAudio(cancel_echo=True)
    first = with_noise(echo_of(RESPONSE, -6, 150, 0.3))
    silence = np.random.default_rng(4).normal(0, NOISE_RMS, 2 * RATE_HZ)
    later = with_noise(echo_of(RESPONSE, -6, 230, 0.3))
    microphone = np.concatenate([first, silence, later])
    both = np.concatenate([RESPONSE, np.zeros(2 * RATE_HZ), RESPONSE])
    verdicts = voiced(hear(audio, both, microphone))
    assert longest_ms(verdicts[10 * 50 :]) < 200


def test_silence_in_a_silent_call_is_not_changed() -> None:
    sounds = hear(CallerAudio(cancel_echo=True), RESPONSE, np.zeros(2 * RATE_HZ))
    assert not any(voiced(sounds))
    assert audio_of(sounds) == bytes(4 * RATE_HZ)
