"""What a response was requested for tells what it counts for."""

from __future__ import annotations

import pytest

from edge.core.response.request import Origin, Request
from schemas.events import TurnTaken


def job(*, speculative: bool, ask_eot: bool) -> TurnTaken:
    return TurnTaken(
        tenant="t",
        session="s",
        at_ms=1500,
        turn=1,
        utterance=1,
        pause=1,
        system="",
        messages=(),
        llm_model="m",
        max_tokens=80,
        temperature=0.0,
        seed=0,
        speculative=speculative,
        ask_eot=ask_eot,
        deadline_ms=9000,
    )


@pytest.mark.parametrize("speculative", [False, True])
@pytest.mark.parametrize("ask_eot", [False, True])
def test_the_job_tells_the_time_the_doubt_and_the_question_to_the_model(
    *, speculative: bool, ask_eot: bool
) -> None:
    request = Request(Origin.SPOKEN, 1000, job=job(speculative=speculative, ask_eot=ask_eot))
    assert (request.at_ms, request.speech_end_ms) == (1500, 1000)
    assert (request.speculative, request.asks_eot) == (speculative, ask_eot)


def test_given_words_are_certain_and_are_requested_now() -> None:
    request = Request(Origin.GIVEN, 1000)
    assert (request.at_ms, request.speculative, request.asks_eot) == (1000, False, False)


def test_words_that_were_known_before_are_awaited_by_nobody() -> None:
    known = [origin for origin in Origin if not Request(origin, 1000).is_awaited]
    assert known == [Origin.GREETING, Origin.GIVEN, Origin.FIRM]


def test_only_firm_words_are_firm_and_only_a_response_apart_is_none_of_the_conversation() -> None:
    requests = [Request(origin, 1000) for origin in Origin]
    assert [one.origin for one in requests if one.firm] == [Origin.FIRM]
    assert [one.origin for one in requests if not one.in_conversation] == [Origin.APART]
