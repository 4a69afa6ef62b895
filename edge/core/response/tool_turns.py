"""A turn with tools: its steps, the words while a tool runs, and its end.

Once all results of a step's calls have arrived, the model is asked for the next step, until a step
has words alone. A further step only follows in a committed turn, and the number of steps is
limited. A turn in which a tool was run never ends without a word.
"""

import msgspec

from edge.core.messages.client_events import CallsDone, ResponseStarted
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ClientToolResult
from edge.core.response.given_words import completed, sentence
from edge.core.response.model_job import model_job
from edge.core.response.response import Response, ResponsePhase
from edge.core.response.tools import Tools
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.prompt_size import fitting_steps
from edge.core.session.step_call import Result
from schemas import events as ev
from schemas.tools import ToolFunction


class ToolTurns:
    """Moves responses through their steps of tool calls."""

    def __init__(self, config: CurrentConfig, history: History, out: Outbox) -> None:
        self._config = config
        self._history = history
        self._out = out
        self._tools = Tools(config, history, out)

    def offered(self, step: int) -> tuple[ToolFunction, ...]:
        """Return the tools that the model may call in *step*."""
        return self._tools.offered(step)

    # -------------------------------------------------------- what the stages bring

    def called(self, response: Response, event: ev.ToolCalled, now_ms: int) -> None:
        """Take a tool call, and run it if the turn is committed."""
        response.steps.read(event)
        response.waiting_since_ms = now_ms
        self.run(response, now_ms)

    def completed(self, response: Response, event: ev.ResponseCompleted, now_ms: int) -> None:
        """Take the end of a step, which may be the end of the response."""
        steps = response.steps
        if event.step != steps.step or response.sentences.completed:
            return
        steps.read(event)
        if event.calls:
            tokens = (event.prompt_tokens, event.completion_tokens)
            response.calls_done = CallsDone(response.turn, *tokens)
            self._begin_next_step(response, now_ms)
        elif event.step and not (event.text or any(steps.texts.values())):  # no word of the model
            self.apologize(response, now_ms)
        else:
            response.complete(event, now_ms)

    def came(self, response: Response | None, result: Result, now_ms: int) -> None:
        """Take a result of a call in *response*, or of a background call."""
        if self._history.enter_late(result) or response is None:
            return
        response.steps.read(result)
        self._begin_next_step(response, now_ms)

    def client_result(
        self, response: Response | None, report: ClientToolResult, now_ms: int
    ) -> None:
        """Take the client's result of a call."""
        steps = response.steps if response else None
        if result := self._tools.client_result(steps, report, now_ms):
            self.came(response, result, now_ms)

    # -------------------------------------------------------- steps

    def run(self, response: Response, now_ms: int) -> None:
        """Run the pending calls unless the turn is speculative."""
        if response.phase is not ResponsePhase.SPECULATIVE:
            self._tools.run(response.steps, now_ms)
            self._begin_next_step(response, now_ms)

    def run_on(self, response: Response, now_ms: int) -> None:
        """Continue a turn that began on another edge."""
        self._tools.run_on(response.steps, now_ms)
        self._begin_next_step(response, now_ms)

    def cancel(self, response: Response) -> None:
        """Cancel the calls that end with their turn; the others go on."""
        self._tools.cancel(response.steps)

    def _begin_next_step(self, response: Response, now_ms: int) -> None:
        """Ask for the next step if all results of the current step have arrived."""
        steps = response.steps
        self.tell_calls_done(response)
        if response.phase is ResponsePhase.SPECULATIVE or not steps.is_whole:
            return
        if steps.ends_call and response.sentences.written:  # it has said goodbye
            self._end(response, now_ms)
        elif steps.has_transferred and (greeting := self._config.current.response.greeting):
            self._say(response, greeting, now_ms)
            self._end(response, now_ms)
        elif steps.step >= self._config.current.tool_use.max_steps:
            self.apologize(response, now_ms)
        else:
            self._follow_up(response, now_ms)

    def tell_calls_done(self, response: Response) -> None:
        """Tell the client, once, that it has all calls of the step and all words before them."""
        calls_done = response.calls_done
        if calls_done is None or response.phase is ResponsePhase.SPECULATIVE:
            return
        if response.is_caught_up or response.steps.is_whole:
            response.calls_done = None
            self._out.tell(calls_done)

    def _follow_up(self, response: Response, now_ms: int) -> None:
        """Ask the language model to continue with the results of the tools."""
        steps, config, first = response.steps, self._config.current, response.request.job
        step, size = steps.step + 1, config.response.history_messages
        known = self._history.window(response.request.caller_words or None, size)
        if first and not response.request.in_conversation:
            known = first.messages
        called = steps.messages(with_text=True)
        fitting = fitting_steps(known, called)
        if called and not fitting:  # the arguments of the newest calls alone are too long
            self.apologize(response, now_ms)
            return
        messages = (*known, *fitting)
        job = model_job(self._out, self._history, config, response.turn, messages, now_ms)
        own = first and first.agent == job.agent  # it may have had parameters of its own
        job = msgspec.structs.replace(
            job,
            utterance=first.utterance if first else 0,
            pause=first.pause if first else 0,
            system=first.system if first and own else job.system,
            text_only=response.playback.is_read,
            step=step,
            first_index=response.sentences.written,
            tools=() if response.steps.ends_call else self._tools.offered(step),
        )
        steps.read(self._out.publish(job))
        response.waiting_since_ms = now_ms
        self._out.tell(ResponseStarted(response.turn))

    # -------------------------------------------------------- given words

    def apologize(self, response: Response, now_ms: int) -> None:
        """End a response without a result for the caller, with an apology."""
        if words := self._config.current.tool_use.failure_words:
            self._say(response, words, now_ms)
        self._end(response, now_ms)

    def advance(self, response: Response, now_ms: int) -> None:
        """Give up overdue tool calls, and ask a caller in silence to wait."""
        if not response.steps.running:
            return
        self._tools.expire(response.steps, now_ms)
        self._begin_next_step(response, now_ms)
        at_ms, use = self._wait_due_ms(response), self._config.current.tool_use
        if at_ms is not None and now_ms >= at_ms and not response.interruption.held:
            if use.wait_words and not response.was_told_to_wait:
                self._say(response, use.wait_words, now_ms)
            response.was_told_to_wait = True
            if use.wait_sound:
                response.playback.wait_sound_before = response.sentences.written

    def due_ms(self, response: Response, now_ms: int) -> int | None:
        """The time of the next `advance` of a response that is being sent, Unix ms, or None."""
        times = (
            response.playback.due_at_ms(now_ms),
            self._tools.due_ms(response.steps),
            self._wait_due_ms(response),
        )
        return min((at_ms for at_ms in times if at_ms is not None), default=None)

    def _wait_due_ms(self, response: Response) -> int | None:
        """The time to ask the caller to wait, Unix ms, or None if that is not needed."""
        use, steps = self._config.current.tool_use, response.steps
        says = use.wait_words and not response.was_told_to_wait
        sounds = use.wait_sound and response.playback.wait_sound_before < response.sentences.written
        if not (says or sounds) or steps.step not in steps.texts:  # the model still writes
            return None
        if not response.is_being_sent or not response.is_caught_up:
            return None
        requested_ms = [call.requested.at_ms for call in steps.current_calls if call.requested]
        return max([*requested_ms, response.playback.until_ms]) + use.wait_ms

    def _say(self, response: Response, words: str, now_ms: int) -> None:
        event = sentence(self._out.head(now_ms), response, words, self._config.current, fixed=True)
        response.add_sentence(self._out.publish(event), now_ms)

    def _end(self, response: Response, now_ms: int) -> None:
        """End the response with its present sentences; no step follows."""
        steps = response.steps
        steps.step += 1
        end = completed(self._out.head(now_ms), response, step=steps.step)
        response.complete(self._out.publish(end), now_ms)
