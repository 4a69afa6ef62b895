"""The probability of the end of the turn, which the language model says."""

from __future__ import annotations

import pytest

from edge.core.response.response import Response
from tests.unit.edge.core.response.requester_bench import CONFIG, NOW_MS, Bench, guess, utterance


def asked(bench: Bench, *, ask_eot: bool = True) -> Response:
    """Have the model asked for a speculative response."""
    caller, words = utterance(), guess("I want")
    return bench.requester.take(caller, words, NOW_MS, speculative=True, ask_eot=ask_eot)


def test_the_probability_is_awaited_until_the_first_sentence() -> None:
    bench = Bench()
    assert (bench.requester.eot_llm, bench.requester.eot_pending) == (None, False)
    response = asked(bench)
    assert bench.requester.eot_pending
    response.sentences[0], response.eot_llm = "What do you want?", 0.9
    assert (bench.requester.eot_llm, bench.requester.eot_pending) == (0.9, False)


def test_a_model_that_gave_none_is_asked_again_once_the_configuration_changes() -> None:
    bench = Bench()
    asked(bench)
    bench.requester.note_eot(None)
    assert not bench.requester.eot_pending
    bench.requester.note_eot(0.0)
    assert bench.requester.eot_pending
    bench.requester.note_eot(None)
    bench.config.now = CONFIG.but({"response.model": "other"})
    assert bench.requester.eot_pending


@pytest.mark.parametrize(("is_set", "is_asked"), [(False, True), (True, False)])
def test_nothing_is_awaited_if_the_model_is_not_asked(*, is_set: bool, is_asked: bool) -> None:
    bench = Bench(turns__ask_eot=is_set)
    asked(bench, ask_eot=is_asked)
    assert not bench.requester.eot_pending
