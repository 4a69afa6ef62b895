"""The log line of a turn: all its latencies, none of its words. Pure."""

from schemas.events import TurnMeasured


def turn_line(waterfall: TurnMeasured) -> dict[str, object]:
    """Return the fields of the line, in ms after the last speech where a name ends in `_ms`."""
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
