"""The events of a session: past facts, typed and versioned, the only thing edge and workers share.

One name does three jobs: class `TranscriptFinal` = tag `transcript.final` = header `Aura-Type`.
Only add: a field with a default is compatible, a changed meaning is a new event.

Kinds (the last token of the subject; see `schemas.subjects`):

    life    edge        the session's own story: who came, who said what, what was heard
    speech  edge        speech.started                       one job for STT
    heard   STT         transcript.guess, transcript.final
    turn    edge        turn.taken                           one job for the LLM
    say     LLM, edge   response.sentence                    one job for TTS; a fenced chain
                        tool.called
    tool    edge        tool.requested                       one job for a tool runner
    out     TTS, any    speech.ready, job.failed, turn.measured, model.switched
                        tool.begun, tool.returned, tool.failed
    in      edge        inputs.delivered: all that the call was given, to decide again

Times: `at_ms` is Unix time in ms on the clock of the session's edge. A worker has no say in what
time it is: it adds its own monotonic duration to the `at_ms` of its job.
"""

from __future__ import annotations

from schemas.events.control import CallerIdle, ControlReceived, ControlSpoken, KeysPressed
from schemas.events.conversation import (
    ItemRole,
    Message,
    MessageAdded,
    MessageRemoved,
    Role,
    ToolCall,
)
from schemas.events.event import Bin, Event, FaultyPart, Head, Kind, StageName
from schemas.events.failures import JobFailed, TroubleTold
from schemas.events.heard import (
    AnswerHeard,
    AnswerReached,
    AnswerTruncated,
    InterruptionDismissed,
    InterruptionStopped,
    InterruptionSuspected,
)
from schemas.events.record import InputsDelivered, RecordingConsented, RecordingEnded
from schemas.events.response import (
    CancelReason,
    ModelSwitched,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
    Speaker,
    SpeechReady,
)
from schemas.events.session import (
    NOT_RECORDED,
    AgentChanged,
    EndReason,
    SessionEnded,
    SessionReconfigured,
    SessionResumed,
    SessionStarted,
)
from schemas.events.speech import (
    SpeechContinued,
    SpeechEnded,
    SpeechPaused,
    SpeechStarted,
    TranscriptFinal,
    TranscriptGuess,
)
from schemas.events.tools import ToolBegun, ToolCalled, ToolFailed, ToolRequested, ToolReturned
from schemas.events.turn import STEPS, TurnCommitted, TurnMeasured, TurnTaken

SCHEMA_VERSION = 1
"""Travels in the header `Aura-Schema`; grows only with an incompatible change."""

AnyEvent = (
    SessionStarted
    | SessionResumed
    | SessionReconfigured
    | AgentChanged
    | SessionEnded
    | RecordingConsented
    | RecordingEnded
    | SpeechStarted
    | SpeechPaused
    | SpeechContinued
    | SpeechEnded
    | TranscriptGuess
    | TranscriptFinal
    | TurnTaken
    | TurnCommitted
    | InterruptionSuspected
    | InterruptionStopped
    | InterruptionDismissed
    | ResponseSentence
    | ResponseCompleted
    | ResponseCancelled
    | ToolCalled
    | ToolRequested
    | ToolBegun
    | ToolReturned
    | ToolFailed
    | ModelSwitched
    | SpeechReady
    | AnswerHeard
    | AnswerReached
    | AnswerTruncated
    | MessageAdded
    | MessageRemoved
    | JobFailed
    | KeysPressed
    | ControlReceived
    | ControlSpoken
    | CallerIdle
    | TroubleTold
    | TurnMeasured
    | InputsDelivered
)
