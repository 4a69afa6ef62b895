"""Marks jobs that come too late: such an event is stored, and no worker does it. Pure."""

from collections.abc import Callable

import msgspec

from schemas import stages
from schemas.events import Event, ResponseSentence, SpeechStarted, ToolRequested, TurnTaken
from schemas.stages import JobEvent

UTTERANCE_OVER_MS = 5000
"""The age after which an unpublished utterance is probably over."""


def in_time(event: Event, now_ms: int, awaited: Callable[[int], bool]) -> Event:
    """Return *event*, marked as no job if it is too late to be one.

    *awaited* returns whether the words of an utterance are still needed.
    """
    match event:
        case TurnTaken() | ResponseSentence():
            late = bool(event.deadline_ms) and now_ms > event.deadline_ms
        case ToolRequested():
            late = now_ms > event.deadline_ms
        case SpeechStarted():
            late = now_ms - event.at_ms > UTTERANCE_OVER_MS and not awaited(event.utterance)
        case _:
            return event
    return no_job(event) if late else event


def no_job(event: JobEvent) -> JobEvent:
    """Return *event* with a mark by which the workers of every stage pass it over."""
    return msgspec.structs.replace(event, recorded=stages.STAGE_NAMES)
