"""Requests to llama.cpp, and the parsing of its results. Pure."""

import math
import re
from typing import Any

from workers.engines.llm.base_model_prompt import prompt_text
from workers.engines.llm.chat_request import messages
from workers.engines.protocols import Prompt, Usage

TOP_K = 40
"""The number of tokens among which the next one is drawn. Top-k comes first, since llama.cpp's
default samplers process all of Gemma's 262 144 tokens several times, at half the model's cost."""
MOST_SPOKEN_TOKENS = 64
"""About two spoken sentences; so small a model may otherwise fill its context."""
TOP_PROBABILITIES = 20
"""The number of likeliest next tokens that are searched for the end of a sentence."""
_WORDS_END = re.compile(r"\s*([?!\u3002\uff1f\uff01\u061f\u0964\n]|\.(?!\.))")
"""A token with a mark of `punctuation_probability.ENDS` or a line break, but not "..."."""


def completion(request: Prompt) -> dict[str, Any]:
    """Return the request by which a base model continues a telephone call."""
    return {
        "prompt": prompt_text(request),
        "max_tokens": max(1, min(request.max_tokens, MOST_SPOKEN_TOKENS)),
        "stop": ["\n"],
        **_sampling(request),
    }


def chat(request: Prompt) -> dict[str, Any]:
    """Return the request for an instruct model, which uses its own template."""
    return {
        "messages": messages(request, has_tools=False),
        "max_tokens": max(1, request.max_tokens),
        "return_progress": True,  # an instruct model may read its prompt for seconds
        **_sampling(request),
    }


def _sampling(request: Prompt) -> dict[str, Any]:
    return {
        "temperature": request.temperature,
        "samplers": ["top_k", "temperature"] if request.temperature else ["top_k"],
        "top_k": TOP_K if request.temperature else 1,
        "stream_options": {"include_usage": True},
        **({} if request.seed is None else {"seed": request.seed}),
    }


def look(prompt: str) -> dict[str, Any]:
    """Return the request for the likeliest tokens after *prompt*."""
    looking = {"prompt": prompt, "max_tokens": 1, "n_probs": TOP_PROBABILITIES, "stream": False}
    return {**looking, "samplers": ["top_k"], "top_k": 1}


def likely_end(answer: dict[str, Any]) -> float | None:
    """Return the probability (0..1) in llama.cpp's *answer* that the next token ends the sentence.

    None: there are no probabilities, as for a token that is only a part of a letter.
    """
    try:
        likely = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        ends = sum(
            math.exp(token["logprob"]) for token in likely if _WORDS_END.match(token["token"])
        )
    except (KeyError, IndexError, TypeError):
        return None
    return min(1.0, ends)


def text_of(piece: dict[str, Any]) -> str:
    """Return the text in a *piece* of a response to either kind of request."""
    choices = piece.get("choices") or ()
    return "".join(
        choice.get("text") or (choice.get("delta") or {}).get("content") or "" for choice in choices
    )


def usage_of(piece: dict[str, Any], model: str) -> Usage | None:
    """Return the usage of a response, if *piece* has it."""
    if not (counts := piece.get("usage")):
        return None
    return Usage(counts["prompt_tokens"], counts["completion_tokens"], model)
