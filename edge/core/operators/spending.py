"""Counts the spend of a call, and detects the limit that it reaches. Pure."""

from collections.abc import Iterator

from edge.core.messages.effects import Outbox
from edge.core.session.control_memory import SpendMove
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas import events as ev


class Spending:
    """Counts the stages' work for a call; for a limited call it is published after each turn."""

    def __init__(self, config: CurrentConfig, history: History, out: Outbox) -> None:
        self._config = config
        self._history = history
        self._out = out

    def count(self, event: ev.Event, now_ms: int) -> None:
        """Count an event of a stage; publish the first limit that it reaches."""
        used_up = self._history.spend.count(event)
        if not used_up or self._history.control.spent:
            return
        for limit, most, used in self._limits(now_ms):
            if most and used >= most:
                self._history.control.move_spend(SpendMove.REACH)
                head = self._out.head(now_ms)
                self._out.publish(ev.SpendReached(**head, limit=limit, most=most, used=used))
                return

    def _limits(self, now_ms: int) -> Iterator[tuple[ev.SpendLimitName, float, float]]:
        """Yield the name, the maximum and the used amount of each limit."""
        spend, limit = self._history.spend, self._config.current.spend
        yield "tokens", limit.tokens, spend.prompt_tokens + spend.completion_tokens
        yield "speech_s", limit.speech_s, spend.synthesized_ms / 1000
        yield "price", limit.price, spend.price(self._config.current.prices, now_ms)

    def follow(self, event: ev.Event) -> Iterator[ev.Event]:
        """Yield the spend so far if *event* ends a turn of a limited call."""
        limited = any(most for _, most, _ in self._limits(event.at_ms))
        if isinstance(event, ev.SessionEnded):
            self._history.spend.count(event)
        elif isinstance(event, ev.AnswerHeard) and limited:
            spend = self._history.spend
            yield ev.SpendCounted(
                **self._out.head(event.at_ms),
                turn=event.turn,
                prompt_tokens=spend.prompt_tokens,
                completion_tokens=spend.completion_tokens,
                recognised_ms=spend.recognised_ms,
                synthesized_ms=spend.synthesized_ms,
                call_ms=spend.call_ms(event.at_ms),
                price=spend.price(self._config.current.prices, event.at_ms),
            )
