"""The metrics of an edge for Prometheus, from the effects of its calls, without words."""

from prometheus_client import Counter, Gauge, Histogram

from edge.core.messages.client_events import ClientEvent, Interrupted, Trouble
from runtime.process.metrics import STEPS_S
from schemas.events import WATERFALL, Event, ResponseCancelled, SpeechEnded, TurnMeasured, TurnTaken

RUNNING_CALLS = Gauge("aura_edge_calls", "Calls that this edge holds now.")
CALL_TURNS = Counter("aura_edge_turns_total", "Turns whose response was heard or interrupted.")
STEP_SECONDS = Histogram(
    "aura_edge_turn_step_seconds",
    "From the end of speech to a step of the turn; first_sent is the caller's wait.",
    ["step"],
    buckets=STEPS_S,
)
ENDPOINT = Histogram(
    "aura_edge_endpoint_wait_seconds",
    "Silence at the end of an utterance before it counted as complete.",
    buckets=STEPS_S,
)
CALL_INTERRUPTIONS = Counter(
    "aura_edge_interruptions_total", "Responses that the caller interrupted."
)
SPECULATIVE_RESPONSES = Counter("aura_edge_guesses_total", "Speculative responses.")
RETRACTED = Counter(
    "aura_edge_guesses_retracted_total",
    "Speculative responses retracted unheard: the caller went on.",
)
CALL_ERRORS = Counter(
    "aura_edge_errors_total", "Errors that callers were told of.", ["stage", "fatal"]
)
DROPPED = Counter(
    "aura_edge_dropped_bytes_total",
    "Dropped audio: to a caller who reads too slowly, or to a bus that is away.",
    ["towards"],
)
REFUSALS = Counter(
    "aura_edge_refused_total",
    "Connections, requests and sessions that a limit refused or ended.",
    ["limit"],
)


def published(event: Event) -> None:
    """Count an event that a call published."""
    match event:
        case TurnMeasured():
            _measured(event)
        case TurnTaken(speculative=True):
            SPECULATIVE_RESPONSES.inc()
        case ResponseCancelled(reason="retracted"):
            RETRACTED.inc()
        case SpeechEnded(discarded=False, wait_ms=wait_ms):
            ENDPOINT.observe(wait_ms / 1000)
        case _:
            pass


def sent(event: ClientEvent) -> None:
    """Count an event that was sent to a client."""
    match event:
        case Interrupted():
            CALL_INTERRUPTIONS.inc()
        case Trouble(stage=stage, fatal=fatal):
            CALL_ERRORS.labels(stage, str(fatal).lower()).inc()
        case _:
            pass


def dropped(towards: str, size_bytes: int) -> None:
    DROPPED.labels(towards).inc(size_bytes)


def refused(limit: str) -> None:
    REFUSALS.labels(limit).inc()


def refusals() -> dict[str, int]:
    """Return the number of refusals by each limit since this edge began."""
    (metric,) = REFUSALS.collect()
    counted = (sample for sample in metric.samples if sample.name.endswith("_total"))
    return {sample.labels["limit"]: int(sample.value) for sample in counted}


def _measured(event: TurnMeasured) -> None:
    CALL_TURNS.inc()
    for name in (*WATERFALL, "stt_ms"):
        if (ms := getattr(event, name)) is not None:
            STEP_SECONDS.labels(name.removesuffix("_ms")).observe(max(0.0, ms) / 1000)
