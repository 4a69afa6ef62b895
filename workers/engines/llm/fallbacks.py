"""Language models in order: the next one is asked if the one before gives no first word.

A first word is text or the call of a tool; a model that ends without one has failed like one with
an error. An unavailable model is skipped for a while, so that not every caller waits for it; if all
others failed, it is asked all the same. After the first word there is no switch: a job that fails
then is retried, beginning with the first model. The last model's answer counts, even if it is
empty, as that of a model without fallbacks does. The one Usage at the end has the tokens of all
models that were asked; of several Usages of one model the last counts.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import structlog

from workers.engines.errors import EngineError, EngineUnavailableError
from workers.engines.protocols import FunctionCall, LanguageModel, Prompt, Switched, Token, Usage

log = structlog.get_logger(__name__)

REST_S: Final = 20.0
"""The time for which an unavailable model is skipped."""
Key = tuple[int, str | None]


class FallbackModels:
    """A language model made of several, in the order of preference."""

    def __init__(
        self,
        models: Sequence[LanguageModel],
        *,
        first_word_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take *models* in order; *first_word_s* limits each silence before the first word.

        The last model has no limit other than its job's.
        """
        self.name = models[0].name
        self.in_process = any(model.in_process for model in models)
        self._models = models
        self._first_word_s = first_word_s
        self._now_s = now_s
        self._rests: dict[Key, tuple[float, str]] = {}
        """The end and the reason of each skip, by the model's index and the requested name."""

    async def warm(self) -> None:
        """Warm all of them.

        Raises:
            EngineError: none of them is available; the error of the first.
        """
        results = await asyncio.gather(*map(_warmed, self._models))
        failures = [error for error in results if error]
        if len(failures) == len(self._models):
            raise failures[0]
        for model, error in zip(self._models, results, strict=True):
            if error:
                log.warning("model_not_warm", model=model.name, error=str(error))

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the response of the first model that has one; `Switched` comes before another's.

        Raises:
            EngineError: no model has a word; the error of the last.
        """
        reasons = [why for key, (_, why) in self._rests.items() if self._is_resting(key, request)]
        order, spent = self._order(request), Usage(0, 0, "")
        for index in order:
            model = self._models[index]
            # The job's model belongs to the first server; the others have their own.
            own_request = replace(request, model=None) if index else request
            usage = Usage(0, 0, own_request.model or model.name)
            is_chosen, has_begun = index == order[-1], False
            async with aclosing(model.stream(own_request)) as tokens:
                while True:
                    try:
                        async with asyncio.timeout(None if is_chosen else self._first_word_s):
                            token = await anext(tokens, None)
                        if token is None and not is_chosen:
                            raise EngineError("an empty answer")
                    except (EngineError, TimeoutError) as error:
                        if is_chosen:
                            raise
                        reasons.append(self._failed(index, request, error))
                        break
                    if isinstance(token, Usage):
                        usage = token
                        continue
                    if not has_begun and (token is None or _is_word(token)):
                        is_chosen = has_begun = True
                        self._rests.pop((index, request.model), None)
                        if index:
                            wanted = request.model or self.name
                            yield Switched(wanted, model.name, "; ".join(reasons))
                    if token is None:
                        yield _sum(spent, usage)
                        return
                    yield token
            spent = _sum(spent, usage)

    def _order(self, request: Prompt) -> list[int]:
        """Return the indices of the models in the order of asking; skipped ones come last."""
        indices = range(len(self._models))
        return sorted(indices, key=lambda index: self._is_resting((index, request.model), request))

    def _is_resting(self, key: Key, request: Prompt) -> bool:
        until_s, _ = self._rests.get(key, (0.0, ""))
        return key[1] == request.model and self._now_s() < until_s

    def _failed(self, index: int, request: Prompt, error: Exception) -> str:
        """Return why a model failed; an unavailable one is skipped from then on."""
        name = self._models[index].name
        if isinstance(error, TimeoutError):
            why = f"{name}: no word within {self._first_word_s:g} s"
        else:
            why = f"{name}: {error}"
        if isinstance(error, EngineUnavailableError | TimeoutError):
            self._rests[index, request.model] = (self._now_s() + REST_S, why)
            if len(self._rests) > 1000:  # agents may name any number of models
                self._rests.clear()
        log.warning("model_passed_over", model=name, error=why)
        return why


def _is_word(token: Token) -> bool:
    """Return whether an answer begins with *token*; "" is reasoning."""
    return isinstance(token, FunctionCall) or (isinstance(token, str) and bool(token.strip()))


def _sum(spent: Usage, usage: Usage) -> Usage:
    """Return *usage* with what other models have *spent* before."""
    prompt_tokens = spent.prompt_tokens + usage.prompt_tokens
    completion_tokens = spent.completion_tokens + usage.completion_tokens
    return Usage(prompt_tokens, completion_tokens, usage.model)


async def _warmed(model: LanguageModel) -> EngineError | None:
    try:
        await model.warm()
    except EngineError as error:
        return error
    return None
