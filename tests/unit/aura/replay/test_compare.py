"""Two recordings of one conversation are compared by words, answers, latencies and order."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from aura.cli.drive import words_of
from aura.replay.compare import BadLimitError, branch_point, compare, failures, turns
from schemas import events as ev
from tests.unit.runtime.story import story


def other() -> list[ev.AnyEvent]:
    """The same story, one word and one answer different, and slower."""
    events = []
    for event in story():
        changed = event
        if isinstance(event, ev.TurnCommitted) and event.turn == 1:
            changed = msgspec.structs.replace(event, text="What is the capitol of France?")
        elif isinstance(event, ev.ResponseCompleted) and event.turn == 1:
            changed = msgspec.structs.replace(event, text="Paris!")
        elif isinstance(event, ev.TurnMeasured):
            changed = msgspec.structs.replace(event, first_sent_ms=1000.0)
        events.append(changed)
    return events


def test_a_story_is_the_same_as_itself() -> None:
    comparison = compare(story(), story())
    assert (comparison.wer, comparison.latency, comparison.other) == (0.0, 1.0, [])
    assert comparison.same == comparison.events > 20


def test_differences_are_found() -> None:
    comparison = compare(story(), other())
    assert comparison.wer == pytest.approx(1 / 9)
    assert comparison.latency == pytest.approx(1000 / 561.5)
    (then, now), _ = comparison.pairs
    assert then
    assert now
    assert (then.response, now.response) == ("The capital of France is Paris.", "Paris!")
    assert len(comparison.other) == 2


def test_masked_words_are_shown_as_they_are() -> None:
    events = [
        msgspec.structs.replace(event, text="It is [number].")
        if isinstance(event, ev.TurnCommitted)
        else event
        for event in story()
    ]
    shown = Console(file=io.StringIO(), record=True, width=100)
    shown.print(words_of(compare(events, events)))
    assert shown.export_text().count("It is [number].") == 4


def test_one_event_more_leaves_the_others_the_same() -> None:
    events = story()
    at = next(k for k, event in enumerate(events) if isinstance(event, ev.SpeechPaused))
    paused = events[at]
    assert isinstance(paused, ev.SpeechPaused)
    again = [*events[: at + 1], msgspec.structs.replace(paused, pause=2), *events[at + 1 :]]
    comparison = compare(events, again)
    assert comparison.other == [("", "speech.paused 1 2")]
    assert comparison.same == comparison.events - 1


def test_a_branch_is_compared_with_the_record_from_its_turn_on() -> None:
    now = [
        event
        for event in story()
        if getattr(event, "turn", 2) == 2 == getattr(event, "utterance", 2)
    ]
    comparison = compare(story(), now, from_turn=2)
    assert (len(comparison.pairs), comparison.other, comparison.interrupted) == (1, [], (1, 1))
    assert comparison.same == comparison.events > 8


def test_a_branch_begins_with_the_speech_of_its_turn_or_where_it_was_typed() -> None:
    events = story()
    index, utterance = branch_point(events, 2) or (0, 0)
    assert isinstance(events[index], ev.SpeechStarted)
    assert utterance == 2
    assert branch_point(events, 3) is None
    typed = [
        msgspec.structs.replace(event, utterance=0)
        if isinstance(event, ev.TurnTaken) and event.turn == 2
        else event
        for event in events
    ]
    now = [event for event in typed if getattr(event, "turn", 0) == 2]
    index, utterance = branch_point(typed, 2) or (0, 0)
    assert (typed[index], utterance) == (now[0], 0)
    pairs = compare(typed, now, from_turn=2).pairs
    assert [(then and then.turn, same and same.turn) for then, same in pairs] == [(2, 2)]


def test_limits_fail_where_they_are_not_held() -> None:
    found = compare(story(), other())
    assert failures("wer=0.2,latency=2x,errors=0", found) == []
    failed = failures("wer=0.1,latency=1.2x,same=1", found)
    assert [failure.split(" ")[0] for failure in failed] == ["wer", "latency", "same"]
    with pytest.raises(BadLimitError, match=r"wer=0\.1"):
        failures("speed=3", found)


def test_words_carried_on_are_counted_once() -> None:
    told = story()
    at = next(k for k, event in enumerate(told) if isinstance(event, ev.AnswerHeard))
    told[at] = msgspec.structs.replace(told[at], carried=True, text="")
    assert [turn.turn for turn in turns(told)] == [2]


def test_a_limit_without_a_measured_value_fails() -> None:
    silent = [event for event in story() if not isinstance(event, ev.TurnMeasured)]
    found = compare(silent, silent)
    assert found.as_json()["latency"] is None
    assert failures("latency=1.2x,errors=0", found) == ["latency: nothing was measured"]
