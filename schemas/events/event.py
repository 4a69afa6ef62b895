"""The common fields of all events, and their ids."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypedDict, TypeVar

import msgspec

Kind = Literal["life", "speech", "heard", "turn", "say", "tool", "hook", "out", "in"]
StageName = Literal["stt", "llm", "tool", "tts"]
"""The stages; `schemas.stages` says what each is to the bus."""
FaultyPart = Literal["audio", StageName]
"""A part that may fail: the edge's audio, the bus, or a stage."""
Bin = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]


ENVELOPE = ("type", "tenant", "session", "at_ms")
"""The common fields of all events as they are stored."""
_V = TypeVar("_V")


def own_fields(stored: Mapping[str, _V]) -> dict[str, _V]:
    """Return the fields of an event as it is *stored*, without the common ones."""
    return {name: value for name, value in stored.items() if name not in ENVELOPE}


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
    LATER: ClassVar[str] = ""
    """Another identifying field, used if it is not 0; older events do not have it."""

    tenant: str
    session: str
    at_ms: int
    """Unix time, ms, on the edge's clock."""

    @property
    def id(self) -> str:
        """Return the id (Nats-Msg-Id), which is the same each time the same fact is published."""
        key = [str(getattr(self, name)) for name in self.KEY]
        if self.LATER and (later := getattr(self, self.LATER)):
            key.append(f"{self.LATER}{later}")
        return ".".join([self.session, str(self.__struct_config__.tag), *key])
