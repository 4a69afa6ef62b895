"""A Piper voice (VITS) in two parts, so that the first sound is sent before the last is computed.

The encoder turns phonemes into latents, all at once and quickly. The decoder turns latents into
sound, which is most of the work. The decoder only has convolutions, so a piece with PAD_LATENTS
more on each side gives the same samples as the whole (largest difference seen: 6e-7 of full scale).
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import structlog

from workers.engines.tts import voice_parts

log = structlog.get_logger(__name__)

Floats = npt.NDArray[np.float32]

PAD_LATENTS: Final = 12
"""The latents on each side of a piece that influence its sound."""
FIRST_PIECE_LATENTS: Final = 28
"""The latents of the first piece, 0.33 s of sound at 22 050 Hz; it is short, since the caller
waits."""
LONGEST_PIECE_LATENTS: Final = 192
"""The latents of the longest pieces; each piece is twice as long as the one before, up to this
length."""


class Whole:
    """A voice in one onnxruntime session, which returns all sound at once."""

    def __init__(self, model: Path, options: Any) -> None:
        self._session = _session(model, options)

    def speak(self, inputs: dict[str, Any]) -> Iterator[Floats]:
        """Yield the sound of *inputs* (the names of a Piper graph): float32 [samples], -1..1."""
        yield self._session.run(None, inputs)[0].squeeze()


class Split:
    """A voice in two onnxruntime sessions, which yields the sound piece by piece."""

    def __init__(self, encoder: Any, decoder: Any, seam: list[str]) -> None:
        """Take both sessions; *seam* names the tensors between them, the latents first."""
        self._encoder = encoder
        self._decoder = decoder
        self._seam = seam

    def speak(self, inputs: dict[str, Any]) -> Iterator[Floats]:
        """Yield the sound of *inputs* (the names of a Piper graph): float32 [samples], -1..1."""
        latents, *whole = self._encoder.run(self._seam, inputs)
        decoder_inputs = dict(zip(self._seam[1:], whole, strict=True))
        count = latents.shape[2]
        start, size = 0, FIRST_PIECE_LATENTS
        while start < count:
            end = min(count, start + size)
            low, high = max(0, start - PAD_LATENTS), min(count, end + PAD_LATENTS)
            decoder_inputs[self._seam[0]] = latents[:, :, low:high]
            sound = self._decoder.run(None, decoder_inputs)[0].squeeze()
            hop = len(sound) // (high - low)
            yield sound[(start - low) * hop : (end - low) * hop]
            start, size = end, min(size * 2, LONGEST_PIECE_LATENTS)


def opened(model: Path, options: Any, *, cache: Path) -> Whole | Split:
    """Return the voice in *model*, in two parts if its graph can be split.

    If *cache* cannot hold the parts, the voice stays whole, and its first sound comes later.

    Raises:
        Exception: onnxruntime's error for a file that is no model.
    """
    try:
        parts = voice_parts.parts(model, cache)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", None) or str(error).encode()).decode().splitlines()[-1]
        log.warning("voice_not_cut", model=model.name, cache=str(cache), error=reason)
        parts = []
    if not parts:
        return Whole(model, options)
    encoder, decoder = (_session(part, options) for part in parts)
    return Split(encoder, decoder, [made.name for made in encoder.get_outputs()])


def _session(model: Path, options: Any) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
