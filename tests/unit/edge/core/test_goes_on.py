"""A caller goes on after a response began: one turn, and each word told to the client once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_events import CallerTranscript, Interrupted, Speech
from edge.core.messages.inputs import Finished, Resumed, Typed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.events import Message
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import Rehearsal

FIRST, SECOND = "I know that there are dogs for blind people.", "They help them to find ways."
ANSWER = "Guide dogs are trained for two years, and then they work for eight."


def shown(r: Rehearsal) -> str:
    """Return what a client shows that appends every final transcript."""
    return " ".join(one.text for one in r.told(CallerTranscript) if one.final)


def said(r: Rehearsal, text: str) -> None:
    r.says(500)
    r.quiet(200)
    r.hears(text)


def asked(delivery: Delivery = "chunks", heard_ms: int = 0) -> Rehearsal:
    """Return a call that has answered FIRST for *heard_ms*."""
    r = Rehearsal(delivery)
    said(r, FIRST)
    r.quiet(600)
    r.answers(ANSWER)
    if heard_ms:
        r.speaks(0, 4000)
        r.quiet(heard_ms)
    return r


@pytest.mark.parametrize("delivery", ["chunks", "sentences", "whole"])
@pytest.mark.parametrize("heard_ms", [0, 200, 700])
def test_speech_just_after_the_start_of_a_response_continues_the_turn(
    delivery: Delivery, heard_ms: int
) -> None:
    r = asked(delivery, heard_ms)
    assert bool(r.told(Speech)) is (heard_ms > 0)
    said(r, SECOND)
    r.quiet(1500)
    r.answers("I see.")
    r.speaks(0, 300)
    r.quiet(600)
    assert r.call.history.messages == [
        Message("user", f"{FIRST} {SECOND}"),
        Message("assistant", "I see."),
    ]
    assert r.events(ev.TurnTaken)[-1].messages == (Message("user", f"{FIRST} {SECOND}"),)
    assert r.events(ev.TurnCommitted)[-1].text == f"{FIRST} {SECOND}"
    assert shown(r) == f"{FIRST} {SECOND}"
    finals = [one for one in r.told(CallerTranscript) if one.final]
    assert [one.continues for one in finals] == [False, True]
    assert [one.heard for one in r.told(Interrupted)] == ([""] if heard_ms else [])
    (carried,) = [one for one in r.events(ev.AnswerHeard) if one.carried]
    assert (carried.played_ms > 0) is (heard_ms > 0)
    again = fold(r.events(ev.Event))
    assert (again.messages, again.carried) == (r.call.history.messages, [])


def test_later_speech_interrupts_and_history_has_the_heard_part() -> None:
    r = asked(heard_ms=1500)
    said(r, "Wait, I mean cats.")
    r.quiet(1500)
    assert [one.role for one in r.call.history.messages] == ["user", "assistant"]
    assert r.events(ev.TurnCommitted)[-1].text == "Wait, I mean cats."
    assert not any(one.continues for one in r.told(CallerTranscript))
    assert r.told(Interrupted)[0].heard.startswith("Guide dogs")


def test_a_cough_after_the_first_sound_changes_nothing() -> None:
    r = asked(heard_ms=300)
    said(r, "")
    r.quiet(5000)
    assert r.spoken_ms() == 4000
    assert r.call.history.messages == [Message("user", FIRST), Message("assistant", ANSWER)]


def test_a_reply_to_a_short_question_is_a_turn_of_its_own() -> None:
    r = Rehearsal("sentences")
    said(r, "Book a table, please.")
    r.quiet(400)
    r.answers("For two?")
    r.speaks(0, 700)
    r.quiet(500)
    said(r, "No, for four of us.")
    r.quiet(1500)
    assert r.call.history.messages == [
        Message("user", "Book a table, please."),
        Message("assistant", "For two?"),
    ]
    assert r.events(ev.TurnCommitted)[-1].text == "No, for four of us."


def test_speech_just_after_the_answer_to_a_typed_turn_interrupts_it() -> None:
    r = Rehearsal()
    r.give(Typed("Tell me about dogs."))
    r.answers(ANSWER)
    r.speaks(0, 4000)
    r.quiet(300)
    said(r, "No, about cats.")
    r.quiet(1500)
    assert r.events(ev.TurnCommitted)[-1].text == "No, about cats."


def test_after_a_continued_turn_the_waits_are_longer() -> None:
    r = asked(heard_ms=300)
    silence_ms = 200 + 600 + 300
    said(r, SECOND)
    waited = 200
    while len(r.events(ev.TurnCommitted)) < 2:
        r.quiet(20)
        waited += 20
    r.answers("I see.")
    r.speaks(0, 300)
    r.quiet(1500)
    said(r, FIRST)
    r.quiet(600)
    r.answers(ANSWER)
    r.speaks(0, 4000)
    r.quiet(300)
    said(r, SECOND)
    r.quiet(1500)
    r.answers("I see.")
    r.speaks(0, 300)
    r.quiet(1500)
    turns = len(r.events(ev.TurnCommitted))
    said(r, "And now something else, please.")
    waited = 200
    while len(r.events(ev.TurnCommitted)) == turns:
        r.quiet(20)
        waited += 20
    assert waited >= silence_ms


def test_after_a_continued_end_the_wait_is_longer_in_the_same_turn() -> None:
    waited = []
    for pause_ms in (0, 1100):
        r = Rehearsal(response__deadline_ms=15_000)
        said(r, FIRST)
        if pause_ms:
            r.quiet(pause_ms - 200)
            said(r, SECOND)
        turns, waits = len(r.events(ev.TurnCommitted)), 200
        while len(r.events(ev.TurnCommitted)) == turns:
            r.quiet(20)
            waits += 20
        waited.append(waits)
    assert waited[0] < 800
    assert waited[1] > 1100


def test_a_question_ends_such_a_turn_as_soon_as_any_other() -> None:
    r = Rehearsal()
    said(r, FIRST)
    r.quiet(900)
    said(r, "Can you tell me more about them?")
    turns = len(r.events(ev.TurnCommitted))
    r.quiet(300)
    assert len(r.events(ev.TurnCommitted)) == turns + 1


# -------------------------------------------------------- any order of things

STEPS = st.lists(
    st.one_of(
        st.just(("said", 0)),
        st.tuples(st.just("quiet"), st.integers(1, 100).map(lambda n: 20 * n)),
        st.tuples(st.just("answers"), st.integers(1, 3)),
        st.tuples(st.just("speaks"), st.integers(100, 3000)),
        st.just(("noise", 0)),
        st.just(("typed", 0)),
        st.just(("resumed", 0)),
    ),
    max_size=30,
)


class Play:
    """One session over any number of connections, and all that its client shows."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery: Delivery = delivery
        self.call = Rehearsal(delivery)
        self.log: list[ev.Event] = []
        self.shown: list[str] = []
        self._numbers = itertools.count(1)

    def sentence(self) -> str:
        return f"Here comes the sentence with number n{next(self._numbers)}x."

    def note(self) -> None:
        """Take what this connection stored and showed."""
        self.log += self.call.events(ev.Event)
        self.shown += [one.text for one in self.call.told(CallerTranscript) if one.final]

    def do(self, step: str, amount: int) -> None:
        match step:
            case "said":
                said(self.call, self.sentence())
            case "noise":
                said(self.call, "")
            case "typed":
                self.call.give(Typed(self.sentence()))
            case "quiet":
                self.call.quiet(amount)
            case "answers" if self.call.events(ev.TurnTaken):
                self.call.answers(*(f"Answer {index} is here." for index in range(amount)))
            case "speaks" if self.call.events(ev.TurnTaken):
                for index in range(3):
                    self.call.speaks(index, amount)
            case "resumed":
                self.resume()
            case _:
                pass

    def resume(self) -> None:
        """Cut the line, and go on with what the log holds."""
        self.call.give(Finished("caller_left", may_return=True))
        self.note()
        now_ms = self.call.now_ms
        self.call = Rehearsal(self.delivery, history=fold(self.log), begins=Resumed())
        self.call.now_ms = now_ms


@given(STEPS, st.sampled_from(["chunks", "sentences"]))
def test_each_word_is_shown_once_whatever_happens(
    steps: list[tuple[str, int]], delivery: Delivery
) -> None:
    play = Play(delivery)
    for step, amount in steps:
        play.do(step, amount)
    play.resume()
    told = " ".join(play.shown).split()
    marks = [word for word in told if word.startswith("n") and word.endswith("x.")]
    assert len(marks) == len(set(marks)), "no word twice"
    assert marks == sorted(marks, key=lambda word: int(word[1:-2]))
    history = fold(play.log)
    known = [one.text for one in history.messages if one.role == "user"] + history.carried
    assert " ".join(known).split() == told, "what is shown is what the model knows"
