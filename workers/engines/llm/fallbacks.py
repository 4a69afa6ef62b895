"""Several language models in turn: the next one is asked where the one before gives no first word.

A model that could not be reached rests, so that not every caller waits for it; when all others have
failed it is asked all the same. Once a word is out nothing is switched: a job that fails then is
tried again, with the first model first.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import structlog

from workers.engines.errors import EngineError, EngineUnavailableError
from workers.engines.protocols import LanguageModel, Prompt, Switched, Token

log = structlog.get_logger(__name__)

REST_S: Final = 20.0
"""The time for which a model that was not available is passed over."""
Key = tuple[int, str | None]


class FallbackModels:
    """A language model made of several, the wanted one first."""

    def __init__(
        self,
        models: Sequence[LanguageModel],
        *,
        first_word_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take *models* in their order; *first_word_s* limits each silence before the first word.

        The last one has as much time as its job.
        """
        self.name = models[0].name
        self.in_process = any(model.in_process for model in models)
        self._models = models
        self._first_word_s = first_word_s
        self._now_s = now_s
        self._rests: dict[Key, tuple[float, str]] = {}
        """Until when, and why, by the place of the model and the name that was asked for."""

    async def warm(self) -> None:
        """Warm all of them.

        Raises:
            EngineError: not one of them can be had; of the first.
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
            EngineError: the last one's, where none has a word.
        """
        reasons = [why for key, (_, why) in self._rests.items() if self._is_resting(key, request)]
        order = self._order(request)
        for place in order:
            model, is_last = self._models[place], place == order[-1]
            # A job's own model is the first server's: the others have theirs.
            asked = replace(request, model=None) if place else request
            has_begun = False
            async with aclosing(model.stream(asked)) as tokens:
                while True:
                    limit_s = None if has_begun or is_last else self._first_word_s
                    try:
                        async with asyncio.timeout(limit_s):
                            token = await anext(tokens)
                    except StopAsyncIteration:
                        return
                    except (EngineError, TimeoutError) as error:
                        if has_begun or is_last:
                            raise
                        reasons.append(self._failed(place, request, error))
                        break
                    if token != "" and not has_begun:  # "": a thought
                        has_begun = True
                        self._rests.pop((place, request.model), None)
                        if place:
                            wanted = request.model or self.name
                            yield Switched(wanted, model.name, "; ".join(reasons))
                    yield token

    def _order(self, request: Prompt) -> list[int]:
        """Return the places of the models in the order of asking: those at rest come last."""
        places = range(len(self._models))
        return sorted(places, key=lambda place: self._is_resting((place, request.model), request))

    def _is_resting(self, key: Key, request: Prompt) -> bool:
        until_s, _ = self._rests.get(key, (0.0, ""))
        return key[1] == request.model and self._now_s() < until_s

    def _failed(self, place: int, request: Prompt, error: Exception) -> str:
        """Return why a model is passed over; it rests if it was not available."""
        name = self._models[place].name
        if isinstance(error, TimeoutError):
            why = f"{name}: no word within {self._first_word_s:g} s"
        else:
            why = f"{name}: {error}"
        if isinstance(error, EngineUnavailableError | TimeoutError):
            self._rests[place, request.model] = (self._now_s() + REST_S, why)
            if len(self._rests) > 1000:  # names of models that agents made up
                self._rests.clear()
        log.warning("model_passed_over", model=name, error=why)
        return why


async def _warmed(model: LanguageModel) -> EngineError | None:
    try:
        await model.warm()
    except EngineError as error:
        return error
    return None
