"""Recordings of people with labels of their pauses and ends."""

from dataclasses import dataclass

from benchmarks.people.recordings import HOW, Recording, folder, recordings

EDGE_MS = 50
"""The least distance of a pause from the beginning and the end of the speech."""


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
    """Return the recordings of people that have labels; print how to get some if there are none."""
    sentences = [_labelled(recording) for recording in recordings() if recording.words]
    if not sentences:
        print(f"!! SKIPPED: no labelled recordings of people in {folder()}: {HOW}")
    return sentences


def _labelled(recording: Recording) -> Labelled:
    begins_ms, done_ms = (round(s * 1000) for s in recording.speech)
    pauses = [(round(a * 1000), round(b * 1000)) for a, b in recording.pauses]
    inside = (p for p in pauses if p[0] > begins_ms + EDGE_MS and p[1] < done_ms - EDGE_MS)
    return Labelled(recording.name, recording.pcm, tuple(inside), done_ms)
