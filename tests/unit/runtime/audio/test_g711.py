"""A telephone's samples there and back."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.audio.g711 import LAWS, Law, encode


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_every_byte_comes_back_as_itself(law: Law) -> None:
    levels = LAWS[law].astype("<i2")
    back = LAWS[law][np.frombuffer(encode(levels.tobytes(), law), np.uint8)]
    assert (back == levels).all()


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_any_sample_becomes_the_nearest_level(law: Law) -> None:
    samples = np.arange(-32768, 32768, 7).astype("<i2")
    back = LAWS[law][np.frombuffer(encode(samples.tobytes(), law), np.uint8)]
    nearest = np.abs(samples[:, None].astype(float) - LAWS[law][None, :]).min(axis=1)
    assert (np.abs(back - samples) == nearest).all()


@pytest.mark.parametrize(("law", "silence"), [("mulaw", b"\xff"), ("alaw", b"\xd5")])
def test_silence_is_the_byte_that_telephones_send(law: Law, silence: bytes) -> None:
    assert encode(bytes(4), law) == silence * 2
