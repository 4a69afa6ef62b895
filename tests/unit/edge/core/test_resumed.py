"""An edge dies in the middle of an answer; what the caller hears on the next one."""

from __future__ import annotations

import msgspec

from edge.core.client_events import Interrupted, ResponseDone, Speech
from edge.core.inputs import Resumed
from edge.core.session.history import History, fold
from schemas import events as ev
from schemas.events import Message
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION = "What is the capital of France?"
ANSWER = ("It is Paris.", "Do you want to go there?", "It is nice in spring.")


def resumed(delivery: Delivery = "chunks", *, history: History) -> Rehearsal:
    """Return a call that goes on: its conversation is not begun again."""
    return Rehearsal(delivery, history=history, begins=Resumed())


def cut_off(heard_ms: int) -> tuple[Rehearsal, list[ev.Event]]:
    """Return a call whose edge dies *heard_ms* into its answer, and what the log holds then."""
    r = Rehearsal()
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers(*ANSWER)
    for index in range(3):
        r.speaks(index, 1000)
    r.quiet(heard_ms)
    said = [
        ev.ResponseSentence(
            tenant="t",
            session="s",
            at_ms=r.now_ms,
            turn=1,
            index=index,
            text=text,
            first_token_ms=1.0,
            took_ms=1.0,
            model="m",
            deadline_ms=0,
        )
        for index, text in enumerate(ANSWER)
    ]
    return r, [*r.events(ev.Event), *said]


def comes_back(log: list[ev.Event]) -> Rehearsal:
    return resumed(history=fold(log))


def test_the_rest_of_an_answer_is_spoken_from_the_sentence_that_was_cut() -> None:
    _, log = cut_off(heard_ms=1300)
    r = comes_back(log)
    assert not r.told(Speech)

    r.answers(*ANSWER, turn=1)
    r.speaks(1, 1000, turn=1)
    r.speaks(2, 1000, turn=1)
    r.quiet(3000)

    assert r.spoken_ms() == 2000
    said = "".join(one.text for one in r.told(Speech))
    assert said.strip() == "Do you want to go there? It is nice in spring."
    (done,) = r.told(ResponseDone)
    assert done.text == " ".join(ANSWER)
    assert r.call.history.messages == [Message("user", QUESTION), Message("assistant", done.text)]
    assert r.call.history.carried == []


def test_an_answer_of_which_nothing_was_heard_is_spoken_whole() -> None:
    _, log = cut_off(heard_ms=0)
    r = comes_back(log)
    r.answers(*ANSWER, turn=1)
    for index in range(3):
        r.speaks(index, 1000, turn=1)
    r.quiet(4000)
    assert r.spoken_ms() == 3000


def test_speech_over_the_rest_cuts_the_history_at_what_was_heard_on_both_edges() -> None:
    _, log = cut_off(heard_ms=1300)
    r = comes_back(log)
    r.answers(*ANSWER, turn=1)
    r.speaks(1, 1000, turn=1)
    r.quiet(600)
    r.says(300)
    r.partial("Wait a moment")
    (stopped,) = r.told(Interrupted)
    assert stopped.heard.startswith("It is Paris. Do you")
    assert r.call.history.messages[-1] == Message("assistant", stopped.heard)


def test_an_answer_of_long_ago_is_ended_plainly() -> None:
    before, log = cut_off(heard_ms=1300)
    r = comes_back([_older(one, 60_000) for one in log])
    (stopped,) = r.told(Interrupted)
    assert stopped.heard == "It is Paris."
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.carried) == ("It is Paris.", False, False)
    assert before.call.history.carried == []


def test_an_answer_that_was_handed_over_is_history_and_nothing_is_said_twice() -> None:
    _, log = cut_off(heard_ms=2900)
    r = comes_back(log)
    assert not r.told(Speech)
    assert not r.told(Interrupted)
    assert r.call.history.messages[-1] == Message("assistant", " ".join(ANSWER))
    assert fold([*log, *r.events(ev.Event)]).carried == []


def test_a_question_is_not_asked_again_at_every_reconnect() -> None:
    _, log = cut_off(heard_ms=0)
    aged = [_older(one, 60_000) for one in log]
    first = comes_back(aged)
    assert first.call.history.carried == [QUESTION]
    log = [*aged, *first.events(ev.Event)]
    assert fold(log).carried == [QUESTION]
    assert fold(log).unfinished is None


def _older(event: ev.Event, ms: int) -> ev.Event:
    return msgspec.structs.replace(event, at_ms=event.at_ms - ms)
