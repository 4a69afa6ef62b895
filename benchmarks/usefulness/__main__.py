"""How useful a built-in model is: forty questions with checks, by group, and its speed.

    python -m benchmarks.usefulness gemma3-270m /models/qwen2.5-0.5b-instruct-q4_k_m.gguf

Answers are the likeliest ones (temperature 0): only the model and its prompt change them.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.usefulness.checks import Question, faults, questions
from runtime.settings import load
from workers.engines import llm_factory
from workers.engines.protocols import FunctionCall, LanguageModel
from workers.llm.response_text import ResponseText


@dataclass
class Answered:
    question: Question
    text: str
    faults: list[str]
    first_ms: float
    took_ms: float


async def answered(model: LanguageModel, question: Question) -> Answered:
    """Return the answer as a caller would hear it: without reasoning and calls."""
    text = ResponseText(tools=[tool.name for tool in question.tools])
    spoken: list[str] = []
    calls: list[FunctionCall] = []
    began, first_ms = time.monotonic(), 0.0
    async with aclosing(model.stream(question.prompt)) as tokens:
        async for token in tokens:
            first_ms = first_ms or (time.monotonic() - began) * 1000
            if isinstance(token, FunctionCall):
                calls.append(token)
            elif isinstance(token, str):
                spoken += text.feed(token)
    spoken += text.flush()
    calls += text.tools.calls
    response = " ".join(spoken)
    took_ms = (time.monotonic() - began) * 1000
    return Answered(question, response, faults(question, response, calls), first_ms, took_ms)


async def examine(name: str, *, verbose: bool) -> None:
    """Ask one model all questions, and print a row for each group."""
    settings = load(llm_engine="local", llm_model=name, llm_slots=1)
    model = llm_factory.language_model(settings)
    await model.warm()
    groups: dict[str, list[Answered]] = defaultdict(list)
    for question in questions():
        outcome = await answered(model, question)
        groups[question.group].append(outcome)
        if verbose:
            mark = "FAILED" if outcome.faults else "ok    "
            print(f"{mark} {question.id}: {outcome.text!r} {'; '.join(outcome.faults)}", flush=True)
    every = [outcome for several in groups.values() for outcome in several]
    row = "  ".join(f"{group} {_right(several)}" for group, several in groups.items())
    first_ms = statistics.median(outcome.first_ms for outcome in every)
    took_ms = statistics.median(outcome.took_ms for outcome in every)
    print(f"{Path(name).stem}: {_right(every)}   {row}")
    print(f"    first token p50 {first_ms:.0f} ms, answer p50 {took_ms:.0f} ms", flush=True)


def _right(several: list[Answered]) -> str:
    return f"{sum(not outcome.faults for outcome in several)}/{len(several)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="names or GGUF files, as AURA_LLM_MODEL")
    parser.add_argument("--verbose", action="store_true", help="print every answer")
    options = parser.parse_args()
    for name in options.models:
        asyncio.run(examine(name, verbose=options.verbose))


if __name__ == "__main__":
    main()
