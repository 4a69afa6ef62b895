"""A turn with tools: its steps, the words while a tool is waited for, and its end.

    step's calls run --all results--> the model is asked for the next step --> ... --> words alone

A step follows only in a committed turn, and a turn has a limited number of them. A turn in which
something was done never ends without a word.
"""

from __future__ import annotations

import json

from edge.core.client_events import CallsDone, ResponseStarted
from edge.core.effects import Outbox
from edge.core.inputs import ToolResult
from edge.core.response.given_words import completed, sentence, speaker
from edge.core.response.response import Phase, Response
from edge.core.response.tools import END_CALL, Tools
from edge.core.session.history import History
from edge.core.session.tool_steps import Result
from schemas import events as ev
from schemas.session_config import SessionConfig
from schemas.tools import ToolFunction


class ToolTurns:
    """Moves responses through their steps."""

    def __init__(self, config: SessionConfig, history: History, out: Outbox) -> None:
        self._config = config
        self._history = history
        self._out = out
        self._tools = Tools(config, history, out)

    def configure(self, config: SessionConfig) -> None:
        """Offer tools by *config* from here on."""
        self._config = config
        self._tools.configure(config)

    def offered(self, step: int) -> tuple[ToolFunction, ...]:
        """Return what the model may call in *step*."""
        return self._tools.offered(step)

    # -------------------------------------------------------- what the stages bring

    def called(self, response: Response, event: ev.ToolCalled, now_ms: int) -> None:
        """Take a call, and have it run if the turn is committed."""
        response.tool_steps.take(event)
        response.waiting_since_ms = now_ms
        self.run(response, now_ms)

    def completed(self, response: Response, event: ev.ResponseCompleted, now_ms: int) -> None:
        """Take the end of a step: that of the response, or one before the results of tools."""
        steps = response.tool_steps
        if event.step != steps.step or response.completed:
            return
        steps.take(event)
        if event.calls:
            response.asked_step = event
            self._go_on(response, now_ms)
        elif event.step and not event.sentences:
            self.apologize(response, now_ms)
        else:
            response.complete(event, now_ms)

    def came(self, response: Response | None, result: Result, now_ms: int) -> None:
        """Take a result, of a call of *response* or of one that outlived its turn."""
        if self._history.take_late(result) or response is None:
            return
        response.tool_steps.take(result)
        self._go_on(response, now_ms)

    def client_result(self, response: Response | None, told: ToolResult, now_ms: int) -> None:
        """Take what the client did for a call."""
        self._tools.client_result(response.tool_steps if response else None, told, now_ms)
        if response:
            self._go_on(response, now_ms)

    def transferred(self, response: Response | None, call: str, agent: str, now_ms: int) -> None:
        """Let *agent* go on: with its greeting, or with what its model says next."""
        steps = response.tool_steps if response else None
        result = json.dumps({"status": f"you are {agent} now: go on with what the caller wants"})
        self._tools.client_result(steps, ToolResult(call, result), now_ms)
        if response:
            response.greeting = self._config.response.greeting
            self._go_on(response, now_ms)

    # -------------------------------------------------------- steps

    def run(self, response: Response, now_ms: int) -> None:
        """Have the calls run that are not yet, unless the turn is speculative."""
        if response.phase is not Phase.SPECULATIVE:
            self._tools.run(response.tool_steps, now_ms)
            self._go_on(response, now_ms)

    def run_on(self, response: Response, now_ms: int) -> None:
        """Go on with a turn that began on another edge."""
        self._tools.run_on(response.tool_steps, now_ms)
        self._go_on(response, now_ms)

    def cancel(self, response: Response) -> None:
        """Cancel what ends with its turn; the rest goes on."""
        self._tools.cancel(response.tool_steps)

    def _go_on(self, response: Response, now_ms: int) -> None:
        """Ask for the next step if all results of the present one are here."""
        steps = response.tool_steps
        self.tell_calls_done(response)
        if response.phase is Phase.SPECULATIVE or not steps.is_whole:
            return
        response.ends_call |= any(call.called.name == END_CALL for call in steps.now)
        if response.ends_call and response.sentences:  # it has said goodbye
            self._end(response, now_ms)
        elif response.greeting:
            self._say(response, response.greeting, now_ms)
            self._end(response, now_ms)
        elif steps.step >= self._config.tool_use.max_steps:
            self.apologize(response, now_ms)
        else:
            self._follow_up(response, now_ms)

    def tell_calls_done(self, response: Response) -> None:
        """Tell the client once that it knows all calls of the step, and has all words before."""
        step = response.asked_step
        if step is None or response.phase is Phase.SPECULATIVE:
            return
        if response.playback.all_of(response.written) or response.tool_steps.is_whole:
            response.asked_step = None
            tokens = (step.prompt_tokens, step.completion_tokens)
            self._out.tell(CallsDone(response.turn, *tokens))

    def _follow_up(self, response: Response, now_ms: int) -> None:
        """Ask the language model to go on with the results of the tools."""
        steps, config, first = response.tool_steps, self._config.response, response.taken
        step = steps.step + 1
        known = self._history.window(response.text or None, config.history_messages)
        system = self._history.system(config.system_prompt)
        if first and first.agent == self._out.agent:  # it may have been asked for with its own
            system = first.system
        if first and not response.kept:
            known = first.messages
        taken = ev.TurnTaken(
            **self._out.head(now_ms),
            turn=response.turn,
            utterance=first.utterance if first else 0,
            pause=first.pause if first else 0,
            system=system,
            messages=(*known, *steps.messages(with_text=True)),
            llm_model=config.model,
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            seed=config.seed,
            speculative=False,
            text_only=response.playback.is_read,
            deadline_ms=now_ms + config.deadline_ms,
            step=step,
            spoken=response.written,
            tools=() if response.ends_call else self._tools.offered(step),
            agent=self._out.agent,
            **speaker(self._config),
        )
        steps.take(self._out.publish(taken))
        response.waiting_since_ms = now_ms
        self._out.tell(ResponseStarted(response.turn))

    # -------------------------------------------------------- words of our own

    def apologize(self, response: Response, now_ms: int) -> None:
        """End a response that has no result for the caller, and say so."""
        if words := self._config.tool_use.failure_words:
            self._say(response, words, now_ms)
        self._end(response, now_ms)

    def advance(self, response: Response, now_ms: int) -> None:
        """Give up the tools that are late, and tell a caller who hears nothing to wait."""
        if not response.tool_steps.running:
            return
        self._tools.expire(response.tool_steps, now_ms)
        self._go_on(response, now_ms)
        at_ms = self._words_due_ms(response)
        if at_ms is not None and now_ms >= at_ms and not response.held:
            response.said_wait = True
            self._say(response, self._config.tool_use.wait_words, now_ms)

    def due_ms(self, response: Response, now_ms: int) -> int | None:
        """When `advance` is worth calling while a tool runs, Unix ms."""
        times = (
            response.playback.due_at_ms(now_ms),
            self._tools.due_ms(response.tool_steps),
            self._words_due_ms(response),
        )
        return min((at_ms for at_ms in times if at_ms is not None), default=None)

    def _words_due_ms(self, response: Response) -> int | None:
        """When the caller is to be told to wait, Unix ms; None: not, or they hear something."""
        use, steps = self._config.tool_use, response.tool_steps
        if response.said_wait or not use.wait_words or not steps.is_waiting:
            return None
        if not response.is_being_sent or not response.playback.all_of(response.written):
            return None
        asked_ms = max((call.asked_ms or 0 for call in steps.now), default=0)
        return max(asked_ms, response.playback.until_ms) + use.wait_ms

    def _say(self, response: Response, words: str, now_ms: int) -> None:
        given = sentence(self._out.head(now_ms), response, words, self._config, fixed=True)
        response.sentence(self._out.publish(given), now_ms)

    def _end(self, response: Response, now_ms: int) -> None:
        """End the response with the sentences that it has: no step follows."""
        steps = response.tool_steps
        steps.step += 1
        end = completed(self._out.head(now_ms), response, step=steps.step)
        response.complete(self._out.publish(end), now_ms)
