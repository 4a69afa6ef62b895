"""The text of one decoding, and the choice between decodings of the same audio. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from workers.engines.stt.whisper_postprocess import Way


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a piece of audio by one decoding."""

    text: str
    logprob: float
    """The mean log probability of its tokens."""
    no_speech: float
    """0..1: the probability that there is no speech."""
    tokens: int
    reliable: bool
    """Whether the text is complete, likely and no loop, so that no wider window is needed."""
    eot_stt: float | None = None
    """0..1: the probability that a sentence ends with the last word."""

    @property
    def confidence(self) -> float:
        return math.exp(min(0.0, self.logprob))


NOTHING: Final = DecodedText("", -9.0, 1.0, 0, reliable=False)


def remaining_ways(left: list[Way], decoded: DecodedText, *, hurried: bool) -> list[Way]:
    """Return the ways that remain to be tried after the first of *left* gave *decoded*."""
    way, *wider = left
    if not decoded.reliable:
        return wider
    again = way.second_decoding(decoded.confidence) if decoded.text and not hurried else None
    return [again] if again else []


def better(known: DecodedText, new: DecodedText) -> DecodedText:
    """Return the likelier text, with the greedy decoding's `eot_stt`, as beams have none."""
    best = max(known, new, key=lambda text: (text.reliable, text.logprob))
    return replace(best, eot_stt=known.eot_stt if best.eot_stt is None else best.eot_stt)


def joined(pieces: Sequence[DecodedText]) -> tuple[str, float, float | None]:
    """Return the pieces' text, their confidence by tokens, and the last one's `eot_stt`."""
    spoken = [piece for piece in pieces if piece.text]
    if not spoken:
        return "", 0.0, None
    tokens = sum(piece.tokens for piece in spoken)
    logprob = sum(piece.logprob * piece.tokens for piece in spoken) / max(1, tokens)
    return " ".join(piece.text for piece in spoken), math.exp(min(0.0, logprob)), spoken[-1].eot_stt
