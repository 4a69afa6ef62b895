"""A session as its events, for tests: two turns, one of them interrupted."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.sessions.listing import ListedSession, folded
from schemas import events as ev
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig
from tests.neutral import taken

T0 = 1_700_000_000_000


def story(session: str = "s_1", tenant: str = "acme", user: str = "ann") -> list[ev.AnyEvent]:
    """Return the events of a session of ten seconds, in their order."""
    who: dict[str, Any] = {"tenant": tenant, "session": session}

    def at(ms: int) -> dict[str, Any]:
        return {**who, "at_ms": T0 + ms}

    told: list[ev.AnyEvent] = [
        ev.SessionStarted(
            **at(0), user=user, protocol="continuous", edge="edge-1", config=SessionConfig()
        )
    ]
    for turn, start, said, answer in (
        (1, 1000, "What is the capital of France?", "The capital of France is Paris."),
        (2, 5000, "And of Spain?", "Madrid, of course, as everybody knows."),
    ):
        end, sure = start + 900, start + 1340
        whole = turn == 1
        told += [
            ev.SpeechStarted(**at(start), utterance=turn, language="en", deadline_ms=0),
            ev.SpeechPaused(**at(end + 100), utterance=turn, pause=1, speech_end_ms=T0 + end),
            ev.TranscriptGuess(
                **at(end + 200),
                utterance=turn,
                pause=1,
                text=said,
                confidence=0.9,
                took_ms=90.0,
                model="stt-1",
            ),
            taken(
                **at(end + 200),
                turn=turn,
                utterance=turn,
                messages=(ev.Message("user", said),),
                speculative=True,
            ),
            ev.SpeechEnded(
                **at(sure), utterance=turn, pause=1, speech_end_ms=T0 + end, wait_ms=440
            ),
            ev.TurnCommitted(**at(sure), turn=turn, text=said, confidence=0.9, speculative=True),
            ev.TranscriptFinal(
                **at(sure + 2),
                utterance=turn,
                text=said,
                confidence=0.9,
                audio_ms=1400,
                took_ms=90.0,
                model="stt-1",
            ),
            ev.ResponseSentence(
                **at(end + 500),
                turn=turn,
                index=0,
                text=answer,
                first_token_ms=100.0,
                took_ms=300.0,
                model="llm-1",
                deadline_ms=0,
            ),
            ev.ResponseCompleted(
                **at(end + 520),
                turn=turn,
                sentences=1,
                text=answer,
                model="llm-1",
                prompt_tokens=9,
                completion_tokens=7,
                took_ms=320.0,
            ),
            ev.SpeechReady(
                **at(end + 600),
                turn=turn,
                index=0,
                chunks=2,
                audio_ms=1500,
                first_chunk_ms=60.0,
                took_ms=90.0,
                model="tts-1",
            ),
            ev.TurnMeasured(
                **at(sure + 1),
                turn=turn,
                pause_ms=100.0,
                transcript_ms=200.0,
                taken_ms=200.0,
                committed_ms=440.0,
                first_token_ms=300.0,
                first_sentence_ms=500.0,
                first_audio_ms=560.0,
                first_sent_ms=560.0 + turn,
                stt_ms=90.0,
                speculations=1,
                interrupted=not whole,
            ),
        ]
        if not whole:
            told.append(ev.ResponseCancelled(**at(sure + 900), turn=turn, reason="interrupted"))
        told.append(
            ev.AnswerHeard(
                **at(sure + (1600 if whole else 900)),
                turn=turn,
                text=answer if whole else "Madrid,",
                complete=whole,
                played_ms=1500 if whole else 400,
            )
        )
    told.append(
        ev.SessionEnded(
            **at(10_000),
            reason="end_call",
            turns=2,
            started_at_ms=T0,
            user=user,
            protocol="continuous",
            interrupted=1,
            slowest_ms=562.0,
        )
    )
    return told


def long_story(repeats: int) -> list[ev.AnyEvent]:
    """Return the turns of `story` again and again, *repeats* times ten seconds."""
    started, *turns, ended = story()
    found = [started]
    for k in range(repeats):
        for one in turns:
            later: dict[str, Any] = {"at_ms": one.at_ms + k * 10_000}
            for name in ("turn", "utterance"):
                if hasattr(one, name):
                    later[name] = getattr(one, name) + 2 * k
            if hasattr(one, "speech_end_ms"):
                later["speech_end_ms"] = one.speech_end_ms + k * 10_000
            found.append(msgspec.structs.replace(one, **later))
    return [*found, msgspec.structs.replace(ended, at_ms=T0 + repeats * 10_000)]


def a_tool() -> list[ev.AnyEvent]:
    at: dict[str, Any] = {"tenant": "acme", "session": "s_1", "turn": 1, "step": 0, "call": 0}
    tool = ToolConfig(name="book")
    return [
        ev.ToolRequested(**at, at_ms=T0 + 2000, tool=tool, arguments="{}", deadline_ms=T0),
        ev.ToolReturned(**at, at_ms=T0 + 2030, name="book", result="done", took_ms=30.0),
    ]


def row_of(told: list[ev.AnyEvent]) -> ListedSession:
    row = folded(told)
    assert row is not None
    return row
