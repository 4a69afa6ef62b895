"""All trials by name: each starts an Aura, causes faults, and returns the effects on callers."""

from benchmarks.soak import (
    clusters,
    crowds,
    deaths,
    doors,
    full,
    gateways,
    links,
    nonsense,
    tool_calls,
)
from benchmarks.soak.trial import Trials

TRIALS: Trials = {
    **deaths.TRIALS,
    **links.TRIALS,
    **clusters.TRIALS,
    **full.TRIALS,
    **crowds.TRIALS,
    **nonsense.TRIALS,
    **tool_calls.TRIALS,
    **gateways.TRIALS,
    **doors.TRIALS,
}
