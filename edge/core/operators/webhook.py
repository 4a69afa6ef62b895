"""Makes messages about a call for an application's webhook, in order. Pure."""

from collections.abc import Iterator
from typing import Any

from edge.core.messages.effects import Outbox
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas import events as ev
from schemas.webhook_config import WebhookMoment


class Webhook:
    """Follows the events of a call and turns some of them into messages."""

    def __init__(self, config: CurrentConfig, history: History, out: Outbox) -> None:
        self._history = history
        self._out = out
        self._caller_words: dict[int, str] = {}
        """The caller's words in turns that are not over."""
        self._tools: dict[int, list[str]] = {}
        """The tools that were called in these turns."""
        if earlier := history.unfinished:
            self._caller_words[earlier.turn] = earlier.caller_words
            called = (call.called.name for call in earlier.steps.calls.values())
            self._tools[earlier.turn] = list(called)
        self._config = config

    def follow(self, event: ev.Event) -> Iterator[ev.Event]:
        """Yield the message for *event*, if it has one."""
        if not self._config.current.webhook.url:
            return
        match event:
            case ev.SessionStarted():
                yield from self._message("call.started", self._beginning(event), event)
            case ev.SessionResumed():
                yield from self._message("call.resumed", {"agent": self._out.agent}, event)
            case ev.AgentChanged(agent=agent, before=before):
                data = {"agent": str(agent), "before": before}
                yield from self._message("call.transferred", data, event)
            case ev.TurnCommitted(turn=turn, text=text):
                self._caller_words[turn] = text
            case ev.ToolRequested(turn=turn, tool=tool):
                self._tools.setdefault(turn, []).append(tool.name)
            case ev.AnswerHeard():
                yield from self._message("call.turn", self._turn(event), event)
            case ev.SessionEnded():
                yield from self._message("call.ended", self._end(event), event)
            case _:
                pass

    def _message(
        self, moment: WebhookMoment, data: dict[str, Any], event: ev.Event
    ) -> Iterator[ev.Event]:
        if moment not in self._config.current.webhook.events:
            return
        number = self._history.webhook_messages
        self._history.webhook_messages += 1
        yield ev.WebhookRequested(
            **self._out.head(event.at_ms),
            number=number,
            url=self._config.current.webhook.url,
            moment=moment,
            data=data,
        )

    @property
    def _with_words(self) -> bool:
        return self._config.current.webhook.words

    def _beginning(self, event: ev.SessionStarted) -> dict[str, Any]:
        agent = event.agent
        data = {"agent": self._out.agent, "user": event.user, "protocol": event.protocol}
        variables = {"variables": dict(agent.variables)} if agent and self._with_words else {}
        return {**data, **variables}

    def _turn(self, event: ev.AnswerHeard) -> dict[str, Any]:
        """Return the message about a turn; a turn that was cut is reported again at its end."""
        said, tools = self._caller_words.pop(event.turn, ""), self._tools.pop(event.turn, [])
        if event.resumable:
            self._caller_words[event.turn], self._tools[event.turn] = said, tools
        words = {"caller": said, "assistant": event.text} if self._with_words else {}
        return {"turn": event.turn, **words, "complete": event.complete, "tools": list(tools)}

    def _end(self, event: ev.SessionEnded) -> dict[str, Any]:
        spend = self._history.spend
        return {
            "agent": event.agent,
            "reason": event.reason,
            "turns": event.turns,
            "interrupted": event.interrupted,
            "errors": event.errors,
            "slowest_ms": event.slowest_ms,
            "seconds": round(spend.call_ms(event.at_ms) / 1000, 1),
            "heard_s": round(spend.recognised_ms / 1000, 1),
            "spoken_s": round(spend.synthesized_ms / 1000, 1),
            "prompt_tokens": spend.prompt_tokens,
            "completion_tokens": spend.completion_tokens,
            "price": spend.price(self._config.current.prices, event.at_ms),
            "limit_reached": self._history.control.spent,
        }
