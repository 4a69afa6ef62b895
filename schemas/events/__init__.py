"""The events of a session: past facts, typed and versioned, which connect the edge and the workers.

One name does three jobs: class `TranscriptFinal` = tag `transcript.final` = header `Aura-Type`.
Fields are only added: a new field has a default, and a changed meaning needs a new event.

Kinds (the last token of the subject; see `schemas.subjects`):

    life    the course of the session: its start and end, what was said and heard
    speech  speech.started, one job for STT
    heard   transcript.guess, transcript.final
    turn    turn.taken, one job for the LLM
    say     response.sentence, one job for TTS; a fenced chain, with tool.called
    tool    tool.requested, one job for a tool runner
    hook    webhook.requested, one message for an application
    out     the results of jobs, and their failures
    in      inputs.delivered: all inputs of the call, for a replay

The first line of a type's docstring names its writers and its readers (`schemas.routes`).

Times: `at_ms` is Unix time in ms on the clock of the session's edge. A worker never uses its own
clock: it adds its monotonic duration to the `at_ms` of its job.
"""

from schemas.events.control import CallerIdle, ControlReceived, ControlSpoken, KeysPressed
from schemas.events.conversation import (
    ItemRole,
    Message,
    MessageAdded,
    MessageRemoved,
    RequestQueued,
    Role,
    ToolCall,
)
from schemas.events.event import Bin, Event, Head, Kind, StageName, StageOrAudio, own_fields, tag
from schemas.events.failures import JobFailed, TroubleTold
from schemas.events.heard import (
    AnswerHeard,
    AnswerReached,
    AnswerTruncated,
    InterruptionDismissed,
    InterruptionStopped,
    InterruptionSuspected,
)
from schemas.events.hook import WebhookRequested
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
    WordsUse,
)
from schemas.events.spend import SpendCounted, SpendLimitName, SpendReached
from schemas.events.tools import ToolBegun, ToolCalled, ToolFailed, ToolRequested, ToolReturned
from schemas.events.turn import WATERFALL, TurnCommitted, TurnMeasured, TurnTaken

SCHEMA_VERSION = 1
"""The value of the header `Aura-Schema`; it only grows with an incompatible change."""

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
    | WebhookRequested
    | ModelSwitched
    | SpeechReady
    | AnswerHeard
    | AnswerReached
    | AnswerTruncated
    | MessageAdded
    | MessageRemoved
    | RequestQueued
    | JobFailed
    | KeysPressed
    | ControlReceived
    | ControlSpoken
    | CallerIdle
    | SpendCounted
    | SpendReached
    | TroubleTold
    | TurnMeasured
    | InputsDelivered
)
