"""Whatever a network does to a page's messages, its microphone is heard at its true rate."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.protocols.sample_rate_detection import MOST_REPROCESSED_MS, RATES_HZ
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import Format
from tests.unit.edge.protocols.test_sample_rate_detection import Page, speech

Messages = list[tuple[int, bytes]]
"""When each came, ms, and its samples."""


@dataclass(frozen=True)
class Network:
    """What may happen to a page's messages on their way, all in ms."""

    chunk_ms: int = 64
    jitter_ms: int = 0
    late_ms: int = 0
    """The first message is later than the others by so much."""
    stall_at_ms: int = 0
    stall_ms: int = 0
    """Nothing comes for so long; then all of it does."""
    together: int = 1
    """So many messages are sent at once."""
    opens_at_ms: int = 0
    """All that was recorded until then comes at once."""
    suspended_ms: int = 0
    """The microphone stops for so long after its first 0.4 s."""
    seed: int = 0

    def carry(self, rate_hz: int, seconds: float) -> Messages:
        rng, pcm = random.Random(self.seed), speech(rate_hz, seconds)
        size, came, last = max(1, rate_hz * self.chunk_ms // 1000), [], 0.0
        count = len(pcm) // 2 // size
        for number in range(count):
            leaves = (number // self.together + 1) * self.together
            at = min(leaves, count) * size * 1000 / rate_hz
            at += self.suspended_ms * (at > 400)
            at += rng.uniform(0, self.jitter_ms) + self.late_ms * (number == 0)
            if self.stall_at_ms <= at < self.stall_at_ms + self.stall_ms:
                at = self.stall_at_ms + self.stall_ms
            last = max(last, at, self.opens_at_ms)
            came.append((5000 + int(last), pcm[2 * number * size :][: 2 * size]))
        return came


NETWORKS = st.builds(
    Network,
    chunk_ms=st.integers(10, 500),
    jitter_ms=st.integers(0, 80),
    late_ms=st.integers(0, 500),
    stall_at_ms=st.integers(0, 3000),
    stall_ms=st.integers(0, 2000),
    seed=st.integers(0, 2**32),
)


def same(heard: bytes, truth: bytes) -> bool:
    ours, theirs = (np.frombuffer(one, "<i2").astype(int) for one in (heard, truth))
    return len(ours) == len(theirs) and bool(np.abs(ours - theirs).max(initial=0) <= 3)


def heard_right(rate_hz: int, messages: Messages) -> bytes:
    """Return what is to be heard of *messages*, as far as it is known by their end."""
    return AudioIn().feed(b"".join(pcm for _, pcm in messages), Format(rate_hz))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@settings(max_examples=min(10, settings().max_examples), derandomize=True)
@given(network=NETWORKS)
def test_speech_is_heard_right_after_3_s_whatever_the_network_does(
    rate_hz: int, network: Network
) -> None:
    page, messages = Page(), network.carry(rate_hz, 3.0 + network.stall_ms / 1000)
    list(page.sends(messages))
    page.stops()  # the last of it may have come in a burst
    assert same(page.heard, heard_right(rate_hz, messages))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@settings(max_examples=min(5, settings().max_examples), derandomize=True)
@given(
    network=NETWORKS.filter(lambda network: network.chunk_ms <= 256),
    opens_at_ms=st.integers(0, 3000),
    together=st.integers(1, 4),
)
def test_neither_does_a_late_socket_or_a_page_that_sends_in_bursts_change_it(
    rate_hz: int, network: Network, opens_at_ms: int, together: int
) -> None:
    fields = {**vars(network), "opens_at_ms": opens_at_ms, "stall_ms": 0}
    bursts = Network(**{**fields, "together": max(1, min(together, 500 // network.chunk_ms))})
    page, messages = Page(), bursts.carry(rate_hz, 7.0)
    list(page.sends(messages))
    assert not page.protocol.keeps_back
    assert same(page.heard, heard_right(rate_hz, messages))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("suspended_ms", [300, 1000, 4000, 60_000])
def test_a_microphone_that_was_suspended_is_heard_right(rate_hz: int, suspended_ms: int) -> None:
    for seed in range(5):
        network = Network(20 + 15 * seed, jitter_ms=40, suspended_ms=suspended_ms, seed=seed)
        page, messages = Page(), network.carry(rate_hz, 5.0)
        list(page.sends(messages))
        truth = heard_right(rate_hz, messages)
        assert page.rates_hz[-1] == rate_hz
        assert same(page.heard[-len(truth) :], truth), "all of it, where it was misheard once more"


@pytest.mark.parametrize(
    ("network", "most_ms"),
    [
        (Network(20, jitter_ms=10), 300),
        (Network(64, jitter_ms=10), 400),
        (Network(128, jitter_ms=20), 600),
        (Network(20, jitter_ms=40), 600),
        (Network(256, jitter_ms=5), 800),
    ],
)
def test_a_page_with_the_declared_rate_waits_less(network: Network, most_ms: int) -> None:
    """It was 0.6 s, and at least five messages."""
    for seed in range(20):
        page = Page()
        came = page.sends(Network(**{**vars(network), "seed": seed}).carry(16_000, 3))
        began = next(came)
        assert next(at for at in came if page.heard) - began <= most_ms


def test_a_backlog_that_drains_at_three_times_its_pace_is_heard_once_more() -> None:
    """Until it has drained, 16 kHz look exactly like 48 kHz."""
    pcm, size = speech(16_000, 12), 640
    messages = []
    for number in range(len(pcm) // size):
        recorded_ms, drained_ms = (number + 1) * 20, 3000 + number * 20 // 3
        messages.append((max(recorded_ms, drained_ms), pcm[number * size :][:size]))
    page = Page()
    list(page.sends(messages))
    assert page.rates_hz == [48_000, 16_000]
    truth = heard_right(16_000, messages)
    words = np.frombuffer(truth, "<i2")[: MOST_REPROCESSED_MS * 16 // 2].tobytes()
    assert words in page.heard, "what was heard too fast is heard once more"
    assert page.heard.endswith(truth[len(truth) // 2 :])
