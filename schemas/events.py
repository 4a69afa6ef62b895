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
    hook    edge        webhook.requested                    one delivery to an application
    out     TTS, any    speech.ready, job.failed, turn.measured, model.switched
                        tool.begun, tool.returned, tool.failed
    in      edge        inputs.delivered: all that the call was given, to decide again

Times: `at_ms` is Unix time in ms on the clock of the session's edge. A worker has no say in what
time it is: it adds its own monotonic duration to the `at_ms` of its job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypedDict

import msgspec

from schemas.agent import AgentUsed
from schemas.control import AnyCommand
from schemas.session_config import SessionConfig, WebhookMoment, from_flat, to_flat
from schemas.tools import ToolConfig, ToolFailure, ToolFunction

SCHEMA_VERSION = 1
"""Travels in the header `Aura-Schema`; grows only with an incompatible change."""

EndReason = Literal["caller_left", "end_call", "drained", "failed"]
CancelReason = Literal["retracted", "interrupted", "failed", "hung_up"]
SpendLimitName = Literal["tokens", "speech_s", "price"]
"""A limit of `schemas.session_config.SpendLimit`."""
Kind = Literal["life", "speech", "heard", "turn", "say", "tool", "hook", "out", "in"]
StageName = Literal["stt", "llm", "tool", "tts"]
"""What each of them is to the bus is said in `schemas.stages`."""
FaultyPart = Literal["audio", StageName]
"""A part that may fail: the edge's own audio and bus, or a stage."""
Role = Literal["user", "assistant", "tool"]
ItemRole = Literal["user", "assistant", "system"]
"""Whose a message is that a client puts into the conversation."""
Bin = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a tool, as the language model wrote it."""

    id: str
    """Of `schemas.tools.call_id`."""
    name: str
    arguments: str
    """JSON, most likely: a model may write anything."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the conversation, as the language model is told it."""

    role: Role
    text: str
    """Of a tool: its result."""
    calls: tuple[ToolCall, ...] = ()
    """What the assistant called; their results follow as messages of tools."""
    call: str = ""
    """Of a tool: the id of the call that it is the result of."""


class Head(TypedDict):
    """What every event says, to be handed to its type: `SpeechReady(**head, turn=1, ...)`."""

    tenant: str
    session: str
    at_ms: int


class Speaker(TypedDict):
    """Who speaks, as an event says it: `TurnTaken(**speaker, turn=1, ...)`."""

    language: str
    voice: str
    speed: float


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event says: whose it is, and when."""

    KIND: ClassVar[Kind]
    KEY: ClassVar[tuple[str, ...]] = ()
    """The fields that, with session and type, tell this event from every other."""
    LATER: ClassVar[str] = ""
    """A field that does so, too, where it is not 0: older events do not have it."""

    tenant: str
    session: str
    at_ms: int
    """Unix time, ms, on the edge's clock."""

    @property
    def id(self) -> str:
        """Return the same id for the same fact, however often it is published (Nats-Msg-Id)."""
        key = [str(getattr(self, name)) for name in self.KEY]
        if self.LATER and (later := getattr(self, self.LATER)):
            key.append(f"{self.LATER}{later}")
        return ".".join([self.session, str(self.__struct_config__.tag), *key])


# ---------------------------------------------------------------- life


NOT_RECORDED = SessionConfig()
"""Stands in an event without `config`, until it is read from the flat maps."""


class _Configured(Event, frozen=True, kw_only=True):
    """An event that says what the session is set to, for old readers by the old names as well."""

    settings: dict[str, Any] = {}
    """Much of `config` by flat names, for readers that do not know it."""
    rules: dict[str, Any] = {}
    """The rest of it."""
    config: SessionConfig = NOT_RECORDED
    """All that the session is set to."""
    config_hash: str = ""
    """Names the configuration in stream AURA_CONFIGS that stands for `config`, `settings` and
    `rules`, which are absent then (`schemas/named_config.py`); empty: they are here."""
    config_changes: dict[str, Any] = {}
    """What differs from it, maps in maps."""

    @property
    def names_config(self) -> bool:
        """Its configuration has to be read by its name: `config` holds nothing of it."""
        return bool(self.config_hash) and self.config is NOT_RECORDED

    def __post_init__(self) -> None:
        """Let each of the two forms follow from the other.

        Raises:
            ValueError: the flat maps hold a value that cannot be.
        """
        if self.names_config:
            return
        if self.config is NOT_RECORDED:
            config = from_flat(self.settings, self.rules)
            msgspec.structs.force_setattr(self, "config", config)
        if not self.settings:
            settings, rules = to_flat(self.config)
            msgspec.structs.force_setattr(self, "settings", settings)
            msgspec.structs.force_setattr(self, "rules", rules)


