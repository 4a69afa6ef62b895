"""The wait sound is the same for all callers, soft, and has no seams."""

import numpy as np

from edge.core.response.wait_sound import LOOP_S, WAIT_PIECE_MS, after
from schemas.audio import BYTES_PER_MS

LOOP_BYTES = LOOP_S * 1000 * BYTES_PER_MS


def loop() -> bytes:
    return b"".join(after(at) for at in range(0, LOOP_BYTES, WAIT_PIECE_MS * BYTES_PER_MS))


def test_pieces_follow_one_another_and_the_loop_begins_again() -> None:
    assert len(loop()) == LOOP_BYTES
    assert after(LOOP_BYTES) == after(0)
    assert after(640)[:640] == loop()[640:1280]


def test_it_rises_from_silence_to_softness_and_falls() -> None:
    samples = np.abs(np.frombuffer(loop(), "<i2").astype(int))
    middle = samples[len(samples) // 2 - 800 : len(samples) // 2 + 800]
    assert max(samples[0], samples[-1]) == 0
    assert max(samples[:160].max(), samples[-160:].max()) <= 1
    assert 0 < middle.max() < 0.05 * 32768
    assert middle.mean() > 5 * samples[:8000].mean()
