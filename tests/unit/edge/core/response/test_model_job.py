"""The job of the language model: what it holds of the configuration and the conversation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.core.response.request import Origin
from edge.core.response.response import ResponsePhase
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.events import Message
from schemas.tools import functions_of
from tests.unit.edge.core.response.requester_bench import (
    BEFORE,
    BOOK,
    CONFIG,
    LATE,
    NOW_MS,
    Bench,
    guess,
    texts,
    utterance,
)


def test_the_job_holds_all_that_the_model_needs() -> None:
    assert Bench().take() == ev.TurnTaken(
        tenant="t",
        session="s",
        at_ms=NOW_MS,
        turn=2,
        utterance=4,
        pause=2,
        system="Be brief.",
        messages=(*BEFORE, Message("user", "A table, please.")),
        llm_model="m",
        max_tokens=80,
        temperature=0.5,
        seed=7,
        speculative=False,
        deadline_ms=NOW_MS + 9000,
        language="de",
        voice="eva",
        speed=1.25,
    )


@pytest.mark.parametrize("speculative", [False, True])
@pytest.mark.parametrize("ask_eot", [False, True])
def test_a_guessed_turn_says_so_and_is_counted(speculative: bool, ask_eot: bool) -> None:
    bench = Bench()
    response = bench.requester.respond_to(
        utterance(), guess("Hello?"), NOW_MS, speculative=speculative, ask_eot=ask_eot
    )
    job = bench.job()
    assert (job.speculative, job.ask_eot) == (speculative, ask_eot)
    assert (response.request.speculative, response.request.asks_eot) == (speculative, ask_eot)
    assert bench.current.speculation.asked == speculative
    assert bench.current.response is response
    assert response.phase is ResponsePhase.SPECULATIVE, "nothing is heard before the commit"
    assert bench.told == []


def test_the_steps_before_the_model_are_measured_from_the_end_of_speech() -> None:
    response = Bench().requester.respond_to(utterance(), guess("Hello?"), NOW_MS, speculative=True)
    assert response.request.confidence == 0.8
    assert response.times_ms == {
        "pause_ms": 160.0,
        "transcript_ms": 380.0,
        "taken_ms": 500.0,
        "stt_ms": 55.0,
    }


def test_carried_words_begin_the_turn() -> None:
    bench = Bench()
    bench.history.carry("I want")
    job = bench.take("a table.")
    assert texts(job.messages)[-1] == "I want a table."
    assert bench.history.carried == ["I want"], "until the turn is committed"


def test_instructions_follow_the_prompt_and_late_results_precede_the_words() -> None:
    bench = Bench()
    bench.history.add("k", "system", "Say du.")
    bench.history.late_results = [LATE]
    job = bench.take()
    assert job.system == "Be brief.\n\nSay du."
    assert job.messages == (*BEFORE, LATE, Message("user", "A table, please."))
    assert bench.history.late_results == []


@pytest.mark.parametrize(
    ("changes", "offered", "choice"),
    [
        ({}, 1, "auto"),
        ({"tool_use__choice": "required"}, 1, "required"),
        ({"tool_use__choice": "book"}, 1, "book"),
        ({"tool_use__choice": "cook"}, 1, "auto"),
        ({"tool_use__max_steps": 0, "tool_use__choice": "required"}, 0, "auto"),
        ({"tools": [], "tool_use__choice": "required"}, 0, "auto"),
    ],
)
def test_the_model_is_offered_the_tools_unless_no_step_may_follow(
    changes: dict[str, Any], offered: int, choice: str
) -> None:
    named: dict[str, Any] = {"tools": [msgspec.to_builtins(BOOK)], **changes}
    job = Bench(**named).take()
    assert job.tools == functions_of([BOOK])[:offered]
    assert job.tool_choice == choice


@pytest.mark.parametrize(
    ("delivery", "text_only"), [("text", True), ("chunks", False), ("whole", False)]
)
def test_a_response_that_is_only_read_is_not_spoken(delivery: str, text_only: bool) -> None:
    assert Bench(voice__delivery=delivery).take().text_only is text_only


def test_the_job_names_the_agent_of_now() -> None:
    bench = Bench()
    bench.out.publish(
        ev.AgentChanged(tenant="t", session="s", at_ms=1, agent=AgentUsed(name="anna", revision=4))
    )
    assert bench.take().agent == "anna@4"


def test_a_changed_configuration_sets_the_next_job() -> None:
    bench = Bench()
    bench.config.current = CONFIG.but({"response.model": "other"})
    assert bench.take().llm_model == "other"


def test_a_typed_turn_has_no_utterance() -> None:
    bench = Bench()
    response = bench.requester.respond_to_typed("A table.", NOW_MS)
    job = bench.job()
    assert (job.utterance, job.pause, job.turn) == (0, 0, 2)
    assert texts(job.messages)[-1] == "A table."
    assert (response.request.origin, response.request.job) == (Origin.TYPED, job)


def test_a_turn_of_which_nothing_was_understood_is_a_message_all_the_same() -> None:
    assert Bench().take("").messages == (*BEFORE, Message("user", ""))