class SessionStarted(_Configured, frozen=True, kw_only=True, tag="session.started"):
    """Edge -> all: a caller came in."""

    KIND = "life"
    user: str
    dialect: str
    edge: str
    """Name of the edge process that holds the call."""
    version: str = ""
    """Of the Aura at the edge."""
    replay_of: str = ""
    """The session that this one is a replay of; empty: somebody calls."""
    agent: AgentUsed | None = None
    """Whose words `config` holds; None: the operator's settings alone."""


class SessionResumed(_Configured, frozen=True, kw_only=True, tag="session.resumed"):
    """Edge -> all: the caller came back, to this edge or another."""

    KIND = "life"
    KEY = ("at_ms",)
    edge: str
    version: str = ""


class SessionReconfigured(Event, frozen=True, kw_only=True, tag="session.reconfigured"):
    """Edge -> all: from here on the session is set to this."""

    KIND = "life"
    KEY = ("at_ms",)
    config: SessionConfig


class AgentChanged(Event, frozen=True, kw_only=True, tag="agent.changed"):
    """Edge -> all: another agent goes on with the call; `session.reconfigured` says how."""

    KIND = "life"
    KEY = ("at_ms",)
    agent: AgentUsed
    before: str = ""
    """The agent until now, NAME@REV."""


class SessionEnded(Event, frozen=True, kw_only=True, tag="session.ended"):
    """Edge -> all: the caller left or was sent away; a resume may still follow."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: EndReason
    turns: int
    """Turns answered."""
    started_at_ms: int = 0
    """Unix time, ms. This and what follows sums the session up, so that a list reads one event."""
    user: str = ""
    dialect: str = ""
    errors: int = 0
    """Troubles that the caller was told of."""
    interrupted: int = 0
    """Answers that the caller interrupted."""
    slowest_ms: float | None = None
    """The longest that an answer was waited for."""
    replay_of: str = ""
    agent: str = ""
    """As `name@revision`; empty: the operator's settings alone."""


class RecordingConsented(Event, frozen=True, kw_only=True, tag="recording.consented"):
    """Edge -> all: from here on the sound of both sides is kept; by whose choice."""

    KIND = "life"
    KEY = ("at_ms",)
    by: Literal["caller", "operator"]


class RecordingEnded(Event, frozen=True, kw_only=True, tag="recording.ended"):
    """Edge -> all: no more sound is kept of a call that goes on."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: str


class SpeechPaused(Event, frozen=True, kw_only=True, tag="speech.paused"):
    """Edge -> all: the caller fell silent; STT is asked for the words so far."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    """Counts the pauses of this utterance from 1."""
    speech_end_ms: int
    """Unix time, ms, of the last frame with speech: zero of every latency of the turn."""


class SpeechContinued(Event, frozen=True, kw_only=True, tag="speech.continued"):
    """Edge -> all: the caller went on after a pause; what was guessed of it is void."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int


class SpeechEnded(Event, frozen=True, kw_only=True, tag="speech.ended"):
    """Edge -> all: endpointing took the utterance for complete."""

    KIND = "life"
    KEY = ("utterance",)
    utterance: int
    pause: int
    speech_end_ms: int
    wait_ms: int
    """How long the silence was listened to before that was decided."""
    discarded: bool = False
    """True where nothing was said in it (noise)."""


