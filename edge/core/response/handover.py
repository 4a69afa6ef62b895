"""An answer whose edge died while it was spoken: another speaks the rest, or ends it plainly."""

from __future__ import annotations

from edge.core.notices import Delivery, Interrupted
from edge.core.outbox import Outbox
from edge.core.response.playback import Playback
from edge.core.response.response import Answer, Phase
from edge.core.session.history import History, Unfinished
from edge.core.session.rules import Rules
from schemas import events as ev

STILL_THERE_MS = 45_000
"""So long after a turn its answer's audio is sure to be on the bus, which keeps it a minute."""


def rest_of(begun: Unfinished, rules: Rules, delivery: Delivery, now_ms: int) -> Answer | None:
    """Return the answer that is spoken on, None where there is nothing left to speak."""
    if begun.handed_over or now_ms - begun.since_ms > STILL_THERE_MS:
        return None
    return Answer(
        turn=begun.turn,
        text=begun.text,
        confidence=begun.confidence,
        playback=Playback(begun.turn, delivery, rules.chunk_ms, first=begun.reached),
        speech_end_ms=now_ms,
        taken_ms=now_ms,
        phase=Phase.COMMITTED,
        reached=begun.reached,
        gone_on_with=True,
    )


def end(begun: Unfinished, history: History, out: Outbox) -> None:
    """Close the books on an answer that is not spoken on; words that it left are carried."""
    if not begun.handed_over:
        out.publish(ev.ResponseCancelled, turn=begun.turn, reason="hung_up")
        out.tell(Interrupted(begun.turn, begun.sent))
    if begun.sent:
        history.drop_carried(begun.text)
        history.settle(begun.text, begun.sent)
    out.publish(
        ev.AnswerHeard,
        turn=begun.turn,
        text=begun.sent,
        complete=begun.handed_over,
        played_ms=0,
        carried=not begun.sent,
    )
