"""The messages to a client that asks one question, and their display. Pure."""

import base64
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from aura.cli.sound.levels import Meter, Sounding, both
from runtime.audio.conversion import read_wav
from runtime.text.printable import printable
from schemas.audio import BYTES_PER_MS

NO_RESPONSE_AFTER_S = 30.0
"""The silence of the server, after the last word, after which no response is expected."""
HEARD_S = 0.2
"""The delay before the call is ended, since the edge counts the response as heard a little
later."""


@dataclass
class Outcome:
    """The messages of the edge during a call."""

    transcript: str = ""
    partial: str = ""
    response: str = ""
    pcm: bytearray = field(default_factory=bytearray)
    done: dict[str, Any] | None = None
    steps: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    interrupted: int = 0
    timeout_s: float = NO_RESPONSE_AFTER_S
    """The silence of the edge after which no response is expected."""
    spoke_until_s: float | None = None
    """The time of the last sample of speech, monotonic seconds."""
    first_audio_ms: float | None = None
    """The wait for the first audio after the last sample of speech, at this client."""
    greeting_s: float | None = None
    sounding: Sounding = field(default_factory=Sounding)
    """The simulated playback of the client, by the monotonic clock."""
    caller: float = 0.0
    """The level of the question, 0 to 1."""

    @property
    def ends_s(self) -> float | None:
        """The end of the call, monotonic seconds, or None while a response may come."""
        if self.spoke_until_s is None or not (self.errors or (self.done and self.steps)):
            return None
        heard_s = self.sounding.until_s + HEARD_S if self.pcm else 0.0
        return max(self.spoke_until_s, heard_s)

    def times_out_s(self, last_s: float) -> float:
        """The end of the wait for a response after the message at *last_s*, monotonic seconds."""
        return max(last_s, self.spoke_until_s or 0.0) + self.timeout_s

    def add(self, message: dict[str, Any], now_s: float) -> None:
        """Add one message of the server."""
        match message.get("type"):
            case "greeting":
                self.greeting_s = length_s(_pcm(message))
                self.sounding.add(_pcm(message), now_s)
            case "user_transcript_partial":
                self.partial = message["text"]
            case "user_transcript":
                self.transcript, self.partial = message["text"], ""
            case "ai_audio" | "ai_audio_chunk":
                pcm = _pcm(message)
                if pcm and self.first_audio_ms is None and self.spoke_until_s is not None:
                    self.first_audio_ms = (now_s - self.spoke_until_s) * 1000
                self.sounding.add(pcm, now_s)
                self.pcm += pcm
                self.response += message["text"]
            case "ai_complete":
                self.done = message
            case "ai_interrupted":  # the recording has a pause, so another response will follow
                self.interrupted += 1
                self.pcm.clear()
                self.response, self.first_audio_ms = "", None
                self.sounding.drop(now_s)
                self.done, self.steps = None, {}
            case "turn_metrics" if not message.get("interrupted"):
                self.steps = message
            case "error":
                details = f": {message['details']}" if message.get("details") else ""
                self.errors.append(f"{message['message']} ({message['code']}){details}")
            case _:
                pass


def length_s(pcm: bytes | bytearray) -> float:
    """Return the length of *pcm* (s16le mono 16 kHz)."""
    return len(pcm) / BYTES_PER_MS / 1000


def _pcm(message: dict[str, Any]) -> bytes:
    return read_wav(base64.b64decode(message["audio"])) if message.get("audio") else b""


def view(outcome: Outcome) -> Text:
    text = Text()
    text.append("You   ", style="cyan")
    text.append(printable(outcome.transcript or ""))
    text.append(printable(outcome.partial), style="dim")
    if outcome.response:
        text.append("\nAura  ", style="green")
        text.append(printable(" ".join(outcome.response.split())))
    return text


def levels(outcome: Outcome, caller: Meter, aura: Meter, now_s: float) -> Text:
    """Return the levels of both sides; *now_s* is the monotonic clock, seconds."""
    spoken = outcome.sounding.level(now_s)
    return both(caller.drawn(outcome.caller, now_s), aura.drawn(spoken, now_s))
