"""The metadata of a FLAC file, in whatever pieces it comes."""

from __future__ import annotations

import pytest

from runtime.audio.flac import FlacMetadata

STREAM = b"\x00\x00\x00\x22" + bytes(34)
PADDING = b"\x81\x00\x01\x00" + bytes(256)
EMPTY_AND_LAST = b"\x81\x00\x00\x00"


@pytest.mark.parametrize("last", [PADDING, EMPTY_AND_LAST])
@pytest.mark.parametrize("size", [1, 3, 4, 50, 1000])
def test_it_is_over_with_the_last_byte_of_the_last_block(last: bytes, size: int) -> None:
    whole = b"fLaC" + STREAM + last
    metadata = FlacMetadata()
    for at in range(0, len(whole) - 1, size):
        metadata.feed(whole[:-1][at : at + size])
    assert not metadata.is_over
    metadata.feed(whole[-1:])
    assert metadata.is_over


def test_frames_change_nothing() -> None:
    metadata = FlacMetadata()
    metadata.feed(b"fLaC" + STREAM + EMPTY_AND_LAST + b"\xff\xf8frames")
    metadata.feed(b"more frames")
    assert metadata.is_over
