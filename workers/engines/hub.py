"""The files of a model on a hub with Hugging Face's layout. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import quote

PIPER: Final = re.compile(
    r"(?P<language>[a-z]{2,3})_[A-Z]{2}-(?P<voice>[\w+]+)-(?P<quality>x_low|low|medium|high)"
)
"""A Piper voice: `de_DE-thorsten-medium`."""
GGUF: Final = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<path>[\w./-]+\.gguf)")
"""A file for llama.cpp: `OWNER/REPO/FILE.gguf`."""
LOCAL_NAME: Final = re.compile(r"\w[\w.-]{0,127}")
_SYSTRAN: Final = (
    "tiny tiny.en base base.en small small.en medium medium.en large-v1 large-v2 large-v3"
)
WHISPER: Final[Mapping[str, str]] = {
    **{size: f"Systran/faster-whisper-{size}" for size in _SYSTRAN.split()},
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
"""A size of Whisper to the repository with its files for CTranslate2."""
WHISPER_FILES: Final = tuple(
    "model.bin config.json preprocessor_config.json tokenizer.json vocabulary.*".split()
)
PINS: Final[Mapping[str, str]] = {
    "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": (
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    ),
    "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf": (
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
    ),
}
"""The files of the hub with a known SHA-256; the operator may pin others."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the hub: the files of *repo* that match *wanted*, the weights first."""

    name: str
    """Its name in Aura."""
    repo: str
    revision: str
    wanted: tuple[str, ...]

    def files(self, listed: Sequence[str]) -> list[str]:
        """Return the needed ones of the files *listed*, the weights first; [] if one is missing.

        Files with a `*` in the name and preprocessor_config.json are optional.
        """
        needed: list[str] = []
        for pattern in self.wanted:
            matching = [path for path in listed if fnmatchcase(path, pattern)]
            if not matching and "*" not in pattern and not pattern.startswith("preprocessor"):
                return []
            needed += matching
        return needed

    def info_url(self, hub: str) -> str:
        """Return the URL of the revision's commit and files on *hub*."""
        return f"{hub}/api/models/{self.repo}/revision/{quote(self.revision, safe='')}"

    def file_url(self, hub: str, commit: str, path: str) -> str:
        return f"{hub}/{self.repo}/resolve/{commit}/{quote(path)}"


def on_hub(name: str, revision: str = "") -> HubModel | None:
    """Return the model *name* on the hub; None: it names no voice, size or file.

    *revision*: a commit, a tag or a branch; empty: the default one.
    """
    if voice := PIPER.fullmatch(name):
        language, region = voice["language"], name.partition("-")[0]
        path = f"{language}/{region}/{voice['voice']}/{voice['quality']}/{name}.onnx"
        return HubModel(name, "rhasspy/piper-voices", revision or "v1.0.0", (path, f"{path}.json"))
    if repo := WHISPER.get(name):
        return HubModel(name, repo, revision or "main", WHISPER_FILES)
    if file := GGUF.fullmatch(name):
        stem = file["path"].rpartition("/")[2].removesuffix(".gguf")
        return HubModel(stem, file["repo"], revision or "main", (file["path"],))
    return None
