"""A language model that is asked for an opinion, too: the answer comes with it or without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from workers.engines.errors import EngineError, EngineRefusedError, EngineUnavailableError
from workers.engines.protocols import Prompt, Token
from workers.engines.simulated import SimulatedLanguageModel
from workers.llm.stage import eot_probability
from workers.loop.job_target import EngineHungError

PROMPT = Prompt("", (("user", "I want to fly to Madrid."),))


class Reader:
    """A model that says what it was given to say, or never says anything."""

    name = "reader"

    def __init__(self, says: float | EngineError | None, *, in_process: bool = True) -> None:
        self.in_process = in_process
        self._says = says

    async def warm(self) -> None:
        pass

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        raise NotImplementedError(request)
        yield ""

    async def eot_llm(self, request: Prompt) -> float | None:
        del request
        if self._says is None:
            await asyncio.Event().wait()
        if isinstance(self._says, EngineError):
            raise self._says
        return self._says


async def test_a_model_that_can_tell_is_asked_and_no_other() -> None:
    assert await eot_probability(Reader(0.3), PROMPT, 5) == 0.3
    assert await eot_probability(SimulatedLanguageModel(), PROMPT, 5) is None


@pytest.mark.parametrize("error", [EngineRefusedError("400"), EngineUnavailableError("503")])
async def test_an_opinion_that_cannot_be_had_does_not_cost_the_answer(error: EngineError) -> None:
    assert await eot_probability(Reader(error), PROMPT, 5) is None


async def test_only_a_silent_model_of_this_process_is_the_end_of_it() -> None:
    silent = Reader(None, in_process=False)
    assert await eot_probability(silent, PROMPT, 0, awake_s=0) is None
    with pytest.raises(EngineHungError, match="nothing was read"):
        await eot_probability(Reader(None), PROMPT, 0, awake_s=0)
