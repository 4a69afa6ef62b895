"""Two recordings of one conversation are compared by words, answers, latencies and order."""

from __future__ import annotations

import msgspec
import pytest

from aura.sessions.compare import BadLimitError, compare, failures, turns
from schemas import events as ev
from tests.unit.aura.story import story


def other() -> list[ev.AnyEvent]:
    """The same story, one word and one answer different, and slower."""
    told = []
    for one in story():
        changed = one
        if isinstance(one, ev.TurnCommitted) and one.turn == 1:
            changed = msgspec.structs.replace(one, text="What is the capitol of France?")
        elif isinstance(one, ev.ResponseCompleted) and one.turn == 1:
            changed = msgspec.structs.replace(one, text="Paris!")
        elif isinstance(one, ev.TurnMeasured):
            changed = msgspec.structs.replace(one, first_sent_ms=1000.0)
        told.append(changed)
    return told


def test_a_story_is_the_same_as_itself() -> None:
    found = compare(story(), story())
    assert (found.wer, found.latency, found.other) == (0.0, 1.0, [])
    assert found.same == found.events > 20


def test_what_is_other_is_found() -> None:
    found = compare(story(), other())
    assert found.wer == pytest.approx(1 / 9)
    assert found.latency == pytest.approx(1000 / 561.5)
    (then, now), _ = found.pairs
    assert then
    assert now
    assert (then.answer, now.answer) == ("The capital of France is Paris.", "Paris!")
    assert len(found.other) == 2


def test_limits_fail_where_they_are_not_held() -> None:
    found = compare(story(), other())
    assert failures("wer=0.2,latency=2x,errors=0", found) == []
    failed = failures("wer=0.1,latency=1.2x,same=1", found)
    assert [one.split(" ")[0] for one in failed] == ["wer", "latency", "same"]
    with pytest.raises(BadLimitError, match=r"wer=0\.1"):
        failures("speed=3", found)


def test_words_carried_on_are_counted_once() -> None:
    told = story()
    at = next(k for k, one in enumerate(told) if isinstance(one, ev.AnswerHeard))
    told[at] = msgspec.structs.replace(told[at], carried=True, text="")
    assert [turn.turn for turn in turns(told)] == [2]
