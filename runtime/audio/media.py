"""Decodes compressed audio as it arrives, by PyAV (an optional extra) in a thread for each stream.

A demuxer blocks while it waits for bytes, so it needs its own thread, which also delivers the
audio. The sender is not trusted: only a few codecs are allowed, and there is a limit on the bytes
that wait and on the audio that runs ahead of the clock.
"""

# ruff: noqa: PLC0415 - PyAV is an optional extra, imported only where it is used

import importlib.util
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any

import structlog

from runtime.audio.containers import Container
from runtime.audio.growing_file import GrowingFile
from schemas.audio import BYTES_PER_S, RATE_HZ

log = structlog.get_logger(__name__)

DEMUXERS: Mapping[Container, str] = {
    Container.WEBM: "matroska",
    Container.OGG: "ogg",
    Container.FLAC: "flac",
    Container.MP4: "mov",
    Container.MP3: "mp3",
    Container.AAC: "aac",
}
CODECS = frozenset({"opus", "vorbis", "flac", "mp3", "mp3float", "aac", "alac"})
"""The allowed codecs, those that recorders write; libav's hundreds of others are refused."""
MOST_HZ = 192_000
"""A small file could hold silence at millions of samples a second."""
AT_WORK = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))
"""Held by a thread that decodes a packet, so that decoding leaves half of the cores to calls."""
MOST_FILES = 4
"""The most files that wait in the queue."""
AHEAD_S = 300.0
"""The most audio that may be ahead of the clock: as much as one message of PCM can hold."""
LONGEST_PIECE_BYTES = 2 * BYTES_PER_S
"""The longest piece that is delivered; shorter pieces would look like live audio."""
FLAC_HEADER_BYTES = 42
"""The bytes of the stream's properties, without which no later frame can be read."""


def available() -> bool:
    """Tell whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def load() -> None:
    """Import PyAV, where it is installed: with the first file it would stop the event loop."""
    if available():
        import av  # noqa: F401  # only its import matters


class NoAudioError(ValueError):
    """A file has no audio that can be decoded; the message is a clause that begins with "that"."""


class Decoder:
    """Decodes files one after the other to s16le mono 16 kHz."""

    def __init__(self, deliver: Callable[[bytes], None], fail: Callable[[str], None]) -> None:
        """Call *deliver* with audio and *fail* with an error's text, both in another thread."""
        self._deliver = deliver
        self._fail = fail
        self._files: SimpleQueue[GrowingFile | None] = SimpleQueue()
        """At most MOST_FILES files, and the None that ends the thread."""
        self._file: GrowingFile | None = None
        """The file being read, or the last one."""
        self._unread: list[GrowingFile] = []
        """Files with bytes that may wait; the last one is `_file`."""
        self._head = b""
        self._decoded = bytearray()
        """Audio that is decoded and not delivered yet; only the thread uses it."""
        self._ended = False
        self._began_s = time.monotonic()
        self._sent_bytes = 0
        threading.Thread(target=self._run, name="decode audio", daemon=True).start()

    @property
    def waiting_bytes(self) -> int:
        """The bytes of all files that are not read yet."""
        self._unread = [file for file in self._unread if file.waiting_bytes or file is self._file]
        return sum(file.waiting_bytes for file in self._unread)

    def begin(self, container: Container) -> None:
        """Begin a file; the previous file is decoded to its end."""
        self._head = b""
        self._open(GrowingFile(container, waits=self._hand_over))

    def feed(self, data: bytes) -> None:
        """Take more bytes of the file; bytes after its end are ignored."""
        if self._file is None or self._ended:
            return
        if len(self._head) < FLAC_HEADER_BYTES:
            self._head += data[: FLAC_HEADER_BYTES - len(self._head)]
        if not self._file.write(data) and self._file.stalled:
            # the kept head ends with its first metadata block: 0x80 marks it as the last
            head = self._head[:4] + b"\x80" + self._head[5:]
            self._open(GrowingFile(self._file.container, head, self._hand_over))
            self._file.write(data)
        if self._file.is_full:
            self._stop(self._file, "comes faster than it can be decoded")

    def finish(self) -> None:
        """End the file; the bytes that wait are still decoded."""
        if self._file:
            self._file.end()

    def close(self) -> None:
        """Stop decoding; no more audio is delivered."""
        self._ended = True
        if self._file:
            self._file.end(at_once=True)
        self._files.put(None)

    def _open(self, file: GrowingFile) -> None:
        self.finish()
        self._file = file
        self._unread.append(file)
        self._files.put(file)
        if self._files.qsize() > MOST_FILES:
            self._stop(file, "waits for too many others")

    def _stop(self, file: GrowingFile, why: str) -> None:
        file.end(at_once=True)
        if not self._ended:
            self._fail(f"{file.container.value} that {why}")

    def _run(self) -> None:
        while (file := self._files.get()) and not self._ended:
            self._decode(file)

    def _decode(self, file: GrowingFile) -> None:
        from av.error import FFmpegError

        try:
            for pcm in self._sound_of(file):
                if self._ended:
                    return
                self._sent_bytes += len(pcm)
                ahead_s = self._sent_bytes / (2 * RATE_HZ) - (time.monotonic() - self._began_s)
                if ahead_s > AHEAD_S:
                    self._stop(file, f"holds more than {AHEAD_S:.0f} s, sent at once")
                    return
                self._decoded += pcm
                if len(self._decoded) >= LONGEST_PIECE_BYTES:
                    self._hand_over()
        except (FFmpegError, ValueError):  # ValueError: PyAV's own for files that make no sense
            self._stop(file, "cannot be decoded")
        except Exception:  # the thread goes on with the next file after any fault
            log.exception("decoder_broken", container=file.container.value)
            self._stop(file, "cannot be decoded")
        finally:
            self._hand_over()
            file.end(at_once=True)

    def _hand_over(self) -> None:
        """Deliver the audio that is decoded so far."""
        if self._decoded and not self._ended:
            self._deliver(bytes(self._decoded))
        self._decoded.clear()

    def _sound_of(self, file: GrowingFile) -> Iterator[bytes]:
        whole = file.whole() if file.container is Container.MP4 else None
        try:
            yield from _sounds(whole or file, file.container)
        except NoAudioError as error:
            self._stop(file, str(error))


