"""A response whose edge died while it was spoken: another edge speaks the rest, or ends it."""

from __future__ import annotations

from edge.core.client_events import Interrupted
from edge.core.effects import Outbox
from edge.core.response.playback import Playback
from edge.core.response.response import Phase, Response
from edge.core.session.history import History, UnfinishedResponse
from schemas import events as ev
from schemas.session_config import VoiceConfig

STILL_THERE_MS = 45_000
"""So long after a turn the audio of its response is surely on the bus, which keeps it a minute."""


def rest_of(begun: UnfinishedResponse, voice: VoiceConfig, now_ms: int) -> Response | None:
    """Return the response that is spoken on, None where there is nothing left to speak."""
    if begun.all_sent or now_ms - begun.since_ms > STILL_THERE_MS:
        return None
    return Response(
        turn=begun.turn,
        text=begun.text,
        confidence=begun.confidence,
        playback=Playback(begun.turn, voice, first=begun.reached),
        speech_end_ms=now_ms,
        taken_ms=now_ms,
        phase=Phase.COMMITTED,
        reached=begun.reached,
        spoken_on=True,
        sentences=dict(begun.sentences),
        tool_steps=begun.steps,
    )


def end(begun: UnfinishedResponse, history: History, out: Outbox, now_ms: int) -> None:
    """End a response that is not spoken on; the caller's words are carried if none of it was."""
    head = out.head(now_ms)
    if not begun.all_sent:
        out.publish(ev.ResponseCancelled(**head, turn=begun.turn, reason="hung_up"))
        out.tell(Interrupted(begun.turn, begun.sent))
    done = bool(begun.sent) or begun.steps.is_used
    if done:
        history.drop_carried(begun.text)
        history.settle(begun.text, begun.sent, begun.steps)
    heard = ev.AnswerHeard(
        **head,
        turn=begun.turn,
        text=begun.sent,
        complete=begun.all_sent,
        played_ms=0,
        carried=not done,
    )
    out.publish(heard)
