"""Public recordings of people: Debian's spoken prompts for telephone exchanges.

    python -m benchmarks.people.prompts FOLDER [--language en|es|fr|it|ru] [--count 60]

Fetches a package of Debian or Ubuntu (`apt-get update` first; nothing is installed), takes prompts
that are whole sentences and writes them to FOLDER as WAVs with their words, pauses and ends
(`labels.json`): one speaker in a studio, 16 kHz. `AURA_BENCH_AUDIO=FOLDER` measures with them. The
recordings are under CC-BY-SA 3.0 (en) or CC-BY 3.0; the package's copyright file names the authors.
"""

import argparse
import gzip
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.people.recordings import loudness
from runtime.audio.conversion import write_wav
from schemas.audio import BYTES_PER_MS, RATE_HZ

LANGUAGES = ("en", "es", "fr", "it", "ru")
SHORTEST_WORDS, LONGEST_S = 4, 20.0
FRAME_MS = 20
SILENT_DB = -32.0
"""The level of silence below the loudest frame, in recordings of a studio."""
PAUSE_MS = 240
"""The shortest silence that counts as a pause."""
ROOM_MS = 400
"""Silence added before and after each prompt."""


def main() -> None:
    """Write the folder, or report what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="gets the WAVs and labels.json")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the speaker")
    parser.add_argument("--count", type=int, default=60, help="of prompts (60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            root = unpacked(Path(name), options.language)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(
                f"The recordings cannot be fetched: {error}\nThey are packages of Debian and "
                "Ubuntu; `apt-get update` may have to come first."
            )
        chosen = sentences(root, options.language)
        random.Random(1).shuffle(chosen)
        options.folder.mkdir(parents=True, exist_ok=True)
        labels = list(written(chosen, options.folder, options.count))
    (options.folder / "labels.json").write_text(json.dumps(labels, indent=1), encoding="utf-8")
    pauses = sum(len(label["pauses"]) for label in labels)
    print(f"{len(labels)} prompts with {pauses} pauses inside are in {options.folder}")


def unpacked(folder: Path, language: str) -> Path:
    """Fetch both packages of *language* into *folder* and return the root of their files."""
    name = f"asterisk-core-sounds-{language}"
    subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name, f"{name}-g722"],
        cwd=folder,
        check=True,
    )
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    return folder / "root" / "usr" / "share"


def sentences(root: Path, language: str) -> list[tuple[Path, str]]:
    """Return the files whose prompts are whole sentences, each with its words."""
    name = f"asterisk-core-sounds-{language}"
    (sounds,) = (root / "asterisk" / "sounds").glob(f"{language}_*")
    packed = root / "doc" / name / f"core-sounds-{language}.txt.gz"
    files: dict[str, Path] = {}
    for line in gzip.decompress(packed.read_bytes()).decode("utf-8").splitlines():
        file, colon, words = line.partition(":")
        text = " ".join(words.split())
        whole = text[:1].isupper() and text.endswith((".", "?", "!"))
        odd = re.search(r"\.\.\.|[\[\]<>*/]", text)
        if colon and whole and not odd and len(text.split()) >= SHORTEST_WORDS:
            files.setdefault(text, sounds / f"{file.strip()}.g722")
    return [(path, text) for text, path in sorted(files.items()) if path.exists()]


def written(chosen: list[tuple[Path, str]], folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """Write up to *count* prompts as WAVs and yield their labels, seconds."""
    for path, text in chosen:
        pcm = bytes(ROOM_MS * BYTES_PER_MS) + decoded(path) + bytes(ROOM_MS * BYTES_PER_MS)
        if len(pcm) > LONGEST_S * 1000 * BYTES_PER_MS:
            continue
        speech, pauses = voiced(pcm)
        file = f"{path.stem}.wav"
        (folder / file).write_bytes(write_wav(pcm))
        seconds = round(len(pcm) / BYTES_PER_MS / 1000, 2)
        yield {"file": file, "s": seconds, "speech": speech, "pauses": pauses, "words": text}
        if (count := count - 1) == 0:
            return


def decoded(path: Path) -> bytes:
    """Return a G.722 file as s16le mono 16 kHz."""
    with av.open(path, format="g722") as opened:
        frames = [frame.to_ndarray().ravel() for frame in opened.decode(audio=0)]
        assert opened.streams.audio[0].rate == RATE_HZ
    return np.concatenate(frames).astype("<i2").tobytes()


def voiced(pcm: bytes) -> tuple[list[float], list[list[float]]]:
    """Return begin and end of the speech in *pcm*, and of each pause inside, s."""
    rms = loudness(pcm)
    loud = np.flatnonzero(rms > rms.max() * 10 ** (SILENT_DB / 20))
    gaps = [
        [round(float(before + 1) * FRAME_MS / 1000, 2), round(float(after) * FRAME_MS / 1000, 2)]
        for before, after in pairwise(loud)
        if (after - before - 1) * FRAME_MS >= PAUSE_MS
    ]
    ends = [float(loud[0]) * FRAME_MS / 1000, float(loud[-1] + 1) * FRAME_MS / 1000]
    return [round(at, 2) for at in ends], gaps


if __name__ == "__main__":
    main()
