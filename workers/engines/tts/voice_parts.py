"""Splits a Piper voice into encoder and decoder, once, in a process of its own.

The onnx library, which splits the graph, keeps 136 MiB, so no worker loads it.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from workers.engines.files import file_lock, sha256_of, write_atomically

VERSION: Final = 1
"""The version of the split; raise it to ignore older parts on disk."""
PARTS: Final = ("encoder.onnx", "decoder.onnx")
DIGESTS: Final = "parts.json"
"""The SHA-256 of each part, written last; empty for a voice that cannot be split."""
CUTTING_LIMIT_S: Final = 120.0
_DECODER: Final = "/dec/"
_ENTRY: Final = "/dec/conv_pre/Conv"


def parts(model: Path, cache: Path) -> list[Path]:
    """Return the files of *model*'s encoder and decoder, or [] if its graph cannot be split.

    Raises:
        OSError: *model* cannot be read, or *cache* cannot be written.
        subprocess.SubprocessError: the split failed, for instance since the file is no model.
    """
    folder = cache.expanduser() / "voices" / f"{sha256_of(model)}-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / "lock"):
        if (cached := _cached(folder)) is None:
            cutting = [sys.executable, "-m", __name__, str(model), str(folder)]
            subprocess.run(cutting, check=True, capture_output=True, timeout=CUTTING_LIMIT_S)
            cached = _cached(folder)
    return cached or []


def _cached(folder: Path) -> list[Path] | None:
    """Return the parts in *folder*, or None if they are missing or damaged."""
    try:
        digests = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
        cached = [folder / name for name, _ in zip(PARTS, digests, strict=False)]
        return cached if [sha256_of(part) for part in cached] == digests else None
    except (OSError, ValueError, TypeError):
        return None


def _cut(model: Path) -> Iterator[Any]:
    """Yield the graphs of the encoder and the decoder, whose input is the encoder's output."""
    import onnx
    from onnx.utils import Extractor

    voice = onnx.load(str(model))
    if not (seam := _seam(voice.graph)):
        return
    for name in seam:
        unshaped = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        voice.graph.value_info.append(unshaped)
    cut = Extractor(voice)
    yield cut.extract_model([graph_input.name for graph_input in voice.graph.input], seam)
    yield cut.extract_model(seam, [voice.graph.output[0].name])


def _seam(graph: Any) -> list[str]:
    """Return the names of the tensors between encoder and decoder, latents first, or []."""
    made_by = {made: node.name for node in graph.node for made in node.output}
    inside = [node for node in graph.node if node.name.startswith(_DECODER)]
    crossing = {
        name
        for node in inside
        for name in node.input
        if not made_by.get(name, _DECODER).startswith(_DECODER)
    }
    latents = next((node.input[0] for node in inside if node.name == _ENTRY), None)
    if latents is None or latents not in crossing:
        return []
    return [latents, *sorted(crossing - {latents})]


def main(model: Path, folder: Path) -> None:
    """Split *model* and write its parts into *folder*; the calling process holds the lock."""
    digests = []
    for name, graph in zip(PARTS, _cut(model), strict=False):
        write_atomically(graph.SerializeToString(), folder / name)
        digests.append(sha256_of(folder / name))
    write_atomically(json.dumps(digests).encode(), folder / DIGESTS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
