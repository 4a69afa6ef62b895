"""What a recorder sends is heard as it was said, while it comes."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from runtime.audio import media
from runtime.audio.containers import Container, container_of
from runtime.audio.conversion import AudioIn, AudioReader, write_wav
from runtime.audio.growing_file import STALLED_S
from runtime.audio.wav import Format, NotAudioError
from tests.recorder import KINDS, NEEDS, Kind, recorded

pytestmark = pytest.mark.skipif(not media.available(), reason=NEEDS)
NOTES_HZ = (300, 500, 700, 900)
SECONDS = len(NOTES_HZ)
HELD_S = 0.25
"""A parser keeps a frame or two back until the next comes; each note ends quietly."""


def song() -> bytes:
    """Return four notes of a second, by which any part of it is known."""
    t = np.arange(16_000) / 16_000
    notes = [np.sin(2 * np.pi * hz * t) * np.hanning(len(t)) * 9000 for hz in NOTES_HZ]
    return np.concatenate(notes).astype("<i2").tobytes()


class Client:
    """A client that sends files, at its connection."""

    def __init__(self) -> None:
        self.told: queue.Queue[bytes | str] = queue.Queue()
        self._reader = AudioReader()
        self.audio_in = AudioIn(self.told.put, self.told.put)

    def sends(self, data: bytes) -> bytes:
        samples, form, begins = self._reader.feed(data)
        return self.audio_in.feed(samples, form, begins=begins)

    def hears(self, seconds: float) -> bytes:
        """Return what is heard, as soon as it is so long."""
        heard = b""
        while len(heard) < seconds * 32_000:
            told = self.told.get(timeout=20)
            assert isinstance(told, bytes), told
            heard += told
        return heard

    def hears_the_rest(self) -> None:
        """Take what a decoder keeps until it knows that nothing follows."""
        with suppress(queue.Empty):
            while True:
                self.told.get(timeout=0.8)


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.audio_in.close()


def notes_of(pcm: bytes, count: int = SECONDS) -> list[int]:
    """Return the note in the middle of each second, Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    seconds = [samples[at * 16_000 + 4000 :][:8000] for at in range(count)]
    return [round(np.abs(np.fft.rfft(one)).argmax() * 2 / 100) * 100 for one in seconds]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("piece_bytes", [300, 4000, 10**9])
def test_each_kind_of_file_is_heard_whole_in_any_pieces(
    client: Client, kind: Kind, piece_bytes: int
) -> None:
    file = recorded(song(), kind)
    for at in range(0, len(file), piece_bytes):
        assert client.sends(file[at : at + piece_bytes]) == b""
    assert notes_of(client.hears(SECONDS - HELD_S)) == list(NOTES_HZ)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_of_file_is_decoded_as_a_whole(kind: Kind) -> None:
    file = recorded(song(), kind)
    container = container_of(file, first=True)
    assert container is not None
    pcm = media.decode_whole(file, container, 10**7)
    assert notes_of(pcm) == list(NOTES_HZ)
    with pytest.raises(media.NoAudioError, match="too much"):
        media.decode_whole(file, container, 32_000)


@pytest.mark.parametrize("container", Container)
def test_unknown_data_are_not_decoded(container: Container) -> None:
    for data in (b"", b"nothing" * 50, bytes(5000)):
        with suppress(ValueError):
            assert len(media.decode_whole(data, container, 10**6)) <= 10**6


