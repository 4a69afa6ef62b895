"""How urgent the recognition of a part of an utterance is. Pure."""

from dataclasses import dataclass

from schemas.events import SpeechStarted
from workers.stt.utterance_words import AudioPart

OVER_RESPONSE_INTERVAL_MS = 300
"""The audio between partial transcripts over a response, which come sooner since they decide about
an interruption."""
BACKGROUND_RANK = 2
"""The rank of background jobs: after all work for calls, partial transcripts too."""


@dataclass(frozen=True)
class Urgency:
    """The rank of a recognition among those that wait."""

    rank: int
    """A smaller rank goes first."""
    hurried: bool
    """Speed matters more than accuracy."""


def urgency(event: SpeechStarted, part: AudioPart, *, partial: bool) -> Urgency:
    """Return the urgency of *part* in the utterance *event*, for a partial transcript or a pause.

    A partial transcript can wait, except over a response, which goes on until the first words over
    it are known.
    """
    over_response = event.over_response
    hurried = partial or (over_response and part.from_ms == 0)
    if event.background:
        return Urgency(BACKGROUND_RANK, hurried)
    return Urgency(1 if partial and not over_response else 0, hurried)


def partial_interval_ms(event: SpeechStarted, usual_ms: int) -> int:
    """Return the audio between two partial transcripts, ms; 0: there are none.

    *usual_ms* is that interval of utterances with no response under them, 0 if there are none.
    """
    if not usual_ms or event.background:
        return 0
    return OVER_RESPONSE_INTERVAL_MS if event.over_response else usual_ms
