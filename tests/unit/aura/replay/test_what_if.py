"""With other numbers a recorded call goes otherwise, and it is said where."""

from __future__ import annotations

from typing import Any

import msgspec

from aura.replay.recorded_stages import RecordedStages
from aura.replay.redecide import connections, decide
from aura.replay.what_if import Difference, differences, rehearse
from edge.core.call import Began
from edge.core.messages import inputs
from edge.core.messages.inputs import StageSaid
from edge.core.session.history import History, fold
from schemas import events as ev
from tests.unit.aura.replay.test_redecide import LoggedCall, Recorded
from tests.unit.edge.core.client_calls import BY_CLIENT, final


def conversation(turns: int = 3) -> list[ev.AnyEvent]:
    """A log of turns, each answered to its end; in the second the caller pauses for 800 ms."""
    r = Recorded(response__greeting="Hello.")
    r.speaks(0, 900, turn=0)
    r.quiet(1500)
    for turn in range(turns):
        r.says(800, "I would like to fly to Paris.")
        r.quiet(640)
        if turn != 1:
            r.quiet(500)
        r.answers("Of course.", "When?")
        r.speaks(0, 1000)
        if turn == 1:  # it was answered, and the caller goes on all the same
            r.says(900, "With my dog.")
            r.quiet(900)
            r.answers("Dogs are welcome.")
            r.speaks(0, 700)
        else:
            r.speaks(1, 800)
        r.quiet(3000)
    return r.recorded()


def waits(finished_ms: int, unclear_ms: int, unfinished_ms: int) -> dict[str, int]:
    return {
        "finished_ms": finished_ms,
        "unclear_ms": unclear_ms,
        "unfinished_ms": unfinished_ms,
    }


def compared(log: list[ev.AnyEvent], **changes: Any) -> list[Difference]:
    (connection,) = connections(log)
    named = {name.replace("__", "."): value for name, value in changes.items()}
    now = rehearse(connection, connection.config.but(named))
    return differences(connection.decided, now)


def test_with_the_same_numbers_nothing_differs() -> None:
    assert compared(conversation()) == []


def read(likely: float) -> list[ev.AnyEvent]:
    """A log of one answer, with what its language model said of the caller's sentence."""
    r = Recorded(turns__ask_eot=True)
    r.says(800, "I would like to fly to Paris.")
    r.quiet(100)
    r.answers("Of course.", eot_llm=likely)
    r.speaks(0, 1000)
    r.quiet(4000)
    return r.recorded()


def test_the_recorded_probability_of_the_language_model_is_used() -> None:
    for likely, silence_ms in ((0.6, 760), (0.02, 1240)):
        log = read(likely)
        assert compared(log) == []
        (difference,) = compared(log, turns__waits=waits(silence_ms + 100, silence_ms + 100, 2500))
        assert difference.recorded.endswith(f"after {silence_ms} ms of silence")


def test_the_recorded_probability_is_not_used_for_other_words() -> None:
    log = read(0.02)
    (connection,) = connections(log)
    (taken,) = (event for event in connection.decided if isinstance(event, ev.TurnTaken))
    stages = RecordedStages(connection)
    other = msgspec.structs.replace(taken, messages=(ev.Message("user", "I would like to"),))
    for asked, likely in ((taken, 0.02), (other, None)):
        came = [
            result.event for _, result in stages.response(asked) if isinstance(result, StageSaid)
        ]
        sentences = [event for event in came if isinstance(event, ev.ResponseSentence)]
        assert [sentence.eot_llm for sentence in sentences] == [likely]


def test_words_reread_from_the_log_keep_their_first_time() -> None:
    r = Recorded()
    r.says(800, "I would like to fly to Paris.")
    r.quiet(440)
    guess = next(event for event in r.logged.log if isinstance(event, ev.TranscriptGuess))
    r.quiet(4000)
    r.give(StageSaid(guess))  # an edge that missed something reads all of it again
    r.quiet(200)
    (difference,) = compared(r.recorded(), turns__waits=waits(800, 1200, 2500))
    assert difference.now.endswith("after 800 ms of silence")


def test_a_longer_wait_answers_later_and_lets_the_caller_go_on() -> None:
    found = compared(conversation(), turns__waits=waits(1000, 1400, 2500))
    assert found[0].recorded.endswith("after 760 ms of silence")
    assert found[0].now.endswith("after 1000 ms of silence")
    joined = [difference.now for difference in found if "With my dog." in difference.now]
    assert joined == [
        "answers 'I would like to fly to Paris. With my dog.' after 1000 ms of silence"
    ]


class Resumes(LoggedCall):
    """A call that resumes its session."""

    def __init__(self, began: Began, history: History | None = None) -> None:
        head: ev.Head = {"tenant": "t", "session": "s", "at_ms": began.at_ms}
        super().__init__(ev.SessionResumed(**head, edge="e", config=began.config), history)


class RecordedResume(Recorded):
    kind = Resumes


def test_words_of_an_earlier_connection_come_when_they_came() -> None:
    changes = {**BY_CLIENT, "turns__respond": True}
    first = Recorded(**changes)
    first.says(600)
    first.give(inputs.TurnEnded())
    before = first.recorded()
    history = fold(before)
    at_ms = first.now_ms + 5000
    later = RecordedResume(history=history, begins=inputs.Resumed(), at_ms=at_ms, **changes)
    later.quiet(2000)
    final(later, "What is the capital of France?", 1)
    later.wait(1000)
    _, again = connections([*before, *later.recorded()])
    for decided in (decide(again), rehearse(again, again.config)):
        assert [type(one) for one in decided[:2]] == [ev.MessageAdded, ev.TurnTaken]
        assert not [one for one in decided if isinstance(one, ev.TroubleTold)]
