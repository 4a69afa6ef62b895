"""The log line of a turn, with all its latencies and without its words. Pure."""

from schemas.events import WATERFALL, TurnMeasured


def turn_line(waterfall: TurnMeasured) -> dict[str, object]:
    """Return the fields of the line, named as in `turn.measured`."""
    return {
        "turn": waterfall.turn,
        **{name: getattr(waterfall, name) for name in WATERFALL},
        "stt_ms": waterfall.stt_ms,
        "speculations": waterfall.speculations,
        "retracted": waterfall.retracted,
        "wasted_sentences": waterfall.wasted_sentences,
        "interrupted": waterfall.interrupted,
    }
