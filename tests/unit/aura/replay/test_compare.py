"""Two recordings of one conversation are compared by words, answers, latencies and order."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from aura.cli.drive import words_of
from aura.replay.compare import BadLimitError, compare, failures, turns
from schemas import events as ev
from tests.unit.runtime.story import story


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


def test_differences_are_found() -> None:
    found = compare(story(), other())
    assert found.wer == pytest.approx(1 / 9)
    assert found.latency == pytest.approx(1000 / 561.5)
    (then, now), _ = found.pairs
    assert then
    assert now
    assert (then.answer, now.answer) == ("The capital of France is Paris.", "Paris!")
    assert len(found.other) == 2


def test_masked_words_are_shown_as_they_are() -> None:
    told = [
        msgspec.structs.replace(one, text="It is [number].")
        if isinstance(one, ev.TurnCommitted)
        else one
        for one in story()
    ]
    shown = Console(file=io.StringIO(), record=True, width=100)
    shown.print(words_of(compare(told, told)))
    assert shown.export_text().count("It is [number].") == 4


def test_one_event_more_leaves_the_others_the_same() -> None:
    told = story()
    at = next(k for k, one in enumerate(told) if isinstance(one, ev.SpeechPaused))
    paused = told[at]
    assert isinstance(paused, ev.SpeechPaused)
    again = [*told[: at + 1], msgspec.structs.replace(paused, pause=2), *told[at + 1 :]]
    found = compare(told, again)
    assert found.other == [("", "speech.paused 1 2")]
    assert found.same == found.events - 1


def test_a_branch_is_compared_with_the_record_from_its_turn_on() -> None:
    now = [one for one in story() if getattr(one, "turn", 2) == 2 == getattr(one, "utterance", 2)]
    found = compare(story(), now, from_turn=2)
    assert (len(found.pairs), found.other, found.interrupted) == (1, [], (1, 1))
    assert found.same == found.events > 8


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


def test_a_limit_without_a_measured_value_fails() -> None:
    silent = [one for one in story() if not isinstance(one, ev.TurnMeasured)]
    found = compare(silent, silent)
    assert found.as_json()["latency"] is None
    assert failures("latency=1.2x,errors=0", found) == ["latency: nothing was measured"]