def decode_whole(data: bytes, container: Container, most_bytes: int) -> bytes:
    """Return a whole file as s16le mono 16 kHz.

    Raises:
        NoAudioError: the file cannot be decoded, or holds more than *most_bytes* of audio.
        ValueError: PyAV's own; the file makes no sense.
    """
    from av.error import FFmpegError

    pcm_read = bytearray()
    try:
        for pcm in _sounds(io.BytesIO(data), container):
            pcm_read += pcm
            if len(pcm_read) > most_bytes:
                raise NoAudioError("holds too much sound")
    except FFmpegError as error:
        raise NoAudioError("cannot be decoded") from error
    return bytes(pcm_read)


def _sounds(file: Any, container: Container) -> Iterator[bytes]:
    """Yield the audio in *file*.

    Raises:
        NoAudioError: the file has no audio in an allowed codec.
        FFmpegError, ValueError: the file cannot be decoded.
    """
    import av

    options = {"probesize": "32", "analyzeduration": "0"}  # libav reads no audio ahead
    with av.open(file, format=DEMUXERS[container], options=options, buffer_size=4096) as opened:
        stream = next(iter(opened.streams.audio), None)
        codec = stream and stream.codec_context  # None: libav knows none
        if codec is None or codec.name not in CODECS:
            raise NoAudioError("holds no audio of a known codec")
        if codec.sample_rate > MOST_HZ:
            raise NoAudioError(f"holds more than {MOST_HZ} samples a second")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        for packet in opened.demux(stream):
            with AT_WORK:
                frames = [frame for coded in _frames(packet) for frame in resampler.resample(coded)]
            for frame in frames:
                yield frame.to_ndarray().tobytes()
        for frame in resampler.resample(None):
            yield frame.to_ndarray().tobytes()


def _frames(packet: Any) -> list[Any]:
    """Return the frames in *packet*; a damaged packet has none."""
    from av.error import InvalidDataError

    try:
        frames: list[Any] = packet.decode()
    except InvalidDataError:
        return []
    return frames