class TurnCommitted(Event, frozen=True, kw_only=True, tag="turn.committed"):
    """Edge -> all: the turn is real: its answer may be heard and the words enter the history."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    text: str
    confidence: float
    guessed: bool
    """True where the turn had been taken on a guess before the wait was over."""


class InterruptionSuspected(Event, frozen=True, kw_only=True, tag="interruption.suspected"):
    """Edge -> all: sound over the answer; playback is held until it is clear what it was."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionStopped(Event, frozen=True, kw_only=True, tag="interruption.stopped"):
    """Edge -> all: voice over the response lasts; the client stops, its words are waited for."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionDismissed(Event, frozen=True, kw_only=True, tag="interruption.dismissed"):
    """Edge -> all: it was no interruption; playback goes on where it stopped."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class AnswerHeard(Event, frozen=True, kw_only=True, tag="answer.heard"):
    """Edge -> all: what the caller heard of the answer: this, and no more, is history."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    text: str
    complete: bool
    played_ms: int
    carried: bool = False
    """The caller went on before more than the first sounds were heard: the words are part of the
    next turn's, and nothing of the answer is history."""
    resumable: bool = False
    """The line was cut in mid-answer. A caller who is back in time hears the rest; then one more
    event of this turn says what was heard in all (`text`), and played since (`played_ms`)."""
    sentence: int = 0
    """Where the rest begins: in this sentence, ..."""
    sentence_ms: int = 0
    """... after so much of it, ..."""
    sentence_words: int = 0
    """... and so many of its words."""
    part: int = 0
    """Counts the events of this turn: over 0, an earlier one was `resumable`."""
    kept: bool = True
    """It is part of the conversation; else nobody remembers it."""

    @property
    def id(self) -> str:
        base = super().id
        return f"{base}.{self.part}" if self.part else base


class AnswerTruncated(Event, frozen=True, kw_only=True, tag="answer.truncated"):
    """Edge -> all: the client said how much was heard of an answer; that is history instead."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    text: str
    played_ms: int


class MessageAdded(Event, frozen=True, kw_only=True, tag="message.added"):
    """Edge -> all: a message entered the conversation that no response followed at once."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str
    """Its name, by which it is removed."""
    role: ItemRole
    text: str
    after: str | None = None
    """The key of the message before it; empty: it is the first; None, or no such: the last."""


class MessageRemoved(Event, frozen=True, kw_only=True, tag="message.removed"):
    """Edge -> all: a message left the conversation."""

    KIND = "life"
    KEY = ("key", "at_ms")
    key: str


class AnswerReached(Event, frozen=True, kw_only=True, tag="answer.reached"):
    """Edge -> edge: how far an answer was handed out, should another edge have to go on with it."""

    KIND = "life"
    KEY = ("turn", "index")
    turn: int
    index: int
    """The sentence that begins now; the client was sent all before it."""


class KeysPressed(Event, frozen=True, kw_only=True, tag="keys.pressed"):
    """Edge -> all: the caller pressed keys of a telephone."""

    KIND = "life"
    KEY = ("at_ms",)
    keys: str
    """Of 0-9, *, # and A-D, in their order."""


class ControlReceived(Event, frozen=True, kw_only=True, tag="control.received"):
    """Edge -> all: an operator or an application had the call do something."""

    KIND = "life"
    KEY = ("command_id",)
    command_id: str
    by: str
    """Who: the `sub` of a token, or `operator`."""
    command: AnyCommand


class ControlSpoken(Event, frozen=True, kw_only=True, tag="control.spoken"):
    """Edge -> all: the words of a command, or of the edge itself, are spoken as this turn."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    command_id: str = ""
    """Empty: the question or the goodbye to an idle caller."""


class CallerIdle(Event, frozen=True, kw_only=True, tag="caller.idle"):
    """Edge -> all: nobody said a word for too long; the caller is asked, or the call ends."""

    KIND = "life"
    KEY = ("at_ms",)
    silent_ms: int
    ends: bool
    """The caller was asked before: the call ends."""


class SpendCounted(Event, frozen=True, kw_only=True, tag="spend.counted"):
    """Edge -> all: what the call has used up so far, told after each turn of a limited call."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    prompt_tokens: int
    completion_tokens: int
    heard_ms: int
    """Of the caller's speech that was recognised."""
    spoken_ms: int
    """Of synthesized speech."""
    call_ms: int
    """Of its connections."""
    price: float
    """In the currency of the configuration's prices."""


