"""A page's microphone is heard at the rate at which it really runs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.sample_rate_detection import SampleRateDetector
from tests.unit.edge.protocols.connected import Listener

CHUNK = 4096
"""Samples, as the documents' example sends them."""


def found(rate_hz: int, *, jitter_ms: int = 0, seconds: float = 6.0) -> SampleRateDetector:
    pace, rng = SampleRateDetector(16_000), random.Random(1)
    for number in range(int(seconds * rate_hz / CHUNK)):
        at_ms = (number + 1) * CHUNK * 1000 / rate_hz + rng.uniform(0, jitter_ms)
        pace.take(bytes(2 * CHUNK), int(at_ms))
    return pace


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("jitter_ms", [0, 40])
def test_the_rate_is_found(rate_hz: int, jitter_ms: int) -> None:
    assert found(rate_hz, jitter_ms=jitter_ms).rate_hz == rate_hz


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 96_000])
def test_what_is_no_usual_rate_of_a_browser_is_taken_at_its_word(rate_hz: int) -> None:
    assert found(rate_hz).rate_hz == 16_000


def test_a_network_that_stalls_and_catches_up_is_not_taken_for_another_rate() -> None:
    pace = SampleRateDetector(16_000)
    for number in range(40):
        at_ms = max(900, (number + 1) * 64)  # nothing for 0.9 s, then all of it at once
        pace.take(bytes(2048), at_ms)
    assert pace.rate_hz == 16_000


def test_nothing_that_was_kept_back_is_lost() -> None:
    pace, heard = SampleRateDetector(16_000), b""
    sent = [bytes([k]) * 2048 for k in range(30)]
    for number, chunk in enumerate(sent):
        heard += pace.take(chunk, number * 64)[0]
    assert heard == b"".join(sent)


def test_a_tone_from_a_page_at_48_khz_keeps_its_pitch() -> None:
    page = Handshake(connection="conn_0", headers={"origin": "https://example.com"})
    protocol, listener, heard = ContinuousProtocol(page), Listener(), b""
    tone = (np.sin(2 * np.pi * 440 * np.arange(48_000 * 2) / 48_000) * 9000).astype("<i2")
    for number in range(len(tone) // CHUNK):
        chunk = tone[number * CHUNK : (number + 1) * CHUNK].tobytes()
        at_ms = int((number + 1) * CHUNK / 48)
        heard += listener.hear(protocol.receive(chunk, at_ms))
    samples = np.frombuffer(heard, "<i2")[1600:]
    assert len(heard) / 32_000 == pytest.approx(2, abs=0.1)
    peak_hz = np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples)
    assert peak_hz == pytest.approx(440, abs=2)


def test_what_is_no_page_is_taken_at_its_word_at_once() -> None:
    protocol = ContinuousProtocol(Handshake(connection="conn_0"))
    for number in range(40):
        chunk = bytes(2 * CHUNK)
        commands = protocol.receive(chunk, int((number + 1) * CHUNK / 48))
        assert Listener().hear(commands) == chunk
