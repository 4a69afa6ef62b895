"""What is taken of a package of prompts: whole sentences, and where their speech pauses."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from benchmarks.people.prompts import sentences, voiced

TEXTS = """; a comment
whole: The  number is not answering.
open: If this is correct, press...
short: Goodbye.
piece: letters of your party's first name.
sign: Please press [* tone].
lost: This file is not there.
"""


def test_only_whole_sentences_with_a_file_are_taken(tmp_path: Path) -> None:
    sounds, texts = tmp_path / "asterisk/sounds/en_US", tmp_path / "doc/asterisk-core-sounds-en"
    sounds.mkdir(parents=True)
    texts.mkdir(parents=True)
    (texts / "core-sounds-en.txt.gz").write_bytes(gzip.compress(TEXTS.encode()))
    for name in ("whole", "open", "short", "piece", "sign"):
        (sounds / f"{name}.g722").touch()
    assert sentences(tmp_path, "en") == [(sounds / "whole.g722", "The number is not answering.")]


def test_speech_begins_pauses_and_ends_where_it_does() -> None:
    spoken, silent = np.full(16_000, 8000, "<i2"), np.zeros(4800, "<i2")
    pcm = np.concatenate([silent, spoken, silent, spoken, silent]).tobytes()
    assert voiced(pcm) == ([0.3, 2.6], [[1.3, 1.6]])
    assert voiced(spoken.tobytes()) == ([0.0, 1.0], [])
