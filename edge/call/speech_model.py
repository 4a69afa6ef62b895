"""Silero's model (MIT), the second stage of voice activity detection.

Its file is a part of faster-whisper, which is not imported. One session serves all calls: 32 ms of
audio take 0.06 ms on one core.
"""

# ruff: noqa: PLC0415 - onnxruntime is imported only where the model is used: it is an extra

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.hearing.vad import Opinion
from runtime.settings import Settings, SettingsError

CONTEXT_SAMPLES = 64
"""The samples before a chunk that the model gets with it: 4 ms."""
STATE = (1, 1, 128)


def find() -> Path | None:
    """Return the model's file, or None if it or onnxruntime is not installed."""
    package = importlib.util.find_spec("faster_whisper")
    if package is None or package.origin is None or not importlib.util.find_spec("onnxruntime"):
        return None
    found = sorted((Path(package.origin).parent / "assets").glob("silero_vad_v6*.onnx"))
    return found[-1] if found else None


class SileroModel:
    """The model, loaded once; `opinion` makes a call's stream."""

    def __init__(self, path: Path) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def opinion(self) -> Opinion:
        """Return a call's own stream: from 512 samples to the probability of speech, 0..1."""
        return _Stream(self._session)


class _Stream:
    """The state of one call."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.reset()

    def reset(self) -> None:
        self._h = np.zeros(STATE, np.float32)
        self._c = np.zeros(STATE, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)

    def __call__(self, chunk: bytes) -> float:
        samples = np.frombuffer(chunk, "<i2").astype(np.float32) / 32768.0
        joined = np.concatenate([self._context, samples])[None]
        likely, self._h, self._c = self._session.run(
            None, {"input": joined, "h": self._h, "c": self._c}
        )
        self._context = samples[-CONTEXT_SAMPLES:]
        return float(likely.reshape(-1)[0])


def chosen(settings: Settings) -> SileroModel | None:
    """Return the model by AURA_VAD; None: WebRTC's detector decides alone.

    Raises:
        SettingsError: the model is not installed.
    """
    simulated = settings.vad == "auto" and settings.stt_engine == "simulated"
    path = None if settings.vad == "webrtc" or simulated else find()
    if path is None:
        if settings.vad == "silero":
            raise SettingsError(
                "AURA_VAD=silero needs onnxruntime and faster-whisper's files: "
                "pip install onnxruntime && pip install --no-deps faster-whisper, "
                "or AURA_VAD=auto to go on without"
            )
        return None
    return SileroModel(path)
