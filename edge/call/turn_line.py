"""The log line of a turn, with its latencies and without its words. Pure."""

from schemas.events import TurnMeasured


def turn_line(waterfall: TurnMeasured) -> dict[str, object]:
    """Return the fields of the line; those with `_ms` are ms after the end of speech."""
    return {
        "turn": waterfall.turn,
        "felt_ms": waterfall.first_sent_ms,
        "endpoint_ms": waterfall.committed_ms,
        "transcript_ms": waterfall.transcript_ms,
        "first_token_ms": waterfall.first_token_ms,
        "first_sentence_ms": waterfall.first_sentence_ms,
        "first_audio_ms": waterfall.first_audio_ms,
        "speculations": waterfall.speculations,
        "retracted": waterfall.retracted,
        "interrupted": waterfall.interrupted,
    }
