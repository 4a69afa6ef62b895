"""Requests to llama.cpp, and what it says of text, tokens and the end of the sentence."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tools import ToolFunction
from workers.engines.llm.base_model_prompt import prompt_text
from workers.engines.llm.llama_requests import (
    MOST_SPOKEN_TOKENS,
    TOP_K,
    TOP_PROBABILITIES,
    chat,
    completion,
    likely_end,
    look,
    text_of,
    usage_of,
)
from workers.engines.protocols import Prompt, Usage

HELLO = Prompt("Be brief.", (("user", "Hi."),))


def looked_at(*content: dict[str, Any]) -> dict[str, Any]:
    """Return what llama.cpp says of one more token."""
    return {"choices": [{"text": "", "logprobs": {"content": list(content)}}]}


def likely(tokens: dict[str, float]) -> dict[str, Any]:
    found = [{"token": token, "logprob": math.log(p)} for token, p in tokens.items()]
    return looked_at({"top_logprobs": found})


# ---------------------------------------------------------------- requests


def test_a_base_model_continues_the_call_up_to_the_end_of_the_line() -> None:
    asked = completion(HELLO)
    assert asked["prompt"] == prompt_text(HELLO)
    assert asked["stop"] == ["\n"]
    assert "messages" not in asked


@pytest.mark.parametrize(("wanted", "most"), [(0, 1), (1, 1), (64, 64), (65, 64), (4096, 64)])
def test_a_base_model_says_two_sentences_at_most(wanted: int, most: int) -> None:
    assert MOST_SPOKEN_TOKENS == 64
    assert completion(Prompt("", (), max_tokens=wanted))["max_tokens"] == most


def test_an_instruct_model_is_told_its_prompt_and_its_tools_and_may_say_more() -> None:
    tool = ToolFunction(name="book", description="Book a table.", parameters={"type": "object"})
    asked = chat(Prompt("Be brief.", (("user", "Hi."),), max_tokens=200, tools=(tool,)))
    system, caller = asked["messages"]
    assert system["content"].startswith("Be brief.")
    assert '"name": "book"' in system["content"]
    assert caller == {"role": "user", "content": "Hi."}
    assert (asked["max_tokens"], "stop" in asked, "tools" in asked) == (200, False, False)
    assert asked["return_progress"]
    assert chat(Prompt("", (), max_tokens=0))["max_tokens"] == 1


@pytest.mark.parametrize("request_of", [chat, completion], ids=lambda function: function.__name__)
@pytest.mark.parametrize(
    ("temperature", "samplers", "top_k"),
    [(0.0, ["top_k"], 1), (0.7, ["top_k", "temperature"], TOP_K)],
)
def test_without_a_temperature_the_likeliest_token_is_taken(
    request_of: Any, temperature: float, samplers: list[str], top_k: int
) -> None:
    asked = request_of(Prompt("", (), temperature=temperature))
    assert (asked["temperature"], asked["samplers"]) == (temperature, samplers)
    assert asked["top_k"] == top_k
    assert asked["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(("seed", "found"), [(None, {}), (0, {"seed": 0}), (7, {"seed": 7})])
def test_a_seed_is_only_told_if_there_is_one(seed: int | None, found: dict[str, int]) -> None:
    asked = completion(Prompt("", (), seed=seed))
    assert {name: value for name, value in asked.items() if name == "seed"} == found


def test_a_look_ahead_asks_for_one_token_and_its_rivals() -> None:
    asked = look("Caller: I want")
    assert (asked["prompt"], asked["max_tokens"]) == ("Caller: I want", 1)
    assert (asked["n_probs"], asked["stream"]) == (TOP_PROBABILITIES, False)


# ---------------------------------------------------------------- the end of the sentence


def test_the_marks_and_the_end_of_the_line_are_ends_and_three_dots_are_none() -> None:
    answer = likely({".": 0.3, "?": 0.1, "\n": 0.2, "...": 0.15, " and": 0.2})
    assert likely_end(answer) == pytest.approx(0.6)


@pytest.mark.parametrize("token", [".", "!", "?", " ?", "\n", ". ", ".\n", "。", "؟", "।", "?!"])
def test_a_token_with_a_mark_ends_the_sentence(token: str) -> None:
    assert likely_end(likely({token: 0.4})) == pytest.approx(0.4)


@pytest.mark.parametrize("token", ["", ",", "..", "...", " and", "and.", "-", ";"])
def test_any_other_token_does_not(token: str) -> None:
    assert likely_end(likely({token: 0.4})) == 0.0


@given(st.lists(st.floats(0.001, 1.0), max_size=20))
def test_the_probability_is_one_at_most(chances: list[float]) -> None:
    answer = looked_at({"top_logprobs": [{"token": ".", "logprob": math.log(p)} for p in chances]})
    probability = likely_end(answer)
    assert probability is not None
    assert 0.0 <= probability <= 1.0
    assert probability == pytest.approx(min(1.0, sum(chances)))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": []},
        {"choices": [{"text": ""}]},
        {"choices": [{"text": "", "logprobs": None}]},  # a token that is a part of a letter
        looked_at(),
        looked_at({"token": "."}),
        looked_at({"top_logprobs": [{"token": "."}]}),
        looked_at({"top_logprobs": [{"token": ".", "logprob": None}]}),
    ],
)
def test_an_answer_without_likelihoods_is_no_opinion(answer: dict[str, Any]) -> None:
    assert likely_end(answer) is None


# ---------------------------------------------------------------- text and usage


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ({"choices": [{"text": "Yes."}]}, "Yes."),
        ({"choices": [{"delta": {"content": "Yes."}}]}, "Yes."),
        ({"choices": [{"delta": {"role": "assistant", "content": None}}]}, ""),
        ({"choices": [{"delta": None}]}, ""),
        ({"choices": [{"text": "Y"}, {"text": "es."}]}, "Yes."),
        ({"choices": []}, ""),
        ({"choices": None}, ""),
        ({"prompt_progress": {"total": 9}}, ""),
    ],
)
def test_the_text_of_either_kind_of_answer_is_taken(piece: dict[str, Any], text: str) -> None:
    assert text_of(piece) == text


@pytest.mark.parametrize("piece", [{}, {"usage": None}, {"usage": {}}])
def test_a_piece_without_counts_has_no_usage(piece: dict[str, Any]) -> None:
    assert usage_of(piece, "m") is None


def test_the_usage_is_of_the_model_that_was_asked() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    assert usage_of({"usage": counts}, "m") == Usage(9, 4, "m")
