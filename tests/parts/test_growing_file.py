"""A file that is written while it is read: its end, and the silence that ends a FLAC file."""

from __future__ import annotations

import io
import threading

import pytest

from runtime.audio.containers import Container
from runtime.audio.growing_file import MOST_WAITING_BYTES, STALLED_S, GrowingFile

METADATA = b"fLaC\x80\0\0\x22" + bytes(34)
"""That of a FLAC file whose only block describes the stream."""


def test_bytes_are_read_once_and_in_order() -> None:
    file = GrowingFile(Container.OGG, b"ab")
    file.write(b"cd")
    assert (file.waiting_bytes, file.read(3), file.read(3)) == (4, b"abc", b"d")


def test_what_waits_at_the_end_is_still_read() -> None:
    file = GrowingFile(Container.OGG, b"ab")
    file.end()
    file.end()
    assert not file.write(b"cd")  # nobody waits for it
    assert (file.read(9), file.read(9), file.stalled) == (b"ab", b"", False)


def test_an_end_at_once_drops_what_waits() -> None:
    file = GrowingFile(Container.OGG, b"ab")
    file.end(at_once=True)
    assert file.read(9) == b""


def test_too_many_waiting_bytes_are_told() -> None:
    file = GrowingFile(Container.OGG)
    file.write(bytes(MOST_WAITING_BYTES))
    assert not file.is_full
    file.write(b"a")
    assert file.is_full


@pytest.mark.parametrize("container", [Container.OGG, Container.FLAC])
def test_a_reader_waits_for_bytes(container: Container) -> None:
    waited = threading.Event()
    file = GrowingFile(container, waits=waited.set)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(file.read(9)), daemon=True)
    reader.start()
    assert waited.wait(10)
    file.write(b"ab")
    reader.join(10)
    assert (found, file.stalled) == ([b"ab"], False)


def test_a_flac_file_without_data_falls_idle_and_stays_so() -> None:
    file = GrowingFile(Container.FLAC, METADATA)
    assert (file.read(99), file.stalled) == (METADATA, False)
    assert (file.read(9), file.stalled) == (b"", True)
    file.end()
    assert file.stalled
    assert not file.write(b"late"), "its writer begins another file with this"


def test_a_flac_file_waits_for_the_rest_of_its_metadata() -> None:
    file = GrowingFile(Container.FLAC, METADATA[:-1])
    file.read(99)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(file.read(9)), daemon=True)
    reader.start()
    reader.join(1.5 * STALLED_S)
    assert (found, file.stalled) == ([], False)
    file.write(METADATA[-1:])
    reader.join(10)
    assert found == [METADATA[-1:]]


def test_an_mp4_is_read_as_it_arrives_only_with_its_table_of_contents_first() -> None:
    moov, mdat = b"\0\0\0\x08moov", b"\0\0\0\x08mdat"
    first = GrowingFile(Container.MP4, moov + mdat)
    assert first.whole() is None
    last = GrowingFile(Container.MP4, mdat + moov)
    whole = last.whole()
    assert isinstance(whole, io.BytesIO)
    assert whole.read() == mdat + moov
