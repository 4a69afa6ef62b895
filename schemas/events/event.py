"""The common fields of all events, and their ids."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypedDict, TypeVar

import msgspec

from schemas.tokens import Token

Kind = Literal["life", "speech", "heard", "turn", "say", "tool", "hook", "out", "in"]
"""The last token of an event's subject, by which readers choose:

life    the session itself, and what the edge noticed and decided
speech  utterances that begin: jobs for STT
heard   their words, from STT
turn    turns that want a response: jobs for the LLM
say     sentences of a response, its tool calls and its end: jobs for TTS
tool    requested tool calls: jobs for tools
hook    jobs for the webhook
out     results and failures of jobs, and measurements
in      the recorded inputs of a call
"""
StageName = Literal["stt", "llm", "tool", "tts"]
"""The stages; `schemas.stages` says what each is to the bus."""
StageOrAudio = Literal["audio", StageName]
"""A part that may fail: the edge's audio, or a stage."""
Bin = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]


ENVELOPE = ("type", "tenant", "session", "at_ms")
"""The common fields of all events as they are stored."""
_V = TypeVar("_V")


def own_fields(stored: Mapping[str, _V]) -> dict[str, _V]:
    """Return the fields of an event as it is *stored*, without the common ones."""
    return {name: value for name, value in stored.items() if name not in ENVELOPE}


def tag(message: msgspec.Struct | type[msgspec.Struct]) -> str:
    """Return the tag of a message or of a type, such as `turn.taken`: its `type` on the wire."""
    return str(message.__struct_config__.tag)


class Head(TypedDict):
    """The common fields as keyword arguments of an event: `SpeechReady(**head, turn=1, ...)`."""

    tenant: str
    session: str
    at_ms: int


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The common fields of all events: tenant, session and time."""

    KIND: ClassVar[Kind]
    KEY: ClassVar[tuple[str, ...]] = ()
    """The fields that identify this event, together with its session and type."""
    OPTIONAL_KEY: ClassVar[str] = ""
    """Another identifying field, used if it is not 0; older events do not have it."""
    OPTIONAL_KEY_PREFIX: ClassVar[str] = "step"
    """The word before the value of OPTIONAL_KEY in the id."""

    tenant: Token
    """The organisation whose session it is; a token of subjects."""
    session: Token
    """The id of the session, a token of subjects; a replay's id begins with `r_`."""
    at_ms: int
    """Unix time, ms, on the edge's clock; a worker's result has that of its job plus the time since
    it took the job."""

    @property
    def id(self) -> str:
        """Return the id (Nats-Msg-Id), which is the same each time the same fact is published."""
        key = [str(getattr(self, name)) for name in self.KEY]
        if self.OPTIONAL_KEY and (value := getattr(self, self.OPTIONAL_KEY)):
            key.append(f"{self.OPTIONAL_KEY_PREFIX}{value}")
        return ".".join([self.session, tag(self), *key])
