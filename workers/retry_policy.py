"""What becomes of a job that failed: done by another, tried again, or given up. Pure.

FencedError                                               overtaken: somebody else goes on with it
EngineRefusedError, EngineMissingError, WeightsError,
StaleJobError                                             failed: no other attempt will help
EngineHungError                                           retried by another process; ours ends
anything else                                             retried; failed in the last attempt
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runtime.bus.errors import BusError, FencedError
from workers.engines.protocols import (
    EngineError,
    EngineMissingError,
    EngineRefusedError,
    WeightsError,
)
from workers.stage import EngineHungError, StaleJobError

LAST_ATTEMPT = 3
"""One less than the consumers' max_deliver, so that a failure can still be told."""
RETRY_S = 0.2
"""Before the second attempt; twice that before the third."""
UNTOLD_S = 1.0
"""Before an attempt whose failure could not be told to the edge."""
APART_S = 2.0
"""Jobs that died together with a worker twice start apart: one of them may be what killed it, and
would take the others with it again."""
EXPECTED = (EngineError, BusError, StaleJobError)
HOPELESS = (EngineRefusedError, EngineMissingError, WeightsError, StaleJobError)

Outcome = Literal["done", "overtaken", "retried", "failed"]
"""What became of a job, as it is counted."""


@dataclass(frozen=True)
class Verdict:
    """What is to become of a job that failed."""

    outcome: Outcome
    reason: str = ""
    """For operators; without a word of what was said."""
    told: str = ""
    """For the caller: a sentence."""
    delay_s: float = 0.0
    """Before it is tried again."""
    is_expected: bool = True
    """It is a failure that the stages know; any other is a fault of ours."""
    is_hung: bool = False
    """The engine's thread is lost, and so is this process."""


def verdict(error: Exception, attempt: int) -> Verdict:
    """Return what *error* in attempt number *attempt* (from 1) makes of the job.

    What another attempt may mend is tried again, until the last one.
    """
    error = first_cause(error)
    if isinstance(error, FencedError):
        return Verdict("overtaken")
    hopeless = isinstance(error, HOPELESS)
    given_up = hopeless or attempt >= LAST_ATTEMPT
    return Verdict(
        outcome="failed" if given_up else "retried",
        reason=str(error) if hopeless else type(error).__name__,
        told=_told(error),
        delay_s=0.0 if given_up else RETRY_S * attempt,
        is_expected=isinstance(error, EXPECTED),
        is_hung=isinstance(error, EngineHungError),
    )


def _told(error: Exception) -> str:
    """Return the sentence of an engine, which names nothing private, or one of ours."""
    if isinstance(error, EngineError | StaleJobError) and str(error):
        return str(error)
    if isinstance(error, EngineHungError):
        return "the engine did not answer in time"
    if isinstance(error, BusError):
        return "the message bus could not be reached"
    return "something went wrong inside Aura; its log tells more"


def apart_s(attempt: int) -> float:
    """Return within how many seconds attempt number *attempt* starts at random."""
    return APART_S if attempt >= LAST_ATTEMPT else 0.0


def first_cause(error: Exception) -> Exception:
    """Return the first thing that went wrong in a stage that does several at once."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
