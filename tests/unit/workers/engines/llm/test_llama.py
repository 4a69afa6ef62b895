"""What llama.cpp says of the next token, read as the end of a sentence or not."""

import math
from pathlib import Path
from typing import Any

import pytest

from schemas.tools import ToolFunction
from workers.engines.errors import WeightsError
from workers.engines.llm.llama import has_chat_template
from workers.engines.llm.llama_requests import MOST_TOKENS, chat, completion, likely_end, text_of
from workers.engines.protocols import Prompt


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


def test_a_file_with_a_chat_template_is_of_a_model_that_follows_instructions(
    tmp_path: Path,
) -> None:
    base, instruct = tmp_path / "base.gguf", tmp_path / "instruct.gguf"
    base.write_bytes(b"GGUF" + bytes(1000) + b"tokenizer.ggml.tokens")
    instruct.write_bytes(base.read_bytes() + b"tokenizer.chat_template" + bytes(99))
    assert not has_chat_template(base)
    assert has_chat_template(instruct)
    (tmp_path / "empty.gguf").touch()
    for name in ("empty.gguf", "gone.gguf"):
        with pytest.raises(WeightsError, match="AURA_LLM_MODEL"):
            has_chat_template(tmp_path / name)


def test_such_a_model_is_told_its_prompt_and_its_tools_and_may_say_more() -> None:
    tool = ToolFunction(name="book", description="Book a table.", parameters={"type": "object"})
    prompt = Prompt("Be brief.", (("user", "Hi."),), max_tokens=200, tools=(tool,))
    asked = chat(prompt)
    system, caller = asked["messages"]
    assert system["content"].startswith("Be brief.")
    assert '"name": "book"' in system["content"]
    assert caller == {"role": "user", "content": "Hi."}
    assert (asked["max_tokens"], "stop" in asked, "tools" in asked) == (200, False, False)
    assert asked["return_progress"]
    assert completion(prompt)["max_tokens"] == MOST_TOKENS


@pytest.mark.parametrize("choice", [{"text": "Yes."}, {"delta": {"content": "Yes."}}])
def test_the_text_of_either_kind_of_answer_is_taken(choice: dict[str, Any]) -> None:
    assert text_of({"choices": [choice]}) == "Yes."
    assert text_of({"choices": [{"delta": {"role": "assistant", "content": None}}]}) == ""