@pytest.mark.parametrize("name", ["a browser's webm", "ogg", "mp3", "aac", "a browser's mp4"])
def test_it_is_heard_while_it_comes(client: Client, name: str) -> None:
    file = recorded(song(), KINDS[name])
    client.sends(file[: len(file) // 2])
    assert notes_of(client.hears(1.4), 1) == [NOTES_HZ[0]]


def test_a_recorder_that_begins_anew_and_files_one_after_the_other_are_all_heard(
    client: Client,
) -> None:
    for name in ("a browser's webm", "a browser's webm", "flac", "m4a whose table comes last"):
        client.sends(recorded(song(), KINDS[name]))
        assert notes_of(client.hears(SECONDS - HELD_S)) == list(NOTES_HZ)
        client.hears_the_rest()


def test_files_that_come_at_once_are_heard_in_their_order(client: Client) -> None:
    for name in ("mp3", "a browser's webm", "ogg"):
        client.sends(recorded(song(), KINDS[name]))
    heard = client.hears(3 * SECONDS - HELD_S)
    assert notes_of(heard, 11) == list(NOTES_HZ * 3)[:11]


def test_a_flac_that_pauses_goes_on(client: Client) -> None:
    file = recorded(song(), KINDS["flac"])
    client.sends(file[: len(file) // 2])
    assert notes_of(client.hears(1.65), 1) == [NOTES_HZ[0]], "although its parser waits for more"
    client.sends(file[len(file) // 2 :])
    assert notes_of(client.hears(2.15)[-32_000:], 1) == [NOTES_HZ[3]]


def test_a_flac_whose_metadata_comes_slowly_is_heard_whole(client: Client) -> None:
    file = recorded(song(), KINDS["flac"])
    for piece in (file[:4], file[4:50]):
        client.sends(piece)
        time.sleep(1.5 * STALLED_S)  # a network that stalls
    client.sends(file[50:])
    assert notes_of(client.hears(SECONDS - HELD_S)) == list(NOTES_HZ)


def test_samples_may_follow_a_file(client: Client) -> None:
    client.sends(recorded(song(), KINDS["a browser's webm"]))
    client.hears(SECONDS - HELD_S)
    assert client.sends(write_wav(b"abcd")) == b"abcd"


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_told_or_heard_in_part_and_the_next_one_is_heard(
    client: Client, name: str
) -> None:
    file = bytearray(recorded(song(), KINDS[name]))
    rng = np.random.default_rng(1)
    for at in rng.integers(16, len(file), len(file) // 50):
        file[at] = rng.integers(256)
    client.sends(bytes(file))
    client.sends(recorded(song(), KINDS["a browser's webm"]))
    heard = b""
    while notes_of(heard[-SECONDS * 32_000 :].ljust(SECONDS * 32_000, b"\0")) != list(NOTES_HZ):
        told = client.told.get(timeout=20)
        heard += told if isinstance(told, bytes) else b""


def test_a_broken_file_is_reported_once(client: Client) -> None:
    client.sends(b"\x1aE\xdf\xa3" + bytes(3000))
    assert client.told.get(timeout=20) == "WebM that cannot be decoded"
    client.sends(bytes(3000))
    client.sends(recorded(song(), KINDS["a browser's webm"]))
    assert notes_of(client.hears(SECONDS - HELD_S)) == list(NOTES_HZ)


def test_a_small_file_that_holds_hours_is_not_heard_to_its_end(client: Client) -> None:
    silence = recorded(bytes(32_000 * 400), KINDS["flac"])
    assert len(silence) < 200_000
    began_s, heard = time.monotonic(), 0
    client.sends(silence)
    while isinstance(told := client.told.get(timeout=20), bytes):
        heard += len(told)
    assert told == "FLAC that holds more than 300 s, sent at once"
    assert heard <= (301 + time.monotonic() - began_s) * 32_000, "as long as that, and live since"


def test_a_client_that_leaves_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    client = Client()
    client.sends(recorded(song(), KINDS["a browser's webm"])[:-500])
    client.hears(1)
    (thread,) = set(threading.enumerate()) - before
    client.audio_in.close()
    thread.join(5)
    assert not thread.is_alive()


def test_without_the_extra_it_is_refused_once_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    audio = AudioIn()
    with pytest.raises(NotAudioError, match="WAV or 16-bit PCM, not WebM; the extra `media`"):
        audio.feed(b"\x1aE\xdf\xa3", Container.WEBM, begins=True)
    assert audio.feed(b"more", Container.WEBM) == b""
    with pytest.raises(NotAudioError, match="FLAC"):
        audio.feed(b"fLaC", Container.FLAC, begins=True)
    assert audio.feed(b"ab", Format()) == b"ab"
