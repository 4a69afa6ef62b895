"""What every event says, and how it is told from every other."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypedDict

import msgspec

Kind = Literal["life", "speech", "heard", "turn", "say", "tool", "out", "in"]
StageName = Literal["stt", "llm", "tool", "tts"]
"""What each of them is to the bus is said in `schemas.stages`."""
FaultyPart = Literal["audio", StageName]
"""A part that may fail: the edge's own audio and bus, or a stage."""
Bin = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]


class Head(TypedDict):
    """What every event says, to be handed to its type: `SpeechReady(**head, turn=1, ...)`."""

    tenant: str
    session: str
    at_ms: int


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
