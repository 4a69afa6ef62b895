"""What a recorder sends is told from samples by its first bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audio.containers import Container, container_of, mp4_bytes
from runtime.audio.conversion import AudioReader, write_wav
from runtime.audio.wav import Format

MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
"""MPEG 1, layer III, 128 kbit/s, 44.1 kHz."""
AAC_FRAME = b"\xff\xf1\x50\x40\x02\x1f\xfc" + bytes(9)
BEGINNINGS = {
    Container.WEBM: b"\x1aE\xdf\xa3\x9fB\x86\x81\x01",
    Container.OGG: b"OggS\x00\x02" + bytes(20),
    Container.FLAC: b"fLaC\x00\x00\x00\x22",
    Container.MP4: b"\x00\x00\x00\x1cftypisom",
    Container.MP3: b"ID3\x04\x00\x00",
    Container.AAC: AAC_FRAME * 2,
}


@pytest.mark.parametrize("container", Container)
def test_each_container_is_known_by_its_first_bytes(container: Container) -> None:
    assert container_of(BEGINNINGS[container], first=True) is container


@pytest.mark.parametrize("data", [MP3_FRAME, MP3_FRAME * 3, MP3_FRAME + MP3_FRAME[:9]])
def test_mp3_without_a_tag_is_known_by_its_frames(data: bytes) -> None:
    assert container_of(data, first=True) is Container.MP3
    assert container_of(data, first=False) is None, "later on it may be samples"


@pytest.mark.parametrize(
    "data",
    [
        *(MP3_FRAME[:200], MP3_FRAME + b"\x00" * 9, b"\xff\xfb\xf0\x00" + bytes(900)),
        *(b"\xff\xff" * 900, b"\xff\xfb", b"", b"Ogg", b"ID", bytes(2000)),
    ],
)
def test_data_that_only_look_like_a_frame_are_samples(data: bytes) -> None:
    assert container_of(data, first=True) is None


@given(st.lists(st.integers(-32768, 32767), max_size=16), st.integers(0, 2**32))
def test_samples_are_no_file(first: list[int], seed: int) -> None:
    """The first ones matter."""
    rest = np.random.default_rng(seed).integers(-32768, 32768, 400 - len(first))
    assert container_of(np.array([*first, *rest], "<i2").tobytes(), first=True) is None


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_looked_at(data: bytes, first: bool) -> None:
    for beginning in (b"", *BEGINNINGS.values()):
        container_of(beginning + data, first=first)
    mp4_bytes(data)
    mp4_bytes(BEGINNINGS[Container.MP4] + data)


def test_a_stream_goes_on_as_the_file_it_began_with_until_another_begins() -> None:
    reader, page = AudioReader(), b"OggS\x00\x00" + bytes(20)
    assert reader.feed(b"abcd") == (b"abcd", Format(), False)
    assert reader.is_raw
    assert reader.feed(BEGINNINGS[Container.OGG]) == (
        *(BEGINNINGS[Container.OGG], Container.OGG, True),
    )
    assert not reader.is_raw
    assert reader.feed(page) == (page, Container.OGG, False), "a page of the same"
    assert reader.feed(b"more") == (b"more", Container.OGG, False)
    webm = BEGINNINGS[Container.WEBM]
    assert reader.feed(webm) == (webm, Container.WEBM, True)
    assert reader.feed(webm) == (webm, Container.WEBM, True), "a recorder that begins anew"
    assert reader.feed(write_wav(b"ef")) == (b"ef", Format(), True)


def test_an_mp4_with_its_table_first_is_streamed() -> None:
    def box(kind: bytes, size: int = 8) -> bytes:
        return size.to_bytes(4, "big") + kind + bytes(size - 8)

    assert mp4_bytes(box(b"ftyp", 20) + box(b"moov")[:8]) == 0
    assert mp4_bytes(box(b"ftyp", 20)[:15]) is None
    last = box(b"ftyp", 20) + box(b"mdat", 100)
    assert mp4_bytes(last) is None
    assert mp4_bytes(last + box(b"moov", 40)[:8]) == 160
    assert mp4_bytes(box(b"ftyp", 20) + box(b"free", 8) + b"\0\0\0\0junk") == 0


def test_a_box_of_an_mp4_may_have_a_long_size() -> None:
    long = b"\0\0\0\x01mdat" + (20).to_bytes(8, "big") + b"four"
    moov = b"\0\0\0\x08moov"
    assert mp4_bytes(long + moov) == len(long + moov)
    other = long.replace(b"mdat", b"wide")
    assert {mp4_bytes(other[:size]) for size in range(len(other))} == {None}, "not known yet"
