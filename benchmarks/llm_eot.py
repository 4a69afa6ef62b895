"""The real language model's probability that the caller's turn is over."""

import asyncio
import functools

from runtime.settings import load
from workers.engines import llm_factory
from workers.engines.protocols import Prompt, SentenceReader


@functools.cache
def eot(text: str) -> float | None:
    """Return the language model's probability that the sentence ends after *text*."""
    prompt = Prompt("", (("user", text),))
    return asyncio.run(_model().eot_llm(prompt))


@functools.cache
def _model() -> SentenceReader:
    model = llm_factory.language_model(load(llm_engine="local"))
    assert isinstance(model, SentenceReader)
    asyncio.run(model.warm())
    return model
