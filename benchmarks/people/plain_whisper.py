"""faster-whisper with its defaults and Aura's weights, as a reference."""

import numpy as np
from faster_whisper import WhisperModel

from runtime.settings import load
from workers.engines import weights


class PlainWhisper:
    """Its defaults: beams, temperatures, a window of 30 s."""

    def __init__(self) -> None:
        settings = load()
        path = weights.find(settings.stt_model, settings.cache_dir)
        folder = str(path.parent if path and path.is_file() else path or settings.stt_model)
        self._model = WhisperModel(folder, device="cpu", compute_type="int8")

    def hear(self, pcm: bytes) -> str:
        """Return the words of *pcm*, s16le mono 16 kHz."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        segments, _ = self._model.transcribe(samples, language="en")
        return "".join(segment.text for segment in segments).strip()
