"""The prompt that turns are asked with."""

from __future__ import annotations

from edge.core.session.control_memory import MOST_CHARS, MOST_INSTRUCTIONS, ControlMemory
from edge.core.session.history import History
from runtime.settings import load
from schemas.control import Instruct


def test_the_operators_prompt_is_that_of_each_session() -> None:
    settings = load(_env_file=None, system_prompt="Be kind.")
    assert settings.session.response.system_prompt == "Be kind."


def test_the_newest_instructions_follow_it() -> None:
    history = History()
    memory = history.control
    assert history.system("Be kind.") == "Be kind."
    for number in range(MOST_INSTRUCTIONS + 5):
        memory.note(str(number), Instruct(f" Rule {number}.\n"))
    lines = history.system("Be kind.").split("\n\n")
    assert lines[:2] == ["Be kind.", "Rule 5."]
    assert lines[-1] == f"Rule {MOST_INSTRUCTIONS + 4}."


def test_long_instructions_push_out_older_ones() -> None:
    memory = ControlMemory()
    for letter in "abc":
        memory.note(letter, Instruct(letter * (MOST_CHARS // 2)))
    assert [text[0] for text in memory.instructions] == ["b", "c"]
