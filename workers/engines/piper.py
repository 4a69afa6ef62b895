"""Piper voices on onnxruntime: one inference a sentence, resampled to 16 kHz, without lead silence.

piper-tts is GPL-3.0: whoever ships Aura together with it ships a work under that licence. It is
imported only here, and only when this engine is chosen.
"""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from workers.engines.protocols import (
    SAMPLE_RATE_HZ,
    EngineMissingError,
    EngineUnavailableError,
    WeightsError,
)
from workers.engines.speakable import sentences, speakable

Samples = npt.NDArray[np.int16]

PIECE_MS: Final = 100
LEAD_MS: Final = 30
"""Silence kept before the first sound: less clips soft consonants, more is felt as latency."""
QUIET: Final = 0.01
"""Peak of a 5 ms block, of full scale, below which Piper is not speaking yet."""


class PiperVoice:
    """One voice. onnxruntime sessions may be run by several threads at once."""

    def __init__(self, model: Path, *, threads: int = 1, noise: bool = False) -> None:
        """Take *model* (.onnx, its .onnx.json beside it).

        *threads* serve one sentence. With *noise* False the same text always gives the same bytes:
        it turns off Piper's two random inputs, and the voice sounds a little flatter.
        """
        self.name = f"piper:{model.stem}"
        self._model = model
        self._threads = threads
        self._noise = noise
        self._loading = threading.Lock()
        self._voice: Any = None
        self._config: Any = None

    def warm(self) -> None:
        """Load the voice and speak a sentence into nothing."""
        for _ in self.synthesize("Hello, how are you today?"):
            pass

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield *text* in pieces of 100 ms (the last of a sentence is shorter), or nothing."""
        said = sentences(speakable(text))
        if not said:
            return
        import soxr

        self._load()
        rate_hz: int = self._voice.config.sample_rate
        for sentence in said:
            resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="int16", quality="HQ")
            for samples, last in _marking_last(_pieces(self._speak(sentence), rate_hz)):
                pcm = resampler.resample_chunk(samples, last=last).astype("<i2").tobytes()
                if pcm:
                    yield pcm

    def _speak(self, sentence: str) -> Samples:
        try:
            spoken = self._voice.synthesize(sentence, self._config)
            chunks = [chunk.audio_int16_array for chunk in spoken]
        except Exception as error:  # onnxruntime and espeak raise types of their own
            raise EngineUnavailableError(f"{self.name} could not speak a sentence") from error
        if not chunks:
            return np.zeros(0, np.int16)
        return trimmed(np.concatenate(chunks), self._voice.config.sample_rate)

    def _load(self) -> None:
        with self._loading:
            if self._voice is not None:
                return
            try:
                import onnxruntime
                import piper
            except ImportError as error:
                raise EngineMissingError("piper-tts", "tts") from error
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            # Idle workers must not spin: the core belongs to the other stages between sentences.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            try:
                config = piper.PiperConfig.from_dict(_json(Path(f"{self._model}.json")))
                session = onnxruntime.InferenceSession(
                    str(self._model), options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # onnxruntime raises types of its own
                raise WeightsError(
                    f"{self._model} is not a Piper voice with its .json beside it: "
                    "set AURA_TTS_VOICE"
                ) from error
            scale = None if self._noise else 0.0  # None: what the voice was made with
            self._config = piper.SynthesisConfig(noise_scale=scale, noise_w_scale=scale)
            self._voice = piper.PiperVoice(session=session, config=config)


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """Return *samples* with at most LEAD_MS of silence before the first sound."""
    block = rate_hz * 5 // 1000
    whole = samples[: len(samples) // block * block].reshape(-1, block).astype(np.int32)
    loud = np.flatnonzero(np.abs(whole).max(axis=1, initial=0) > QUIET * 32767)
    if not len(loud):
        return samples
    return samples[max(0, int(loud[0]) * block - rate_hz * LEAD_MS // 1000) :]


def _pieces(samples: Samples, rate_hz: int) -> Iterator[Samples]:
    size = rate_hz * PIECE_MS // 1000
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def _marking_last(pieces: Iterator[Samples]) -> Iterator[tuple[Samples, bool]]:
    held = next(pieces, None)
    for piece in pieces:
        yield cast("Samples", held), False
        held = piece
    if held is not None:
        yield held, True


def _json(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config
