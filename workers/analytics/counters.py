"""The metrics of subscribers for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

from runtime.process.metrics import WORK_S

EVENTS = Counter(
    "aura_subscriber_events_total",
    "Events answered: done, retried, failed (given up).",
    ["subscriber", "outcome"],
)
HANDLER_SECONDS = Histogram(
    "aura_subscriber_seconds",
    "Time of a handler's call; a batch is one call.",
    ["subscriber"],
    buckets=WORK_S,
)
LAG = Gauge(
    "aura_subscriber_lag_events",
    "Events that wait for the group, by the server's latest count.",
    ["subscriber"],
)