class SpendReached(Event, frozen=True, kw_only=True, tag="spend.reached"):
    """Edge -> all: the call has used up what it may: no response of a model is asked for any more.

    It says so when nobody speaks, and ends if it is set to.
    """

    KIND = "life"
    limit: SpendLimitName
    most: float
    """What it may use up."""
    used: float


class TroubleTold(Event, frozen=True, kw_only=True, tag="trouble.told"):
    """Edge -> all: an error that the caller was told of."""

    KIND = "life"
    KEY = ("stage", "at_ms")
    stage: FaultyPart
    reason: str
    fatal: bool = False


# ---------------------------------------------------------------- speech: a job for STT


class SpeechStarted(Event, frozen=True, kw_only=True, tag="speech.started"):
    """Edge -> STT: somebody speaks; the frames flow on `aura.au.<session>.<utterance>`."""

    KIND = "speech"
    KEY = ("utterance",)
    utterance: int
    """Counts the utterances of a session from 1."""
    language: str
    deadline_ms: int
    """Unix time, ms, after which nobody waits for the words any more."""
    over_answer: bool = False
    """Spoken over an answer: partials decide whether it is an interruption, so hurry."""
    background: bool = False
    """Nobody is on the line: the words of calls go first, and no partials are wanted."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""


# ---------------------------------------------------------------- heard: what STT understood


class TranscriptGuess(Event, frozen=True, kw_only=True, tag="transcript.guess"):
    """STT -> edge: the words up to a pause; the caller may yet go on."""

    KIND = "heard"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    """Below 0: there was none; the words up to a cut so many ms into speech without pauses."""
    text: str
    """Empty where no speech was found."""
    confidence: float
    """0..1: exp of the mean log-probability of the tokens."""
    took_ms: float
    """Recognition alone, without queueing."""
    model: str
    eot_audio: float | None = msgspec.field(default=None, name="finished")
    """0..1: how surely a model of turns hears the end of the turn (AURA_TURN_MODEL); None: none was
    asked."""
    eot_stt: float | None = msgspec.field(default=None, name="ended")
    """0..1: how surely the recogniser would end a sentence with the last word, by sound and words;
    None: it does not say."""
    settled_ms: int = 0
    """Audio before this, from the beginning of the utterance, is never recognised again."""
    settled_words: int = 0
    """The first so many words of `text` (between blanks) are those of that audio: they stand."""


class TranscriptFinal(Event, frozen=True, kw_only=True, tag="transcript.final"):
    """STT -> all: the words of the whole utterance."""

    KIND = "heard"
    KEY = ("utterance",)
    utterance: int
    text: str
    confidence: float
    audio_ms: int
    took_ms: float
    model: str


# ---------------------------------------------------------------- turn: a job for the LLM


class TurnTaken(Event, frozen=True, kw_only=True, tag="turn.taken"):
    """Edge -> LLM: it is Aura's turn. Carries all the model needs; a recorded job runs again."""

    KIND = "turn"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    """Counts up through a session, guesses included: a smaller number is stale."""
    utterance: int
    pause: int
    system: str
    messages: tuple[Message, ...]
    """The window of history, ending with what the caller just said."""
    llm_model: str
    max_tokens: int
    temperature: float
    seed: int
    speculative: bool
    """True while the caller might still go on; see turn.committed and response.cancelled."""
    text_only: bool = False
    """The response is read, and nobody speaks it."""
    ask_eot: bool = msgspec.field(default=False, name="read")
    """The model is asked, too, how surely the caller's turn is over: it would change much."""
    deadline_ms: int
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""
    step: int = 0
    """Counts the steps of the turn: each later one follows the results of tools, which end
    `messages`."""
    spoken: int = 0
    """Sentences of the response that were written before this step: its own count on from here."""
    tools: tuple[ToolFunction, ...] = ()
    """What the model may call."""
    agent: str = ""
    """The session's, as `name@revision`; empty: the operator's settings alone."""
    language: str = "en"
    """In which the model writes; its sentences are cut by that language's rules."""
    voice: str = ""
    """The voice that is to speak the sentences; empty: the TTS worker's own."""
    speed: float = 1.0


