"""Recordings of people with labels: where they pause and go on, and where they are done."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.recordings import SHARED
from runtime.audio import read_wav
from schemas.audio import BYTES_PER_MS

EDGE_MS = 50
"""A pause so near to the beginning or the end of the speech is none."""


@dataclass(frozen=True)
class Labelled:
    """One recording; times in ms from its beginning."""

    name: str
    pcm: bytes
    """s16le mono 16 kHz."""
    pauses: tuple[tuple[int, int], ...]
    """Silences after which the speaker goes on."""
    done_ms: int
    """The end of the speech."""


def labelled() -> list[Labelled]:
    """Return the recordings of $AURA_BENCH_AUDIO, or of our own shared folder.

    The folder holds WAVs and `labels.json`: a list of objects with `file`, `speech` [from, to] and
    `pauses` [[from, to], ...], in seconds. Where it is missing that is said, and none are returned.
    """
    folder = Path(os.environ.get("AURA_BENCH_AUDIO") or SHARED / "audio" / "people")
    labels = folder / "labels.json"
    if not labels.is_file():
        print(f"SKIPPED: no recordings of people: {labels} is not there; set AURA_BENCH_AUDIO")
        return []
    return [_labelled(folder, one) for one in json.loads(labels.read_text(encoding="utf-8"))]


def _labelled(folder: Path, label: dict[str, object]) -> Labelled:
    name = str(label["file"])
    begins_ms, done_ms = (_ms(s) for s in _pair(label["speech"]))
    found = []
    for pause in label.get("pauses") or ():  # type: ignore[attr-defined]  # JSON
        start_ms, end_ms = (_ms(s) for s in _pair(pause))
        if start_ms > begins_ms + EDGE_MS and end_ms < done_ms - EDGE_MS:
            found.append((start_ms, end_ms))
    pcm = read_wav((folder / name).read_bytes())
    return Labelled(name, pcm[: len(pcm) // BYTES_PER_MS * BYTES_PER_MS], tuple(found), done_ms)


def _pair(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"labels.json: expected [from, to] in seconds, got {value!r}")
    return float(value[0]), float(value[1])


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
