"""What llama.cpp says of the next token, read as the end of a sentence or not."""

import math
from typing import Any

import pytest

from workers.engines.llm.llama import likely_end


def looked_at(*content: dict[str, Any]) -> dict[str, Any]:
    """Return what llama.cpp says of one more token."""
    return {"choices": [{"text": "", "logprobs": {"content": list(content)}}]}


def test_the_marks_and_the_end_of_the_line_are_ends_and_three_dots_are_none() -> None:
    tokens = {".": 0.3, "?": 0.1, "\n": 0.2, "...": 0.15, " and": 0.2}
    likely = [{"token": one, "logprob": math.log(p)} for one, p in tokens.items()]
    assert likely_end(looked_at({"top_logprobs": likely})) == pytest.approx(0.6)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": []},
        {"choices": [{"text": ""}]},
        {"choices": [{"text": "", "logprobs": None}]},  # a token that is a part of a letter
        looked_at(),
        looked_at({"token": "."}),
    ],
)
def test_an_answer_without_likelihoods_is_no_opinion(answer: dict[str, Any]) -> None:
    assert likely_end(answer) is None
