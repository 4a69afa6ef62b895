"""Parses requests of the speech API by OpenAI's names. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.core.response import given_words
from edge.protocols.parsing import clean
from edge.protocols.realtime.wire import RequestError
from schemas.audio import BYTES_PER_MS

MOST_INPUT_CHARS = 4096
MOST_SENTENCE_CHARS = 400
SPEECH_FORMATS = ("wav", "pcm")
TEXT_FORMATS = ("json", "text")
MOST_LANGUAGE_CHARS = 8
RECOGNISED_PIECE_MS = 25_000
"""The longest audio that is recognised at once."""
SEARCHED_MS = 8_000
"""The end of such audio in which the quietest place is cut."""
SPOT_MS = 200


@dataclass(frozen=True)
class SpeechRequest:
    """A text to be spoken."""

    sentences: tuple[str, ...]
    is_wav: bool
    """Whether the audio is a WAV, else raw samples."""


def speech_request(body: bytes) -> SpeechRequest:
    """Return the request in *body*.

    Raises:
        RequestError: it is invalid.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise RequestError("invalid_json", "The body must be a JSON object.")
    text = given.get("input")
    if not isinstance(text, str) or not text.strip():
        raise RequestError("invalid_value", "input must be a text with words.", "input")
    if len(text) > MOST_INPUT_CHARS:
        raise RequestError(
            "invalid_value", f"input has {MOST_INPUT_CHARS} characters at most.", "input"
        )
    form = format_of(given.get("response_format"), SPEECH_FORMATS)
    if given.get("speed", 1) != 1:
        raise RequestError("invalid_value", "speed must be 1: the voice has one.", "speed")
    if given.get("stream_format", "audio") != "audio":
        raise RequestError("invalid_value", "stream_format must be audio.", "stream_format")
    return SpeechRequest(tuple(sentences(clean(text))), form == "wav")


def sentences(text: str) -> Iterator[str]:
    """Yield *text* in pieces for single jobs."""
    for sentence in given_words.pieces(text, least_chars=0):  # the first is heard soonest
        words = sentence.split()
        while words:
            piece = words.pop(0)[:MOST_SENTENCE_CHARS]
            while words and len(piece) + 1 + len(words[0]) <= MOST_SENTENCE_CHARS:
                piece = f"{piece} {words.pop(0)}"
            yield piece


def format_of(wanted: Any, known: tuple[str, ...]) -> str:
    """Return the format *wanted*, or the first of those *known* if none is wanted.

    Raises:
        RequestError: it is not supported.
    """
    form: str = wanted or known[0]
    if form not in known:
        message = f"response_format must be {' or '.join(known)}."
        raise RequestError("invalid_value", message, "response_format")
    return form


def language_of(given: str) -> str:
    """Return the language of a recording; empty: the operator's.

    Raises:
        RequestError: it is no language code.
    """
    if given and not (given.isascii() and given.isalpha() and len(given) <= MOST_LANGUAGE_CHARS):
        raise RequestError("invalid_value", "language must be a code such as en.", "language")
    return given.lower()


def audio_pieces(pcm: bytes) -> Iterator[bytes]:
    """Yield *pcm*, s16le mono 16 kHz, in pieces that are recognised at once."""
    at, most = 0, RECOGNISED_PIECE_MS * BYTES_PER_MS
    while len(pcm) - at > most:
        end = at + most
        begin = end - SEARCHED_MS * BYTES_PER_MS
        spots = np.frombuffer(pcm[begin:end], "<i2").reshape(-1, SPOT_MS * BYTES_PER_MS // 2)
        quietest = int(np.square(spots.astype(np.float64)).sum(axis=1).argmin())
        cut = begin + (2 * quietest + 1) * SPOT_MS * BYTES_PER_MS // 2
        yield pcm[at:cut]
        at = cut
    yield pcm[at:]
