"""A sound card for `aura talk`, in place of the library: a file speaks, another hears.

It runs in real time, in a thread of its own for each direction, as PortAudio does. FAKE_RATE is the
only rate that it knows, Hz; without FAKE_MICROPHONE there is none.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

RATE_HZ = int(os.environ.get("FAKE_RATE", "16000"))


class PortAudioError(Exception):
    """What the library raises."""


def query_devices(*, kind: str) -> dict[str, float]:
    if kind == "input" and "FAKE_MICROPHONE" not in os.environ:
        raise PortAudioError("Error querying device -1")
    return {"default_samplerate": float(RATE_HZ)}


def check_input_settings(*, channels: int, dtype: str, samplerate: float) -> None:
    if (channels, dtype, samplerate) != (1, "int16", RATE_HZ):
        raise PortAudioError("Invalid sample rate")


check_output_settings = check_input_settings


class _Stream:
    def __init__(
        self, *, samplerate: int, blocksize: int, callback: Callable[..., None], **_: Any
    ) -> None:
        check_input_settings(channels=1, dtype="int16", samplerate=samplerate)
        self._size, self._each_s = 2 * blocksize, blocksize / samplerate
        self._callback = callback
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        began, number = time.monotonic(), 0
        while not self._stopped.wait(max(0.0, began + number * self._each_s - time.monotonic())):
            self._block()
            number += 1

    def _block(self) -> None:
        raise NotImplementedError


class RawInputStream(_Stream):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sound = Path(os.environ["FAKE_MICROPHONE"]).read_bytes()

    def _block(self) -> None:
        block, self._sound = self._sound[: self._size], self._sound[self._size :]
        self._callback(block.ljust(self._size, b"\0"), self._size // 2, None, None)


class RawOutputStream(_Stream):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._file = Path(os.environ["FAKE_LOUDSPEAKER"]).open("wb")  # noqa: SIM115  # until it stops

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._file.close()

    def _block(self) -> None:
        data = bytearray(self._size)
        self._callback(data, self._size // 2, None, None)
        self._file.write(data)
