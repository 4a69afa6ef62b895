"""A Piper voice (VITS) cut in two, so that its first sound is out before the last is computed.

The encoder turns phonemes into latent frames, all at once and quickly; the decoder turns frames
into sound, which is most of the work. It is convolutions only: a piece of the frames with PAD more
on each side gives the same samples as the whole (largest difference seen: 6e-7 of full scale).
"""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PAD: Final = 12
"""Frames on each side of a piece that its sound depends on."""
FIRST: Final = 28
"""Frames of the first piece, 0.33 s of sound at 22 050 Hz: somebody waits for it in silence."""
LONGEST: Final = 192
"""Frames of the last pieces: each is twice as long as the one before, up to here."""
_DECODER: Final = "/dec/"
_ENTRY: Final = "/dec/conv_pre/Conv"


class Whole:
    """A voice in one session, which gives all of its sound at once."""

    def __init__(self, model: Path, options: Any) -> None:
        self._session = _session(model.read_bytes(), options)

    def speak(self, inputs: dict[str, Any]) -> Iterator[Floats]:
        """Yield the sound of *inputs* (the names of a Piper graph): float32 [samples], -1..1."""
        yield self._session.run(None, inputs)[0].squeeze()


class Split:
    """A voice in two sessions, which gives its sound piece by piece."""

    def __init__(self, encoder: Any, decoder: Any, seam: list[str]) -> None:
        """Take both sessions; *seam*: what goes between them, the frames first."""
        self._encoder = encoder
        self._decoder = decoder
        self._seam = seam

    def speak(self, inputs: dict[str, Any]) -> Iterator[Floats]:
        """Yield the sound of *inputs* (the names of a Piper graph): float32 [samples], -1..1."""
        latent, *whole = self._encoder.run(self._seam, inputs)
        given = dict(zip(self._seam[1:], whole, strict=True))
        frames = latent.shape[2]
        start, size = 0, FIRST
        while start < frames:
            end = min(frames, start + size)
            low, high = max(0, start - PAD), min(frames, end + PAD)
            given[self._seam[0]] = latent[:, :, low:high]
            sound = self._decoder.run(None, given)[0].squeeze()
            hop = len(sound) // (high - low)
            yield sound[(start - low) * hop : (end - low) * hop]
            start, size = end, min(size * 2, LONGEST)


def opened(model: Path, options: Any) -> Whole | Split:
    """Return the voice in *model*, split where its graph is of the usual shape.

    Raises:
        Exception: what onnxruntime raises about a file that is no model.
    """
    import onnx
    from onnx.utils import Extractor

    graph = onnx.load(str(model))
    seam = _seam(graph.graph)
    if not seam:
        return Whole(model, options)
    for name in seam:
        unshaped = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        graph.graph.value_info.append(unshaped)
    cut = Extractor(graph)
    encoder = cut.extract_model([given.name for given in graph.graph.input], seam)
    decoder = cut.extract_model(seam, [graph.graph.output[0].name])
    first = _session(encoder.SerializeToString(), options)
    return Split(first, _session(decoder.SerializeToString(), options), seam)


def _seam(graph: Any) -> list[str]:
    """Return what goes from the encoder into the decoder, the frames first; [] if unheard of."""
    made_by = {made: node.name for node in graph.node for made in node.output}
    inside = [node for node in graph.node if node.name.startswith(_DECODER)]
    crossing = {
        name
        for node in inside
        for name in node.input
        if not made_by.get(name, _DECODER).startswith(_DECODER)
    }
    frames = next((node.input[0] for node in inside if node.name == _ENTRY), None)
    if frames is None or frames not in crossing:
        return []
    return [frames, *sorted(crossing - {frames})]


def _session(model: bytes, options: Any) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
