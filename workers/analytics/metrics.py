"""A shipped subscriber: metrics of the sessions of all edges, for Prometheus.

AURA_METRICS_PORT=9101 aura worker analytics --module workers.analytics.metrics

Each member of the group counts different events; sum over the members in Prometheus.
"""

from prometheus_client import Counter, Histogram

from runtime.process.metrics import STEPS_S
from runtime.recent_ids import RecentIds
from schemas import events as ev
from workers.analytics.subscribers import subscriber

STARTED = Counter("aura_sessions_started_total", "Sessions, by client protocol.", ["dialect"])
RESUMED = Counter("aura_sessions_resumed_total", "Sessions resumed on a new connection.")
ENDED = Counter("aura_sessions_ended_total", "Sessions ended, by reason.", ["reason"])
SESSION_TURNS = Histogram(
    "aura_session_turns", "Turns of a session.", buckets=(0, 1, 2, 3, 5, 8, 13, 21, 50)
)
FELT = Histogram(
    "aura_session_wait_seconds", "End of speech to the first audio sent.", buckets=STEPS_S
)
TALK = Counter("aura_session_talk_seconds_total", "Time spoken, by speaker.", ["who"])
SPECULATIONS = Counter(
    "aura_session_guesses_total",
    "Speculative responses: right (committed), wrong (retracted).",
    ["outcome"],
)
SESSION_INTERRUPTIONS = Counter(
    "aura_session_interruptions_total",
    "Sound over a response: suspected, dismissed, meant (confirmed).",
    ["outcome"],
)
SESSION_ERRORS = Counter(
    "aura_session_errors_total", "Errors that callers were told of.", ["stage"]
)
TOKENS = Counter("aura_session_tokens_total", "Tokens of responses.", ["model", "direction"])
CONFIDENCE = Histogram(
    "aura_session_transcript_confidence_ratio",
    "Confidence of whole utterances.",
    buckets=(0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0),
)

_seen = RecentIds()


@subscriber(
    ev.SessionStarted,
    ev.SessionResumed,
    ev.SessionEnded,
    ev.TranscriptFinal,
    ev.InterruptionSuspected,
    ev.InterruptionDismissed,
    ev.ResponseCancelled,
    ev.AnswerHeard,
    ev.ResponseCompleted,
    ev.TroubleTold,
    ev.TurnMeasured,
    name="metrics",
    calls_only=True,
)
async def count(event: ev.AnyEvent) -> None:
    """Count *event*; a repeated event counts once."""
    if not _seen.is_duplicate(event.id):
        _count(event)


def _count(event: ev.AnyEvent) -> None:
    match event:
        case ev.SessionStarted(protocol=protocol):
            STARTED.labels(protocol).inc()
        case ev.SessionResumed():
            RESUMED.inc()
        case ev.SessionEnded(reason=reason, turns=turns):
            ENDED.labels(reason).inc()
            SESSION_TURNS.observe(turns)
        case ev.TranscriptFinal(audio_ms=audio_ms, confidence=confidence, text=text) if text:
            TALK.labels("caller").inc(audio_ms / 1000)
            CONFIDENCE.observe(confidence)
        case ev.AnswerHeard(played_ms=played_ms):
            TALK.labels("aura").inc(played_ms / 1000)
        case ev.InterruptionSuspected():
            SESSION_INTERRUPTIONS.labels("suspected").inc()
        case ev.InterruptionDismissed():
            SESSION_INTERRUPTIONS.labels("dismissed").inc()
        case ev.ResponseCancelled(reason="interrupted"):
            SESSION_INTERRUPTIONS.labels("meant").inc()
        case ev.ResponseCompleted() if event.turn:  # no model writes the greeting
            TOKENS.labels(event.model, "prompt").inc(event.prompt_tokens)
            TOKENS.labels(event.model, "completion").inc(event.completion_tokens)
        case ev.TroubleTold(stage=stage):
            SESSION_ERRORS.labels(stage).inc()
        case ev.TurnMeasured():
            _measured(event)
        case _:
            pass


def _measured(event: ev.TurnMeasured) -> None:
    if event.first_sent_ms is not None:
        FELT.observe(max(0.0, event.first_sent_ms) / 1000)
    SPECULATIONS.labels("wrong").inc(event.retracted)
    SPECULATIONS.labels("right").inc(max(0, event.speculations - event.retracted))
