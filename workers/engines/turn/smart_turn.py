"""Smart Turn v3 (Daily, BSD-2): the probability, by sound alone, that a speaker has finished.

The model is a small Whisper encoder with one output, about 40 ms on one core. It uses intonation,
which words do not show. `aura models fetch` brings the weights, or AURA_TURN_MODEL names them.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.audio import RATE_HZ
from workers.engines.errors import EngineMissingError, WeightsError

WINDOW_S: Final = 8
"""The audio that the model uses: the last eight seconds."""
COLUMNS: Final = WINDOW_S * 100
"""The columns of the model's input, a spectrogram: 10 ms each."""


class SmartTurn:
    """One model, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loading = threading.Lock()
        self._session: Any = None
        self._features: Any = None

    def warm(self) -> None:
        """Load the model and run it once.

        Raises:
            EngineMissingError: onnxruntime or faster-whisper is not installed.
            WeightsError: the file is missing, or is no such model.
        """
        self.eot_audio(bytes(RATE_HZ))

    def eot_audio(self, pcm: bytes) -> float:
        """Return the probability (0..1) that the speaker of *pcm* (s16le mono 16 kHz) is done."""
        self._load()
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768
        samples = samples[-WINDOW_S * RATE_HZ :]
        padded = np.pad(samples, (WINDOW_S * RATE_HZ - samples.size, 0))
        normal = (padded - padded.mean()) / np.sqrt(padded.var() + 1e-7)
        mel = self._features(normal.astype(np.float32), padding=0)[:, :COLUMNS]
        features: NDArray[np.float32] = mel[np.newaxis].astype(np.float32)
        (output,) = self._session.run(None, {"input_features": features})
        return float(np.ravel(output)[0])

    def _load(self) -> None:
        with self._loading:
            if self._session is not None:
                return
            try:
                import onnxruntime
                from faster_whisper.feature_extractor import FeatureExtractor
            except ImportError as error:
                raise EngineMissingError("onnxruntime and faster-whisper", "stt") from error
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            try:
                self._session = onnxruntime.InferenceSession(
                    str(self._path), options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # the errors have no common type
                raise WeightsError(
                    f"AURA_TURN_MODEL {self._path} cannot be loaded: fetch it with "
                    "`aura models fetch`, or leave the setting empty, so that only words decide"
                ) from error
            self._features = FeatureExtractor(chunk_length=WINDOW_S)
