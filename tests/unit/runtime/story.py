"""A session as its events, for tests: two turns, one of them interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from runtime.sessions.listing import ListedSession, folded
from schemas import events as ev
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig
from tests.neutral import taken

T0 = 1_700_000_000_000
At = Callable[[int], dict[str, Any]]
"""Makes the head of an event so many ms after the session began."""


class Turn(msgspec.Struct, frozen=True):
    """A turn of the story; its speech begins *start_ms* after the session does."""

    number: int
    start_ms: int
    said: str
    answer: str
    heard: str
    """What the caller heard of the answer; less than all: it was interrupted."""
    heard_ms: int
    heard_after_ms: int
    """From when the turn was sure to when the answer ended."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + 900

    @property
    def sure_ms(self) -> int:
        return self.start_ms + 1340

    @property
    def whole(self) -> bool:
        return self.heard == self.answer


FRANCE = "The capital of France is Paris."
SPAIN = "Madrid, of course, as everybody knows."
TURNS = (
    Turn(1, 1000, "What is the capital of France?", FRANCE, FRANCE, 1500, 1600),
    Turn(2, 5000, "And of Spain?", SPAIN, "Madrid,", 400, 900),
)


def story(session: str = "s_1", tenant: str = "acme", user: str = "ann") -> list[ev.AnyEvent]:
    """Return the events of a session of ten seconds, in their order."""
    who: dict[str, Any] = {"tenant": tenant, "session": session}

    def at(ms: int) -> dict[str, Any]:
        return {**who, "at_ms": T0 + ms}

    began = ev.SessionStarted(
        **at(0), user=user, protocol="continuous", edge="edge-1", config=SessionConfig()
    )
    ended = ev.SessionEnded(
        **at(10_000),
        reason="end_call",
        turns=2,
        started_at_ms=T0,
        user=user,
        protocol="continuous",
        interrupted=1,
        slowest_ms=562.0,
    )
    turns = [
        event
        for turn in TURNS
        for part in (_guessed, _committed, _answered, _measured, _heard)
        for event in part(turn, at)
    ]
    return [began, *turns, ended]


def _guessed(turn: Turn, at: At) -> list[ev.AnyEvent]:
    """Return the speech and the turn that is taken on a guess."""
    return [
        ev.SpeechStarted(**at(turn.start_ms), utterance=turn.number, language="en", deadline_ms=0),
        ev.SpeechPaused(
            **at(turn.end_ms + 100), utterance=turn.number, pause=1, speech_end_ms=T0 + turn.end_ms
        ),
        ev.TranscriptGuess(
            **at(turn.end_ms + 200),
            utterance=turn.number,
            pause=1,
            text=turn.said,
            confidence=0.9,
            took_ms=90.0,
            model="stt-1",
        ),
        taken(
            **at(turn.end_ms + 200),
            turn=turn.number,
            utterance=turn.number,
            messages=(ev.Message("user", turn.said),),
            speculative=True,
        ),
    ]


def _committed(turn: Turn, at: At) -> list[ev.AnyEvent]:
    """Return the end of the speech and what it makes certain."""
    return [
        ev.SpeechEnded(
            **at(turn.sure_ms),
            utterance=turn.number,
            pause=1,
            speech_end_ms=T0 + turn.end_ms,
            wait_ms=440,
        ),
        ev.TurnCommitted(
            **at(turn.sure_ms), turn=turn.number, text=turn.said, confidence=0.9, speculative=True
        ),
        ev.TranscriptFinal(
            **at(turn.sure_ms + 2),
            utterance=turn.number,
            text=turn.said,
            confidence=0.9,
            audio_ms=1400,
            took_ms=90.0,
            model="stt-1",
        ),
    ]


def _answered(turn: Turn, at: At) -> list[ev.AnyEvent]:
    """Return what the language model and the voice make."""
    return [
        ev.ResponseSentence(
            **at(turn.end_ms + 500),
            turn=turn.number,
            index=0,
            text=turn.answer,
            first_token_ms=100.0,
            took_ms=300.0,
            model="llm-1",
            deadline_ms=0,
        ),
        ev.ResponseCompleted(
            **at(turn.end_ms + 520),
            turn=turn.number,
            sentences=1,
            text=turn.answer,
            model="llm-1",
            prompt_tokens=9,
            completion_tokens=7,
            took_ms=320.0,
        ),
        ev.SpeechReady(
            **at(turn.end_ms + 600),
            turn=turn.number,
            index=0,
            chunks=2,
            audio_ms=1500,
            first_chunk_ms=60.0,
            took_ms=90.0,
            model="tts-1",
        ),
    ]


def _measured(turn: Turn, at: At) -> list[ev.AnyEvent]:
    return [
        ev.TurnMeasured(
            **at(turn.sure_ms + 1),
            turn=turn.number,
            pause_ms=100.0,
            transcript_ms=200.0,
            taken_ms=200.0,
            committed_ms=440.0,
            first_token_ms=300.0,
            first_sentence_ms=500.0,
            first_audio_ms=560.0,
            first_sent_ms=560.0 + turn.number,
            stt_ms=90.0,
            speculations=1,
            interrupted=not turn.whole,
        )
    ]


def _heard(turn: Turn, at: At) -> list[ev.AnyEvent]:
    """Return how the answer ended."""
    heard = ev.AnswerHeard(
        **at(turn.sure_ms + turn.heard_after_ms),
        turn=turn.number,
        text=turn.heard,
        complete=turn.whole,
        played_ms=turn.heard_ms,
    )
    if turn.whole:
        return [heard]
    cut = ev.ResponseCancelled(**at(turn.sure_ms + 900), turn=turn.number, reason="interrupted")
    return [cut, heard]


def long_story(repeats: int) -> list[ev.AnyEvent]:
    """Return the turns of `story` again and again, *repeats* times ten seconds."""
    started, *turns, ended = story()
    events_so_far = [started]
    for k in range(repeats):
        for turn in turns:
            later: dict[str, Any] = {"at_ms": turn.at_ms + k * 10_000}
            for name in ("turn", "utterance"):
                if hasattr(turn, name):
                    later[name] = getattr(turn, name) + 2 * k
            if hasattr(turn, "speech_end_ms"):
                later["speech_end_ms"] = turn.speech_end_ms + k * 10_000
            events_so_far.append(msgspec.structs.replace(turn, **later))
    return [*events_so_far, msgspec.structs.replace(ended, at_ms=T0 + repeats * 10_000)]


def a_tool() -> list[ev.AnyEvent]:
    at: dict[str, Any] = {"tenant": "acme", "session": "s_1", "turn": 1, "step": 0, "call": 0}
    tool = ToolConfig(name="book")
    return [
        ev.ToolRequested(**at, at_ms=T0 + 2000, tool=tool, arguments="{}", deadline_ms=T0),
        ev.ToolReturned(**at, at_ms=T0 + 2030, name="book", result="done", took_ms=30.0),
    ]


def row_of(events: list[ev.AnyEvent]) -> ListedSession:
    row = folded(events)
    assert row is not None
    return row
