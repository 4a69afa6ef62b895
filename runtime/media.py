"""Compressed audio decoded as it comes: PyAV, an optional extra, in a thread a stream.

A demuxer asks for bytes and waits for them, which no event loop may. What it finds is handed back
from that thread. Whoever sends decides what is decoded: so few codecs, a bound on what waits, and
one on how far the sound may run ahead of the clock.
"""

# ruff: noqa: PLC0415 - PyAV is imported only by who uses it: it is an optional extra

from __future__ import annotations

import importlib.util
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any

import structlog

from runtime.containers import Container, mp4_bytes
from schemas.audio import BYTES_PER_MS, RATE_HZ

log = structlog.get_logger(__name__)

AVAILABLE = importlib.util.find_spec("av") is not None
DEMUXERS: Mapping[Container, str] = {
    Container.WEBM: "matroska",
    Container.OGG: "ogg",
    Container.FLAC: "flac",
    Container.MP4: "mov",
    Container.MP3: "mp3",
    Container.AAC: "aac",
}
CODECS = frozenset({"opus", "vorbis", "flac", "mp3", "mp3float", "aac", "alac"})
"""The codecs that recorders write; hundreds more of libav stay out of reach."""
MOST_HZ = 192_000
"""A small file could hold silence at millions of samples a second."""
AT_WORK = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))
"""Held by whoever decodes a packet: however many files there are, they leave a core to calls."""
MOST_WAITING_BYTES = 16_000_000
"""Twice the longest message."""
MOST_FILES = 4
"""The most files that wait for one another."""
AHEAD_S = 300.0
"""The most audio that may be decoded at once: a recording as long as a message of PCM can hold."""
LONGEST_PIECE_BYTES = 2 * BYTES_PER_MS * 1000
"""The longest piece that is delivered; shorter ones would look like the sender's pace."""
IDLE_S = 0.4
"""The silence after which a FLAC has ended: its parser keeps back ten frames, a second."""
FLAC_HEADER_BYTES = 42
"""The stream's properties, without which no later frame can be read."""


def load() -> None:
    """Import PyAV, where it is installed: with the first file it would stop the event loop."""
    if AVAILABLE:
        import av  # noqa: F401


class NoSoundError(ValueError):
    """A file without sound that can be had; the message goes on with "that"."""


class Pipe:
    """A file for one reading thread, which grows at its end; what was read is forgotten."""

    def __init__(
        self, container: Container, begins: bytes = b"", waits: Callable[[], None] = lambda: None
    ) -> None:
        """Begin; *waits* is called by the reader before it waits for more."""
        self.container = container
        self._waits = waits
        self.fell_idle = False
        """It ended because nothing came."""
        self._idle_s = IDLE_S if container is Container.FLAC else None
        self._waiting = bytearray(begins)
        self._ended = False
        self._changed = threading.Condition()

    @property
    def waiting_bytes(self) -> int:
        """What came and was not read yet."""
        return len(self._waiting)

    def write(self, data: bytes) -> bool:
        """Take *data*, or tell that too much waits; a file that has ended takes none."""
        with self._changed:
            if self._ended:
                return True
            self._waiting += data
            self._changed.notify()
            return len(self._waiting) <= MOST_WAITING_BYTES

    def end(self, *, at_once: bool = False) -> None:
        """Let no more come; *at_once*: what waits is not read any more."""
        with self._changed:
            self._ended = True
            if at_once:
                self._waiting.clear()
            self._changed.notify()

    def read(self, size: int) -> bytes:
        """Return what is there, *size* bytes at most; b"" at the end."""
        while self._is_empty():
            self._waits()  # it may take time, for which nobody is kept from writing
            with self._changed:
                if not self._waiting and not self._ended and not self._changed.wait(self._idle_s):
                    self._ended = self.fell_idle = not self._waiting
        with self._changed:
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            return data

    def _is_empty(self) -> bool:
        """Tell whether a reader has to wait."""
        with self._changed:
            return not self._waiting and not self._ended

    def whole(self) -> io.BytesIO | None:
        """Return an MP4 that can only be read as a whole, None where it can be read as it comes."""
        with self._changed:
            while (needed := mp4_bytes(self._waiting)) is None or needed > len(self._waiting):
                if self._ended:
                    break
                self._changed.wait()
            return None if needed == 0 else io.BytesIO(self._waiting)


