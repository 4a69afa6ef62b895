"""Speaks the rest of a response whose connection or edge was lost, on a later connection."""

from edge.core.messages.client_events import Interrupted
from edge.core.messages.effects import Outbox
from edge.core.response.playback import Playback
from edge.core.response.request import Origin, Request
from edge.core.response.response import Response, ResponsePhase
from edge.core.response.sentence import Position
from edge.core.session.history import History
from edge.core.session.unfinished_response import Progress, UnfinishedResponse
from schemas import events as ev
from schemas.session_config import VoiceConfig

STILL_THERE_MS = 120_000
"""The longest time from a turn to its resumption if the cut was noted. The bus keeps audio for 150
s, so the audio of a response exists for at least this time."""

FRESH_MS = 45_000
"""The longest time to the resumption if an edge died and noted nothing."""


def rest_of(earlier: UnfinishedResponse, voice: VoiceConfig, now_ms: int) -> Response | None:
    """Return the rest of the response, or None if nothing is left or it is too late."""
    noted, all_sent = earlier.noted, earlier.progress is Progress.ALL_SENT
    limit_ms = STILL_THERE_MS if noted else FRESH_MS
    if all_sent or not earlier.in_conversation or now_ms - earlier.since_ms > limit_ms:
        return None
    start = Position(
        earlier.reached, noted.sentence_ms if noted else 0, noted.sentence_words if noted else 0
    )
    playback = Playback(earlier.turn, voice, start)
    for index, text in earlier.sentences.items():
        playback.sentences.at(index).text = text
    count = earlier.earlier_connections
    request = Request(
        Origin.RESUMED, now_ms, earlier.caller_words, earlier.confidence, earlier.turn, count
    )
    return Response(request, playback, ResponsePhase.COMMITTED, steps=earlier.steps)


def end(earlier: UnfinishedResponse, history: History, out: Outbox, now_ms: int) -> None:
    """Finish a response without a rest; if none of it was heard, the caller's words are carried."""
    head, all_sent = out.head(now_ms), earlier.progress is Progress.ALL_SENT
    if not all_sent:
        out.publish(ev.ResponseCancelled(**head, turn=earlier.turn, reason="hung_up"))
        out.tell(Interrupted(earlier.turn, earlier.heard))
    done = bool(earlier.heard) or earlier.steps.is_used
    if done and earlier.in_conversation:
        history.drop_carried(earlier.caller_words)
        history.enter_turn(earlier.caller_words, earlier.heard, earlier.steps, earlier.turn)
    history.turn_over()
    heard = ev.AnswerHeard(
        **head,
        turn=earlier.turn,
        text=earlier.heard,
        complete=all_sent,
        played_ms=0,
        carried=not done,
        in_conversation=earlier.in_conversation,
        earlier_connections=earlier.earlier_connections,
    )
    out.publish(heard)
