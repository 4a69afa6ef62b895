"""Speaks the rest of a response whose connection or edge was lost, on a later connection."""

from edge.core.messages.client_events import Interrupted
from edge.core.messages.effects import Outbox
from edge.core.response.playback import Playback
from edge.core.response.request import Origin, Request
from edge.core.response.response import Phase, Response
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


def rest_of(begun: UnfinishedResponse, voice: VoiceConfig, now_ms: int) -> Response | None:
    """Return the rest of the response, or None if nothing is left or it is too late."""
    noted, all_sent = begun.noted, begun.progress is Progress.ALL_SENT
    limit_ms = STILL_THERE_MS if noted else FRESH_MS
    if all_sent or not begun.in_conversation or now_ms - begun.since_ms > limit_ms:
        return None
    start = Position(
        begun.reached, noted.sentence_ms if noted else 0, noted.sentence_words if noted else 0
    )
    playback = Playback(begun.turn, voice, start)
    for index, text in begun.sentences.items():
        playback.sentences.at(index).text = text
    earlier = begun.earlier_connections
    request = Request(
        Origin.RESUMED, now_ms, begun.caller_words, begun.confidence, begun.turn, earlier
    )
    return Response(request, playback, Phase.COMMITTED, steps=begun.steps)


def end(begun: UnfinishedResponse, history: History, out: Outbox, now_ms: int) -> None:
    """Finish a response without a rest; if none of it was heard, the caller's words are carried."""
    head, all_sent = out.head(now_ms), begun.progress is Progress.ALL_SENT
    if not all_sent:
        out.publish(ev.ResponseCancelled(**head, turn=begun.turn, reason="hung_up"))
        out.tell(Interrupted(begun.turn, begun.heard))
    done = bool(begun.heard) or begun.steps.is_used
    if done and begun.in_conversation:
        history.drop_carried(begun.caller_words)
        history.enter_turn(begun.caller_words, begun.heard, begun.steps, begun.turn)
    history.turn_over()
    heard = ev.AnswerHeard(
        **head,
        turn=begun.turn,
        text=begun.heard,
        complete=all_sent,
        played_ms=0,
        carried=not done,
        in_conversation=begun.in_conversation,
        part=begun.earlier_connections,
    )
    out.publish(heard)