class Decoder:
    """Files one after the other, as s16le mono 16 kHz."""

    def __init__(self, deliver: Callable[[bytes], None], fail: Callable[[str], None]) -> None:
        """Call *deliver* with audio and *fail* with an error's text, both in another thread."""
        self._deliver = deliver
        self._fail = fail
        self._files: SimpleQueue[Pipe | None] = SimpleQueue()
        """At most MOST_FILES and one, which is the last."""
        self._file: Pipe | None = None
        """The file being read, or the last one."""
        self._unread: list[Pipe] = []
        """Files of which something may wait; the last one is `_file`."""
        self._head = b""
        self._heard = bytearray()
        """Decoded, not delivered yet; the thread's own."""
        self._over = False
        self._began_s = time.monotonic()
        self._sent_bytes = 0
        name = "decode audio"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def waiting_bytes(self) -> int:
        """What came of all files and was not read yet."""
        self._unread = [one for one in self._unread if one.waiting_bytes or one is self._file]
        return sum(one.waiting_bytes for one in self._unread)

    def begin(self, container: Container) -> None:
        """Begin a file; one that goes on is decoded to its end."""
        self._head = b""
        self._open(Pipe(container, waits=self._hand_over))

    def feed(self, data: bytes) -> None:
        """Take more of the file; nothing is said of what comes behind its end."""
        if self._file is None or self._over:
            return
        if self._file.fell_idle:
            # the flag of the last block of metadata stands for those that came once
            head = self._head[:4] + b"\x80" + self._head[5:]
            self._open(Pipe(self._file.container, head, self._hand_over))
        elif len(self._head) < FLAC_HEADER_BYTES:
            self._head += data[: FLAC_HEADER_BYTES - len(self._head)]
        if not self._file.write(data):
            self._stop(self._file, "comes faster than it can be decoded")

    def finish(self) -> None:
        """End the file: what waits is decoded."""
        if self._file:
            self._file.end()

    def close(self) -> None:
        """End all; nothing is delivered any more."""
        self._over = True
        if self._file:
            self._file.end(at_once=True)
        self._files.put(None)

    def _open(self, file: Pipe) -> None:
        self.finish()
        self._file = file
        self._unread.append(file)
        self._files.put(file)
        if self._files.qsize() > MOST_FILES:
            self._stop(file, "waits for too many others")

    def _stop(self, file: Pipe, why: str) -> None:
        file.end(at_once=True)
        if not self._over:
            self._fail(f"{file.container.value} that {why}")

    def _run(self) -> None:
        while (file := self._files.get()) and not self._over:
            self._decode(file)

    def _decode(self, file: Pipe) -> None:
        from av.error import FFmpegError

        try:
            for pcm in self._sound_of(file):
                if self._over:
                    return
                self._sent_bytes += len(pcm)
                ahead_s = self._sent_bytes / (2 * RATE_HZ) - (time.monotonic() - self._began_s)
                if ahead_s > AHEAD_S:
                    self._stop(file, f"holds more than {AHEAD_S:.0f} s, sent at once")
                    return
                self._heard += pcm
                if len(self._heard) >= LONGEST_PIECE_BYTES:
                    self._hand_over()
        except (FFmpegError, ValueError):  # ValueError: PyAV's own for files that make no sense
            self._stop(file, "cannot be decoded")
        except Exception:  # the boundary: the next file is decoded by the same thread
            log.exception("decoder_broken", container=file.container.value)
            self._stop(file, "cannot be decoded")
        finally:
            self._hand_over()
            file.end(at_once=True)

    def _hand_over(self) -> None:
        """Deliver what was decoded of the data that has come."""
        if self._heard and not self._over:
            self._deliver(bytes(self._heard))
        self._heard.clear()

    def _sound_of(self, pipe: Pipe) -> Iterator[bytes]:
        whole = pipe.whole() if pipe.container is Container.MP4 else None
        try:
            yield from _sounds(whole or pipe, pipe.container)
        except NoSoundError as error:
            self._stop(pipe, str(error))


def decode_whole(data: bytes, container: Container, most_bytes: int) -> bytes:
    """Return a whole file as s16le mono 16 kHz.

    Raises:
        NoSoundError: it cannot be decoded, or holds more than *most_bytes* of sound.
    """
    from av.error import FFmpegError

    found = bytearray()
    try:
        for pcm in _sounds(io.BytesIO(data), container):
            found += pcm
            if len(found) > most_bytes:
                raise NoSoundError("holds too much sound")
    except FFmpegError as error:
        raise NoSoundError("cannot be decoded") from error
    return bytes(found)


def _sounds(file: Any, container: Container) -> Iterator[bytes]:
    """Yield the sound in *file*.

    Raises:
        NoSoundError: it holds none of a known codec.
        FFmpegError, ValueError: it cannot be decoded.
    """
    import av

    options = {"probesize": "32", "analyzeduration": "0"}  # no sound is held back to guess
    with av.open(file, format=DEMUXERS[container], options=options, buffer_size=4096) as opened:
        stream = next(iter(opened.streams.audio), None)
        codec = stream and stream.codec_context  # None: libav knows none
        if codec is None or codec.name not in CODECS:
            raise NoSoundError("holds no audio of a known codec")
        if codec.sample_rate > MOST_HZ:
            raise NoSoundError(f"holds more than {MOST_HZ} samples a second")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        for packet in opened.demux(stream):
            with AT_WORK:
                found = [one for frame in _frames(packet) for one in resampler.resample(frame)]
            for one in found:
                yield one.to_ndarray().tobytes()
        for one in resampler.resample(None):
            yield one.to_ndarray().tobytes()


def _frames(packet: Any) -> list[Any]:
    """Return the frames in *packet*; one that is damaged holds none."""
    from av.error import InvalidDataError

    try:
        frames: list[Any] = packet.decode()
    except InvalidDataError:
        return []
    return frames