# ---------------------------------------------------------------- say: the answer, a fenced chain


class ResponseSentence(Event, frozen=True, kw_only=True, tag="response.sentence"):
    """LLM -> TTS, edge: a piece of the answer that can be spoken by itself."""

    KIND = "say"
    KEY = ("turn", "index")
    turn: int
    index: int
    """Counts the sentences of an answer from 0."""
    text: str
    first_token_ms: float
    """From taking the job to the model's first token."""
    took_ms: float
    """From taking the job to this sentence."""
    model: str
    deadline_ms: int
    background: bool = False
    """Nobody is on the line: the sentences of calls go first."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""
    text_only: bool = False
    """It is read: for a worker of the voice this is no job."""
    eot_llm: float | None = msgspec.field(default=None, name="caller_ended")
    """0..1: how surely the model would end the caller's sentence with its last word, by the words
    alone; with the first piece of a response. None: it was not asked (`read` of `turn.taken`), or
    does not say."""
    language: str = "en"
    voice: str = ""
    """Empty: the worker's own, for this language if it has one."""
    speed: float = 1.0
    """1.5: half as fast again as the voice's own speed."""
    fixed: bool = False
    """Words of the configuration, which many calls say; a greeting, turn 0, is that anyhow."""

    @property
    def is_fixed(self) -> bool:
        """A TTS worker keeps the audio for a while."""
        return self.fixed or self.turn == 0


class ResponseCompleted(Event, frozen=True, kw_only=True, tag="response.completed"):
    """LLM -> edge: the answer is whole, or a step of it that ends with calls of tools."""

    KIND = "say"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    sentences: int
    """Of the answer so far, those of earlier steps included."""
    text: str
    """Of this step."""
    model: str
    prompt_tokens: int
    completion_tokens: int
    took_ms: float
    step: int = 0
    calls: int = 0
    """Tools that the step called: where there are some, another step follows their results."""


class ResponseCancelled(Event, frozen=True, kw_only=True, tag="response.cancelled"):
    """Edge -> LLM, TTS: nobody wants this answer, or the rest of it. Also ends a wrong guess."""

    KIND = "say"
    KEY = ("turn",)
    turn: int
    reason: CancelReason


class ToolCalled(Event, frozen=True, kw_only=True, tag="tool.called"):
    """LLM -> edge: the model calls a tool; nobody runs it before the turn is committed."""

    KIND = "say"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    """Counts the calls of a step from 0."""
    name: str
    arguments: str
    """JSON, most likely: a model may write anything."""
    model: str
    took_ms: float
    """From taking the job to this call."""


# ---------------------------------------------------------------- tool: a job for a tool runner


class ToolRequested(Event, frozen=True, kw_only=True, tag="tool.requested"):
    """Edge -> tool runner: the turn is committed, and this call of it is to be run."""

    KIND = "tool"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    tool: ToolConfig
    arguments: str
    """A JSON object."""
    deadline_ms: int
    """Unix time, ms, after which nobody waits for the result."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""


# ---------------------------------------------------------------- hook: told to an application


class WebhookRequested(Event, frozen=True, kw_only=True, tag="webhook.requested"):
    """Edge -> tool runner: an application is to be told this of a call."""

    KIND = "hook"
    KEY = ("number", "at_ms")
    number: int
    """Counts the messages of a call from 0: they may arrive in another order."""
    url: str
    moment: WebhookMoment
    data: dict[str, Any]
    """What it is told beside the call's id: JSON."""


# ---------------------------------------------------------------- out


class ModelSwitched(Event, frozen=True, kw_only=True, tag="model.switched"):
    """LLM -> all: another model than the wanted one answers, which gave no first word."""

    KIND = "out"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    step: int = 0
    wanted: str
    model: str
    """The one that answers."""
    reason: str
    """What the others said, for operators: names settings and states, never what was said."""
    took_ms: float
    """From taking the job to the first word of the one that answers."""


