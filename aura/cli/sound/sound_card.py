"""The microphone and the loudspeaker of the terminal, by PortAudio.

PortAudio calls back in threads of its own; the audio is passed to the event loop.
"""

# ruff: noqa: PLC0415 - sounddevice is an optional extra, and its import looks for devices

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from aura.cli.running import CommandError
from aura.cli.sound.loudspeaker import Loudspeaker
from edge.core.hearing.framing import FRAME_S
from runtime.audio.resampling import Resampler
from runtime.process.version import installing
from schemas.audio import RATE_HZ

INSTEAD = "talk in a browser instead (the page of `aura up`), or ask with `aura call --say WORDS`"


def _portaudio() -> Any:
    """Return the module sounddevice.

    Raises:
        CommandError: sounddevice or PortAudio is not installed.
    """
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise CommandError(
            f"sound in the terminal needs sounddevice: {installing('talk')}"
        ) from error
    except OSError as error:  # the wheel for Linux does not contain the library
        raise CommandError(
            "sounddevice finds no PortAudio: apt-get install libportaudio2 (Debian, Ubuntu), "
            f"dnf install portaudio (Fedora); or {INSTEAD}"
        ) from error
    return sounddevice


@contextmanager
def sound_card(on_microphone: Callable[[bytes], None]) -> Iterator[Loudspeaker]:
    """Open the default devices; *on_microphone* gets the microphone's audio, s16le mono 16 kHz.

    Raises:
        CommandError: a device is missing or cannot be opened.
    """
    portaudio, loop = _portaudio(), asyncio.get_running_loop()
    microphone_hz = _rate(portaudio, "input", "microphone")
    speaker_hz = _rate(portaudio, "output", "loudspeaker")
    resampler, speaker = Resampler(microphone_hz, RATE_HZ), Loudspeaker(speaker_hz)

    def hear(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        samples = np.frombuffer(bytes(data), np.int16)
        pcm = resampler.feed(samples).astype("<i2").tobytes()
        loop.call_soon_threadsafe(on_microphone, pcm)

    def play(data: Any, _frames: int, _time: Any, _status: Any) -> None:
        data[:] = speaker.read(len(data))

    own = {"channels": 1, "dtype": "int16", "latency": "low"}
    try:
        with (
            portaudio.RawInputStream(
                samplerate=microphone_hz,
                blocksize=round(microphone_hz * FRAME_S),
                callback=hear,
                **own,
            ),
            portaudio.RawOutputStream(
                samplerate=speaker_hz, blocksize=round(speaker_hz * FRAME_S), callback=play, **own
            ),
        ):
            yield speaker
    except portaudio.PortAudioError as error:
        raise CommandError(f"the sound card cannot be opened: {error}; or {INSTEAD}") from error


def _rate(portaudio: Any, kind: str, name: str) -> int:
    """Return the rate of the default device of *kind*, Hz: 16000 if the device supports it.

    Raises:
        CommandError: there is no such device.
    """
    check = getattr(portaudio, f"check_{kind}_settings")
    try:
        usual = float(portaudio.query_devices(kind=kind)["default_samplerate"])
        try:
            check(channels=1, dtype="int16", samplerate=RATE_HZ)
        except portaudio.PortAudioError:
            check(channels=1, dtype="int16", samplerate=usual)
            return round(usual)
    except (portaudio.PortAudioError, ValueError) as error:
        raise CommandError(f"no {name} is found ({error}): plug one in, or {INSTEAD}") from error
    return RATE_HZ
