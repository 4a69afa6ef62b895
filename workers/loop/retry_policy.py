"""The outcome of a job that failed: overtaken, retried or given up. Pure.

FencedError                                               overtaken: another worker does it
EngineRefusedError, EngineMissingError, WeightsError,
StaleJobError                                             failed: no other attempt will help
EngineHungError                                           retried by another process; ours ends
anything else                                             retried; failed in the last attempt
"""

from dataclasses import dataclass
from typing import Literal

from runtime.bus.errors import BusError, FencedError
from runtime.first_cause import first_cause
from schemas.events import Event, JobFailed, StageName
from workers.engines.errors import (
    EngineError,
    EngineMissingError,
    EngineRefusedError,
    ServerUnavailableError,
    WeightsError,
)
from workers.loop.job_target import EngineHungError, JobTarget, StaleJobError

LAST_ATTEMPT = 3
"""One less than the consumers' max_deliver, so that the failure can still be published."""
SECOND_ATTEMPT_S = 0.2
"""Delay of the second attempt; the third has twice that."""
UNPUBLISHED_RETRY_S = 1.0
"""Delay of the next attempt if the failure could not be published."""
APART_S = 2.0
"""Random start delay of the last attempt, to isolate a job that kills workers."""
EXPECTED_ERRORS = (EngineError, BusError, StaleJobError)
PERMANENT_ERRORS = (EngineRefusedError, EngineMissingError, WeightsError, StaleJobError)
PRINTABLE_ERRORS = (*PERMANENT_ERRORS, ServerUnavailableError)
"""Errors whose messages contain no caller's words."""

Outcome = Literal["done", "overtaken", "retried", "failed"]
"""The outcome of a job, as counted in the metrics."""


@dataclass(frozen=True)
class RetryDecision:
    """What to do with a job that failed."""

    outcome: Outcome
    reason: str = ""
    """For operators; without words of the conversation."""
    caller_message: str = ""
    """For the caller: a sentence."""
    delay_s: float = 0.0
    """Delay of the next attempt."""
    is_expected: bool = True
    """False: the failure is a bug of Aura."""
    is_hung: bool = False
    """The engine's thread is lost, so this process must end."""


def decide(error: Exception, attempt: int) -> RetryDecision:
    """Return the decision about a job whose attempt number *attempt* (from 1) failed by *error*."""
    error = first_cause(error)
    if isinstance(error, FencedError):
        return RetryDecision("overtaken")
    hopeless = isinstance(error, PERMANENT_ERRORS)
    given_up = hopeless or attempt >= LAST_ATTEMPT
    return RetryDecision(
        outcome="failed" if given_up else "retried",
        reason=loggable(error),
        caller_message=_caller_message(error),
        delay_s=0.0 if given_up else SECOND_ATTEMPT_S * attempt,
        is_expected=isinstance(error, EXPECTED_ERRORS),
        is_hung=isinstance(error, EngineHungError),
    )


def loggable(error: Exception) -> str:
    """Return the message of *error*, or only its type if the message may hold a caller's words."""
    return str(error) if isinstance(error, PRINTABLE_ERRORS) else type(error).__name__


def failure(
    event: Event, target: JobTarget, decision: RetryDecision, *, stage: StageName, attempt: int
) -> JobFailed:
    """Return the event of a job that attempt number *attempt* ended by *decision*."""
    return JobFailed(
        tenant=event.tenant,
        session=event.session,
        at_ms=event.at_ms,
        stage=stage,
        utterance=target.utterance,
        turn=target.turn or 0,
        index=target.index,
        reason=decision.caller_message,
        attempts=attempt,
    )


def _caller_message(error: Exception) -> str:
    """Return the engine's message, if it has nothing private, or a general one."""
    if isinstance(error, EngineError | StaleJobError) and str(error):
        return str(error)
    if isinstance(error, EngineHungError):
        return "the engine did not answer in time"
    if isinstance(error, BusError):
        return "the message bus could not be reached"
    return "something went wrong inside Aura; its log tells more"


def apart_s(attempt: int) -> float:
    """Return the limit of the random start delay of attempt number *attempt*."""
    return APART_S if attempt >= LAST_ATTEMPT else 0.0
