"""What is remembered, and how it is read back from the log."""

from __future__ import annotations

from typing import Any

from edge.core.session.history import History, fold
from schemas.events import AnswerHeard, Message, SpeechStarted, TurnCommitted
from tests.neutral import taken

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def committed(turn: int, text: str) -> TurnCommitted:
    return TurnCommitted(**WHOSE, turn=turn, text=text, confidence=1.0, speculative=False)


def heard(turn: int, text: str, *, carried: bool = False) -> AnswerHeard:
    return AnswerHeard(**WHOSE, turn=turn, text=text, complete=True, played_ms=1, carried=carried)


def test_a_session_is_the_fold_of_its_events() -> None:
    history = fold(
        [
            heard(0, "Hello!"),
            SpeechStarted(**WHOSE, utterance=3, language="en", deadline_ms=0),
            committed(1, "One?"),
            heard(1, "Yes, one."),
            committed(3, "Two?"),
            heard(3, "", carried=True),
            committed(4, "Two? And three?"),
            heard(4, "Both."),
        ]
    )
    said = [message.text for message in history.messages]
    assert said == ["Hello!", "One?", "Yes, one.", "Two? And three?", "Both."]
    assert (history.utterance, history.responses, history.carried) == (3, 2, [])


def test_a_greeting_is_no_turn_that_was_answered() -> None:
    history = History()
    history.settle("", "Hello!")
    assert (history.responses, len(history.messages)) == (0, 1)
    history.settle("One?", "Yes, one.")
    assert history.responses == 1


def test_unanswered_words_are_not_lost() -> None:
    assert fold([committed(1, "Are you there?")]).take_carried("Hello?") == "Are you there? Hello?"


def test_turn_numbers_go_on_after_a_guess_that_was_never_committed() -> None:
    later = taken(turn=9, speculative=True)
    assert fold([later]).turn == 9


def test_the_window_keeps_its_beginning_for_several_turns() -> None:
    history = History()
    starts = []
    for number in range(40):
        window = history.window(f"question {number}", 20)
        assert 10 <= len(window) <= 20 or number < 10
        assert window[-1] == Message("user", f"question {number}")
        starts.append(window[0].text)
        history.settle(f"question {number}", f"answer {number}")
    assert len(set(starts)) <= 8
