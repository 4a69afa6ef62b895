"""A page's microphone is heard at the rate at which it really runs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from edge.core.messages.client_commands import Audio
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.sample_rate_detection import SURE_MS, SampleRateDetector
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import Format
from runtime.moves import IllegalMoveError
from tests.unit.edge.protocols.connected import Listener

CHUNK = 4096
"""Samples, as the documents' example sends them."""
PAGE = Handshake(connection="conn_0", headers={"origin": "https://example.com"})


def speech(rate_hz: int, seconds: float) -> bytes:
    """Return a voice that tells one time from another: a tone that rises by an octave."""
    t = np.arange(int(rate_hz * seconds)) / rate_hz
    wave = np.sin(2 * np.pi * 220 * t * (1 + t / seconds / 2)) * 9000
    return wave.astype("<i2").tobytes()


class Page:
    """A page's connection: what its call hears."""

    def __init__(self) -> None:
        self.protocol, self.heard = ContinuousProtocol(PAGE), b""
        self.rates_hz: list[int] = []
        """At which it was heard, one after the other."""
        self._listener = Listener()

    def sends(self, messages: Iterable[tuple[int, bytes]]) -> Iterator[int]:
        """Yield the time after each of *messages*."""
        for at_ms, pcm in messages:
            commands = self.protocol.receive(pcm, at_ms)
            for one in commands:
                if isinstance(one, Audio) and isinstance(one.form, Format):
                    self.rates_hz += [one.form.rate_hz] * (
                        one.form.rate_hz not in self.rates_hz[-1:]
                    )
            self.heard += self._listener.hear(commands)
            yield at_ms

    def stops(self) -> None:
        self.heard += self._listener.hear(self.protocol.flush_audio())


def test_a_rate_a_tenth_off_is_mended_without_saying_all_again() -> None:
    detector, heard = SampleRateDetector(16_000), 0
    detector.accept(44_100)
    sent = 0
    for number in range(100):
        pcm = bytes(2 * 4800)
        sent += len(pcm)
        heard += len(detector.feed(pcm, number * 100)[0])
    assert detector.rate_hz == 48_000
    assert heard == sent


def test_samples_that_are_cut_anywhere_stay_whole_when_the_rate_is_mended() -> None:
    detector = SampleRateDetector(16_000)
    detector.accept(44_100)
    sent, heard, begins = speech(48_000, 8), b"", 0
    for number, at in enumerate(range(0, len(sent), 9601)):  # 100 ms and half a sample
        piece, found = detector.feed(sent[at : at + 9601], number * 100)
        begins = len(heard) // 2 * 2 if found else begins
        heard = heard[:begins] + piece if found else heard + piece
    assert begins > 0
    assert sent[begins:].startswith(heard[begins : begins + 1000])
    assert heard == sent


def test_a_recording_that_comes_at_once_is_taken_at_its_word_when_nothing_follows() -> None:
    page, recording = Page(), speech(16_000, 2)
    list(page.sends([(0, recording)]))
    assert page.heard == b""
    assert page.protocol.keeps_back
    page.stops()
    assert page.heard == recording
    assert not page.protocol.keeps_back


def test_no_more_than_half_a_minute_is_kept_back() -> None:
    page, minute = Page(), speech(16_000, 60)
    list(page.sends([(0, minute[:-32000]), (1, minute[-32000:])]))
    assert page.heard == minute


def test_a_rate_that_is_final_is_not_replaced_and_nothing_is_kept() -> None:
    detector = SampleRateDetector(16_000)
    sent = speech(16_000, 0.064)
    for number in range(SURE_MS // 64 + 20):
        now = detector.feed(sent, number * 64)
    assert now == (sent, False)
    assert detector.rate_hz == 16_000
    with pytest.raises(IllegalMoveError, match="ACCEPT in SURE"):
        detector.accept(48_000)
    assert detector.rate_hz == 16_000


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("jitter_ms", [0, 40])
def test_the_rate_is_found(rate_hz: int, jitter_ms: int) -> None:
    detector, rng = SampleRateDetector(16_000), random.Random(1)
    for number in range(6 * rate_hz // CHUNK):
        at_ms = (number + 1) * CHUNK * 1000 / rate_hz + rng.uniform(0, jitter_ms)
        detector.feed(bytes(2 * CHUNK), int(at_ms))
    assert detector.rate_hz == rate_hz


def test_a_network_that_stalls_and_catches_up_is_not_taken_for_another_rate() -> None:
    detector = SampleRateDetector(16_000)
    for number in range(40):
        at_ms = max(900, (number + 1) * 64)  # nothing for 0.9 s, then all of it at once
        detector.feed(bytes(2048), at_ms)
    assert detector.rate_hz == 16_000


def test_nothing_that_was_kept_back_is_lost() -> None:
    detector, heard = SampleRateDetector(16_000), b""
    sent = [bytes([k]) * 2048 for k in range(30)]
    for number, chunk in enumerate(sent):
        heard += detector.feed(chunk, number * 64)[0]
    assert heard == b"".join(sent)


def test_a_tone_from_a_page_at_48_khz_keeps_its_pitch() -> None:
    protocol, listener, heard = ContinuousProtocol(PAGE), Listener(), b""
    tone = (np.sin(2 * np.pi * 440 * np.arange(48_000 * 2) / 48_000) * 9000).astype("<i2")
    for number in range(len(tone) // CHUNK):
        chunk = tone[number * CHUNK : (number + 1) * CHUNK].tobytes()
        at_ms = int((number + 1) * CHUNK / 48)
        heard += listener.hear(protocol.receive(chunk, at_ms))
    samples = np.frombuffer(heard, "<i2")[1600:]
    assert len(heard) / 32_000 == pytest.approx(2, abs=0.1)
    peak_hz = np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples)
    assert peak_hz == pytest.approx(440, abs=2)


def test_a_page_may_say_its_rate_and_is_heard_at_once() -> None:
    page = Handshake("conn_0", {"rate": "48000"}, PAGE.headers)
    protocol, chunk = ContinuousProtocol(page), speech(48_000, 0.1)
    assert Listener().hear(protocol.receive(chunk, 0)) == AudioIn().feed(chunk, Format(48_000))
    assert not protocol.keeps_back


def test_the_declared_rate_of_other_clients_is_used_at_once() -> None:
    protocol = ContinuousProtocol(Handshake(connection="conn_0"))
    for number in range(40):
        chunk = bytes(2 * CHUNK)
        commands = protocol.receive(chunk, int((number + 1) * CHUNK / 48))
        assert Listener().hear(commands) == chunk
