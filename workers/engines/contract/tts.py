"""The contract of a synthesizer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from schemas.audio import BYTES_PER_MS
from workers.engines.contract.check import (
    Check,
    ContractError,
    can_be_warmed,
    expect,
    has_a_name,
)

TEXT: Final = "One, two, three, four, five."
LEAST_MS, MOST_MS = 600, 12_000
"""The shortest and the longest audio of TEXT: other lengths mean a wrong rate, or no audio."""


def _sound(engine: Any, text: str) -> bytes:
    sound = b""
    for piece in engine.synthesize(text):
        if not isinstance(piece, bytes):
            raise ContractError(f"a piece is bytes, not {type(piece).__name__}")
        expect(piece, "a piece is not empty")
        expect(len(piece) % 2 == 0, "a piece is whole samples of 16 bits")
        sound += piece
    return sound


def gives_its_sound_as_an_iterator(engine: Any) -> None:
    pieces = engine.synthesize(TEXT)
    expect(isinstance(pieces, Iterator), "`synthesize` returns an iterator: use `yield`")
    list(pieces)


def speaks_16_khz_mono(engine: Any) -> None:
    ms = len(_sound(engine, TEXT)) // BYTES_PER_MS
    expect(
        LEAST_MS <= ms <= MOST_MS,
        f"{TEXT!r} takes {LEAST_MS} to {MOST_MS} ms, not {ms}: s16le mono of 16 kHz is expected",
    )


def is_heard(engine: Any) -> None:
    loudest = int(np.abs(np.frombuffer(_sound(engine, TEXT), "<i2").astype(int)).max(initial=0))
    expect(loudest > 1000, f"the loudest sample of {TEXT!r} is {loudest} of 32767")


def takes_texts_without_words(engine: Any) -> None:
    for text in ("", " ", "...", "🎉", "—"):
        _sound(engine, text)


def takes_texts_of_any_kind(engine: Any) -> None:
    for text in ("3.50 € at 10:30", "Grüße! 你好", "<b>&amp;</b>", "word " * 120):
        _sound(engine, text)


def can_be_left_in_the_middle(engine: Any) -> None:
    pieces = engine.synthesize(f"{TEXT} {TEXT} {TEXT}")
    next(pieces, None)
    if hasattr(pieces, "close"):
        pieces.close()
    expect(_sound(engine, TEXT), "it speaks after it was left in the middle")


def speaks_in_several_threads(engine: Any) -> None:
    with ThreadPoolExecutor(3) as pool:
        for sound in pool.map(lambda _: _sound(engine, TEXT), range(3)):
            expect(sound, "each of several threads has its sound")


CHECKS: Final[tuple[Check, ...]] = (
    can_be_warmed,
    has_a_name,
    gives_its_sound_as_an_iterator,
    speaks_16_khz_mono,
    is_heard,
    takes_texts_without_words,
    takes_texts_of_any_kind,
    can_be_left_in_the_middle,
    speaks_in_several_threads,
)
