"""Piper voices on onnxruntime: speaks a sentence in growing pieces, without silence in front.

piper-tts is GPL-3.0, so a product that contains both Aura and piper-tts falls under that licence.
It is imported only here, and only when this engine is chosen.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.audio import RATE_HZ
from workers.engines.errors import EngineMissingError, EngineUnavailableError, WeightsError
from workers.engines.tts import piper_streaming

Samples = npt.NDArray[np.int16]

GAIN: Final = 1.25
"""The fixed gain of all sentences, since a piece is sent before the sentence's peak is known."""
LEAD_MS: Final = 30
"""The silence that is kept before the first sound: less clips soft consonants, more adds
latency."""
QUIET_PEAK: Final = 0.01
"""The peak, of full scale, below which a 5 ms block before the first sound is silence."""


class PiperVoice:
    """One voice. Several threads may use its onnxruntime session at once."""

    def __init__(self, model: Path, *, cache: Path, threads: int = 1, noise: bool = False) -> None:
        """Take *model* (.onnx, with its .onnx.json beside it); *cache* keeps the parts of it.

        *threads* serve one sentence. Without *noise*, Piper's two random inputs are off: the same
        text always gives the same bytes, and the voice sounds a little flatter.
        """
        self.name = f"piper:{model.stem}"
        self.model = model
        self._cache = cache
        self._threads = threads
        self._noise = noise
        self._loading = threading.Lock()
        self._voice: Any = None
        """The library's voice: its phonemizer, its settings and its graph."""

    def warm(self) -> None:
        """Load the voice and speak a sentence into nothing."""
        for _ in self.synthesize("Hello, how are you today?"):
            pass

    def synthesize(self, text: str, speed: float = 1.0) -> Iterator[bytes]:
        """Yield the audio of *text* in growing pieces, or nothing if there is nothing to say."""
        self._load()
        from workers.engines.tts.text_normalization import sentences, speakable

        language = self._voice.config.espeak_voice.split("-")[0]
        spoken_sentences = sentences(speakable(text, language), language)
        if not spoken_sentences:
            return
        import soxr

        rate_hz: int = self._voice.config.sample_rate
        for sentence in spoken_sentences:
            resampler = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16", quality="HQ")
            for samples in without_lead(map(_loud, self._speak(sentence, speed)), rate_hz):
                if len(pcm := resampler.resample_chunk(samples)):
                    yield pcm.astype("<i2").tobytes()
            if len(pcm := resampler.resample_chunk(np.zeros(0, np.int16), last=True)):
                yield pcm.astype("<i2").tobytes()

    def _speak(self, sentence: str, speed: float) -> Iterator[piper_streaming.Floats]:
        voice = self._voice
        try:
            for phonemes in voice.phonemize(sentence):
                ids = voice.phonemes_to_ids(phonemes)
                graph_inputs = inputs(voice.config, ids, noise=self._noise, speed=speed)
                yield from voice.session.speak(graph_inputs)
        except Exception as error:  # onnxruntime and espeak have their own error types
            raise EngineUnavailableError(f"{self.name} could not speak a sentence") from error

    def _load(self) -> None:
        with self._loading:
            if self._voice is not None:
                return
            try:
                import babel  # noqa: F401  # for the text: missing where the extra is
                import onnxruntime
                import piper
            except ImportError as error:
                raise EngineMissingError("piper-tts", "tts") from error
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            # Idle threads must not spin: between sentences, other stages need the core.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            try:
                session = piper_streaming.opened(self.model, options, cache=self._cache)
                config = json.loads(Path(f"{self.model}.json").read_text(encoding="utf-8"))
                self._voice = piper.PiperVoice(
                    session=session, config=piper.PiperConfig.from_dict(config)
                )
            except Exception as error:  # onnxruntime has its own error types
                raise WeightsError(
                    f"{self.model} is not a Piper voice with its .json beside it: "
                    "set AURA_TTS_VOICE"
                ) from error


def inputs(config: Any, ids: Sequence[int], *, noise: bool, speed: float = 1.0) -> dict[str, Any]:
    """Return the inputs of a voice's graph for the phonemes *ids*.

    *speed*: 2 is twice as fast as the voice's own speed. A voice with several speakers uses its
    default speaker.
    """
    random = (config.noise_scale, config.noise_w_scale) if noise else (0.0, 0.0)
    graph_inputs: dict[str, Any] = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array([random[0], config.length_scale / speed, random[1]], np.float32),
    }
    if config.num_speakers > 1:
        graph_inputs["sid"] = np.array([config.default_speaker_id], np.int64)
    return graph_inputs


def _loud(sound: piper_streaming.Floats) -> Samples:
    louder: Samples = (np.clip(sound * GAIN, -1, 1) * 32767).astype(np.int16)
    return louder


def without_lead(pieces: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """Yield *pieces* with at most LEAD_MS of silence before the first sound."""
    silent: list[Samples] = []
    waiting = True
    for piece in pieces:
        if not waiting:
            yield piece
            continue
        silent.append(piece)
        so_far = np.concatenate(silent)
        if (loud := _first_loud(so_far, rate_hz)) is not None:
            waiting = False
            yield so_far[max(0, loud - rate_hz * LEAD_MS // 1000) :]
    if waiting:
        yield from silent


def _first_loud(samples: Samples, rate_hz: int) -> int | None:
    block = rate_hz * 5 // 1000
    whole = samples[: len(samples) // block * block].reshape(-1, block).astype(np.int32)
    loud = np.flatnonzero(np.abs(whole).max(axis=1, initial=0) > QUIET_PEAK * 32767)
    return int(loud[0]) * block if len(loud) else None
