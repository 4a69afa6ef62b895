"""The dialect of `/ws/voice/continuous`: binary PCM up, JSON down, one call a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.core.notices import (
    AnswerDone,
    Begin,
    Delivery,
    Finish,
    Intent,
    Interrupted,
    Measured,
    Notice,
    Reply,
    Sound,
    Speak,
    Trouble,
    Words,
)
from edge.protocols.client_protocol import Json
from edge.protocols.parsing import NotJsonError, parse, shown, to_base64
from edge.protocols.prices import PRICES, cost_usd
from edge.protocols.sample_rate_detection import Pace
from edge.protocols.turn_options import turn_options
from runtime.audio import Format, PcmStream, resample, write_wav
from schemas.audio import RATE_HZ
from schemas.events import Stage

ERRORS: Mapping[Stage, tuple[str, str, int]] = {
    # stage: (message, code, close code when it stays down)
    "audio": ("Audio processing failed", "AUDIO_ERROR", 4001),
    "stt": ("Speech-to-text failed", "STT_ERROR", 4002),
    "llm": ("Language model error", "LLM_ERROR", 4003),
    "tts": ("Text-to-speech failed", "TTS_ERROR", 4004),
}


@dataclass(frozen=True)
class Options:
    """What a client may ask for in the query, all of it optional."""

    chunks: bool = False
    """`audio=chunks`: a stream of `ai_audio_chunk` instead of `ai_audio` a sentence."""
    partials: bool = False
    """`partials=1`: growing words as `user_transcript_partial`."""
    metrics: bool = False
    """`metrics=1`: the waterfall of each turn as `turn_metrics`."""
    greeting: bool = True
    """`greeting=0`: none."""
    turns: Mapping[str, Any] = field(default_factory=dict)
    """`eagerness=`, `silence_ms=` and the like, as far as they can be."""
    ignored: tuple[str, ...] = ()
    """A line for each of them that cannot."""
    language: str | None = None
    record: bool = False
    """`record=1`: the caller agrees that the sound of both sides is kept."""
    rate_hz: int = RATE_HZ
    """Of the PCM that comes and the WAVs that go."""
    page: bool = False
    """The client is a web page, whose microphone may run at another rate than it says."""
    prices: Mapping[str, tuple[float, float]] = field(default_factory=lambda: PRICES)


def options_of(
    query: Mapping[str, str],
    rate_hz: int = RATE_HZ,
    prices: Mapping[str, tuple[float, float]] = PRICES,
    *,
    page: bool = False,
) -> Options:
    """Return the options in *query*; what is unknown is ignored, what cannot be is told."""
    language = query.get("language")
    turns, wrong = turn_options(query)
    return Options(
        chunks=query.get("audio") == "chunks",
        partials=query.get("partials") == "1",
        metrics=query.get("metrics") == "1",
        greeting=query.get("greeting") != "0",
        turns=turns,
        ignored=tuple(wrong),
        record=query.get("record") == "1",
        language=language[:16] if language and language.isascii() else None,
        rate_hz=rate_hz,
        page=page,
        prices=prices,
    )


def close_code(stage: Stage) -> int:
    """Return the documented close code of a stage that stays down."""
    return ERRORS[stage][2]


class ContinuousDialect:
    """One connection to `/ws/voice/continuous`."""

    name = "continuous"
    named = True
    binary_is_sound = True

    def __init__(self, options: Options | None = None) -> None:
        self._options = options or Options()
        self._audio = PcmStream(Format(rate_hz=self._options.rate_hz))
        self._pace = Pace(self._options.rate_hz) if self._options.page else None
        self._session = ""

    # -------------------------------------------------------- from the client

    def opened(self) -> list[Json | Intent]:
        options: dict[str, Any] = {"greeting": self._options.greeting, **self._options.turns}
        if self._options.record:
            options["record_audio"] = True
        if self._options.language:
            options["language"] = self._options.language
        delivery = Delivery.CHUNKS if self._options.chunks else Delivery.SENTENCES
        ignored = [_error("Option ignored", "INVALID_OPTION", one) for one in self._options.ignored]
        return [Begin(delivery, options), *ignored]

    def receive(self, frame: str | bytes, now_ms: int = 0) -> list[Intent]:
        if isinstance(frame, bytes):
            if self._pace:
                frame, found = self._pace.take(frame, now_ms)
                if found:
                    self._audio = PcmStream(Format(rate_hz=self._pace.rate_hz or RATE_HZ))
            pcm = self._audio.feed(frame)
            return [Sound(pcm)] if pcm else []
        try:
            message = parse(frame)
        except NotJsonError:
            return [_error("Invalid JSON format", "INVALID_JSON", "a JSON object with a type")]
        match message["type"]:
            case "ping":
                timestamp = message.get("timestamp")
                kept = timestamp if isinstance(timestamp, str | int | float) else None
                return [Reply({"type": "pong", "timestamp": kept})]
            case "end_call":
                return [Finish(close=True)]
            case other:
                known = "the types are end_call and ping; audio is sent as binary frames"
                said = f"Unknown message type: {shown(other)}"
                return [_error(said, "UNKNOWN_TYPE", known)]

    # -------------------------------------------------------- to the client

    def began(self, session: str, *, resumed: bool = False) -> list[Json]:
        """Tell the session's id where no greeting will."""
        self._session = session
        if self._options.greeting and not resumed:
            return []
        return [{"type": "session", "session": session, "resumed": resumed}]

    def ended(self) -> list[Json]:
        return []

    def tell(self, notice: Notice) -> list[Json]:
        match notice:
            case Words(text=text, final=True, confidence=confidence):
                rounded = round(confidence, 2)
                return [{"type": "user_transcript", "text": text, "confidence": rounded}]
            case Words(text=text):
                partial = {"type": "user_transcript_partial", "text": text}
                return [partial] if self._options.partials else []
            case Speak():
                return [self._spoken(notice)]
            case AnswerDone():
                return [self._done(notice)]
            case Interrupted(heard=heard):
                return [
                    {
                        "type": "ai_interrupted",
                        "message": "AI stopped speaking due to user interruption",
                        "heard": heard,
                    }
                ]
            case Trouble(stage=stage, reason=reason):
                message, code, _ = ERRORS[stage]
                return [{"type": "error", "message": message, "code": code, "details": reason}]
            case Measured(waterfall=waterfall):
                if not self._options.metrics:
                    return []
                steps = msgspec.to_builtins(waterfall)
                for envelope in ("tenant", "session", "at_ms"):
                    del steps[envelope]
                return [{**steps, "type": "turn_metrics"}]

    def _done(self, done: AnswerDone) -> Json:
        tokens = (done.prompt_tokens, done.completion_tokens)
        return {
            "type": "ai_complete",
            "full_response": done.text,
            "model_used": done.model,
            "response_time": round(done.response_s, 3),
            "cost": cost_usd(done.model, *tokens, self._options.prices),
        }

    def _spoken(self, speak: Speak) -> Json:
        audio = ""
        if speak.pcm:
            rate_hz = self._options.rate_hz
            audio = to_base64(write_wav(resample(speak.pcm, RATE_HZ, rate_hz), rate_hz))
        if speak.turn == 0:
            return {
                "type": "greeting",
                "text": speak.text,
                "audio": audio,
                "session": self._session,
            }
        if not self._options.chunks:
            return {"type": "ai_audio", "text": speak.text, "audio": audio}
        return {
            "type": "ai_audio_chunk",
            "text": speak.text,
            "audio": audio,
            "is_complete": speak.ends,
        }


def _error(message: str, code: str, details: str) -> Reply:
    return Reply({"type": "error", "message": message, "code": code, "details": details})