class SpeechReady(Event, frozen=True, kw_only=True, tag="speech.ready"):
    """TTS -> edge: the sentence was synthesized; its chunks went to `aura.pcm.<session>.<turn>`."""

    KIND = "out"
    KEY = ("turn", "index")
    turn: int
    index: int
    chunks: int
    audio_ms: int
    first_chunk_ms: float
    """From taking the job to the first chunk."""
    took_ms: float
    model: str


class ToolBegun(Event, frozen=True, kw_only=True, tag="tool.begun"):
    """Tool runner -> tool runners: a call that must not run twice is about to."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    runner: str
    """The attempt that runs it: no other may."""


class ToolReturned(Event, frozen=True, kw_only=True, tag="tool.returned"):
    """Tool runner or edge -> edge: the result of a call."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    result: str
    """JSON, or text: the model is told it as it is."""
    took_ms: float
    """From taking the job to the result."""
    by_edge: bool = False
    """The edge tells it: the tool is the client's or built in."""


class ToolFailed(Event, frozen=True, kw_only=True, tag="tool.failed"):
    """Tool runner or edge -> edge: a call has no result, and the model is told why."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    reason: ToolFailure
    detail: str = ""
    """In words for the model."""
    took_ms: float = 0.0
    by_edge: bool = False
    """The edge tells it: nobody was asked, or nobody else told."""


class JobFailed(Event, frozen=True, kw_only=True, tag="job.failed"):
    """Any worker -> edge: this job is given up; its caller hears why."""

    KIND = "out"
    KEY = ("stage", "utterance", "turn", "index")
    stage: FaultyPart
    utterance: int = 0
    turn: int = 0
    index: int = 0
    reason: str
    """For operators: names a setting or an engine's state, never what was said."""
    attempts: int = 1


class TurnMeasured(Event, frozen=True, kw_only=True, tag="turn.measured"):
    """Edge -> all: the waterfall of a turn, ms after the last speech; absent steps are None."""

    KIND = "out"
    KEY = ("turn",)
    turn: int
    pause_ms: float | None = None
    """The pause was noticed and STT asked."""
    transcript_ms: float | None = None
    """The words were at the edge."""
    taken_ms: float | None = None
    """The language model was asked."""
    committed_ms: float | None = None
    """Endpointing was sure."""
    first_token_ms: float | None = None
    first_sentence_ms: float | None = None
    first_audio_ms: float | None = None
    """The first synthesized audio was at the edge."""
    first_sent_ms: float | None = None
    """The first audio left for the caller: what the caller felt, less the network."""
    stt_ms: float | None = None
    """Recognition alone."""
    guesses: int = 0
    """Turns taken on a guess since the last answer, this one included."""
    retracted: int = 0
    """How many of them were wrong."""
    wasted_sentences: int = 0
    """Sentences that the wrong guesses had the model write."""
    interrupted: bool = False


STEPS: Mapping[str, str] = {
    "pause_ms": "pause noticed",
    "transcript_ms": "words known",
    "taken_ms": "language model asked",
    "first_token_ms": "first token",
    "first_sentence_ms": "first sentence",
    "committed_ms": "end of turn certain",
    "first_audio_ms": "first audio at the edge",
    "first_sent_ms": "first audio sent",
}
"""The waterfall's steps, by the fields of TurnMeasured, in their usual order; and their names."""


# ---------------------------------------------------------------- in


class InputsDelivered(Event, frozen=True, kw_only=True, tag="inputs.delivered"):
    """Edge -> all: what the call was given, and when: its decisions can be made again from this.

    A part every ten seconds, and one at the end; `schemas/inputs.py` packs and unpacks it.
    """

    KIND = "in"
    KEY = ("from_ms", "part")
    part: int
    """Counts from 0 for every connection of the session."""
    from_ms: int
    """Unix time, ms, that the first row counts from."""
    frames: int
    """Bits in `voice`."""
    voice: Bin
    """A bit a 20 ms frame of sound, first frame in the highest bit: 1 where there was voice."""
    rows: Bin
    """A MessagePack array; each row is [ms after the row before, kind, ...]."""


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
