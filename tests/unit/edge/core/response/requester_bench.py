"""A requester with the parts that it needs, after the first turn of its call."""

from __future__ import annotations

from typing import Any, TypeVar

from edge.core.hearing.utterance import Utterance
from edge.core.messages.effects import Effect, Outbox, Publish, Tell
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas import events as ev
from schemas.events import Message
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

E = TypeVar("E", bound=ev.Event)
NOW_MS = 1_000_000
BOOK = ToolConfig(name="book", description="Book a table.")
BEFORE = (Message("user", "Hello."), Message("assistant", "Hello, who is there?"))
LATE = Message("tool", "done", call="call_1_0_0_late")
CONFIG = SessionConfig().but(
    {
        "language": "de",
        "voice.name": "eva",
        "voice.speed": 1.25,
        "response.system_prompt": "Be brief.",
        "response.model": "m",
        "response.max_tokens": 80,
        "response.temperature": 0.5,
        "response.seed": 7,
        "response.deadline_ms": 9000,
    }
)


class Bench:
    """The requester of one call after its first turn, and what came out."""

    def __init__(self, config: SessionConfig = CONFIG, **changes: Any) -> None:
        named = {name.replace("__", "."): value for name, value in changes.items()}
        self.config = CurrentConfig(config.but(named))
        self.history = History(messages=list(BEFORE), turn=1)
        self.out = Outbox("t", "s", self.history.summary)
        tools = ToolTurns(self.config, self.history, self.out)
        self.current = CurrentResponse(self.history, tools, self.out)
        self.requester = Requester(self.config, self.current, tools, self.history, self.out)
        self._seen: list[Effect] = []

    @property
    def effects(self) -> list[Effect]:
        self._seen += self.out.take()
        return self._seen

    @property
    def events(self) -> list[ev.Event]:
        return [one.event for one in self.effects if isinstance(one, Publish)]

    @property
    def told(self) -> list[Any]:
        return [one.event for one in self.effects if isinstance(one, Tell)]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def job(self) -> ev.TurnTaken:
        """Return the only job of the language model."""
        (job,) = self.of(ev.TurnTaken)
        return job

    def take(self, text: str = "A table, please.", *, speculative: bool = False) -> ev.TurnTaken:
        """Take a turn of the caller that ends with *text*."""
        self.requester.respond_to(utterance(), guess(text), NOW_MS, speculative=speculative)
        return self.job()


def guess(text: str) -> ev.TranscriptGuess:
    return ev.TranscriptGuess(
        tenant="t",
        session="s",
        at_ms=NOW_MS,
        utterance=4,
        pause=2,
        text=text,
        confidence=0.8,
        took_ms=55.0,
        model="w",
    )


def utterance() -> Utterance:
    return Utterance(
        number=4,
        pause=2,
        speech_end_ms=NOW_MS - 500,
        paused_ms=NOW_MS - 340,
        transcript_at_ms=NOW_MS - 120,
    )


def texts(messages: tuple[Message, ...]) -> list[str]:
    return [one.text for one in messages]
