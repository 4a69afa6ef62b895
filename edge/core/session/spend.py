"""The spend of a session: tokens, speech, time; also restored from the log. Pure."""

from dataclasses import dataclass, field

from edge.core.session.connections import Connections
from schemas.events import Event, ResponseCompleted, SpeechReady, TranscriptFinal
from schemas.session_config import Prices

MINUTE_MS = 60_000


@dataclass
class Spend:
    """Counts the stages' work for a session; each event counts once."""

    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Tokens of prompts and of completions, by language model."""
    recognised_ms: int = 0
    """Recognised speech of the caller, ms."""
    synthesized_ms: int = 0
    """Synthesized speech, ms."""
    connections: Connections = field(default_factory=Connections)
    _counted: set[tuple[str, int, int]] = field(default_factory=set)

    def count(self, event: Event) -> bool:
        """Count *event*; return whether it added to the spend."""
        self.connections.read(event)
        match event:
            case ResponseCompleted() if event.model and self._is_new("llm", event.turn, event.step):
                prompt, completion = self.tokens.get(event.model, (0, 0))
                self.tokens[event.model] = (
                    prompt + event.prompt_tokens,
                    completion + event.completion_tokens,
                )
                return True
            case SpeechReady() if self._is_new("tts", event.turn, event.index):
                self.synthesized_ms += event.audio_ms
                return True
            case TranscriptFinal() if self._is_new("stt", event.utterance, 0):
                self.recognised_ms += event.audio_ms
                return True
            case _:
                pass
        return False

    def _is_new(self, stage: str, number: int, index: int) -> bool:
        key = (stage, number, index)
        is_new = key not in self._counted
        self._counted.add(key)
        return is_new

    @property
    def prompt_tokens(self) -> int:
        return sum(prompt for prompt, _ in self.tokens.values())

    @property
    def completion_tokens(self) -> int:
        return sum(completion for _, completion in self.tokens.values())

    def call_ms(self, now_ms: int) -> int:
        """Return the duration of the session's connections, ms."""
        return self.connections.lasted_ms(now_ms)

    def price(self, prices: Prices, now_ms: int) -> float:
        """Return the price, in the currency of *prices*."""
        models = 0.0
        for model, (prompt, completion) in self.tokens.items():
            a_prompt, a_completion = prices.models.get(model, (0.0, 0.0))
            models += (prompt * a_prompt + completion * a_completion) / 1_000_000
        minutes = (
            self.call_ms(now_ms) * prices.call_minute
            + self.recognised_ms * prices.heard_minute
            + self.synthesized_ms * prices.spoken_minute
        ) / MINUTE_MS
        return round(models + minutes, 8)
