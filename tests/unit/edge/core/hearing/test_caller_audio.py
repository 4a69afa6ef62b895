"""A long message is heard in parts, and is one input all the same."""

from __future__ import annotations

import numpy as np

from edge.core.hearing.caller_audio import PART_FRAMES, CallerAudio, joined

NOISE = np.random.default_rng(3).normal(0, 4000, 40_000).astype("<i2").tobytes()


def test_joined_parts_equal_the_whole_input() -> None:
    at_one_go, in_parts = CallerAudio(cancel_echo=True), CallerAudio(cancel_echo=True)
    for pcm in (NOISE[:501], NOISE, NOISE[:6400], NOISE[:100], b""):
        parts = list(in_parts.hear_in_parts(pcm, 5000))
        assert all(len(part.frames) <= PART_FRAMES for part in parts)
        assert joined(parts) == at_one_go.hear(pcm, 5000)
