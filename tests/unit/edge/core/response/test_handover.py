"""A line is cut, or an edge dies, in the middle of an answer; what the caller hears afterwards."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from edge.core.messages.client_events import Interrupted, ResponseDone, Speech
from edge.core.messages.inputs import Finished, ItemAdded, ResponseRequested, Resumed
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


def cut_off(heard_ms: int, delivery: Delivery = "chunks") -> tuple[Rehearsal, list[ev.Event]]:
    """Return a call whose edge dies *heard_ms* into its answer, and what the log holds then."""
    r = Rehearsal(delivery)
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


# -------------------------------------------------------- the line is cut, the edge lives


def hung_up(
    heard_ms: int, *, delivery: Delivery = "chunks", may_return: bool = True
) -> tuple[Rehearsal, list[ev.Event]]:
    """Return a call whose line is cut *heard_ms* into its answer, and what the log holds then."""
    r, log = cut_off(heard_ms, delivery)
    before = len(r.events(ev.Event))
    r.give(Finished("caller_left", may_return=may_return))
    return r, [*log, *r.events(ev.Event)[before:]]


def heard_again(r: Rehearsal) -> str:
    """Let the stages say again what they said; return the words that are spoken."""
    r.answers(*ANSWER, turn=1)
    for index in range(3):
        r.speaks(index, 1000, turn=1)
    r.quiet(4000)
    return " ".join(one.text.strip() for one in r.told(Speech) if one.text)


@pytest.mark.parametrize("delivery", ["chunks", "sentences"])
@pytest.mark.parametrize("heard_ms", [0, 300, 1300, 1990, 2500, 2960])
def test_a_line_that_is_cut_is_gone_on_with_where_the_ear_stopped(
    heard_ms: int, delivery: Delivery
) -> None:
    before, log = hung_up(heard_ms, delivery=delivery)
    (cut,) = before.events(ev.AnswerHeard)
    assert (cut.resumable, cut.complete) == (True, False)
    assert not before.events(ev.ResponseCancelled), "the rest is still written and spoken"

    r = resumed(delivery, history=fold(log))
    rest = heard_again(r)

    assert cut.played_ms + r.spoken_ms() == pytest.approx(3000, abs=1)
    assert f"{cut.text} {rest}".strip() == " ".join(ANSWER), "each word once"
    (done,) = r.told(ResponseDone)
    assert done.text == " ".join(ANSWER)
    assert r.call.history.messages == [Message("user", QUESTION), Message("assistant", done.text)]
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete, heard.earlier_connections) == (done.text, True, 1)
    assert heard.id != cut.id
    after = fold([*log, *r.events(ev.Event)])
    assert (after.messages, after.carried) == (r.call.history.messages, [])
    assert (after.responses, after.unfinished) == (1, None)


def test_a_line_may_be_cut_again_and_again() -> None:
    """Also before the new connection knows more than the log."""
    said, played_ms = [], 0
    _, log = hung_up(0)
    for heard_ms in (0, 700, 0, 900, 700):
        r = resumed(history=fold(log))
        if heard_ms:
            r.answers(*ANSWER, turn=1)
            for index in range(3):
                r.speaks(index, 1000, turn=1)
            r.quiet(heard_ms)
        r.give(Finished("caller_left", may_return=True))
        (cut,) = r.events(ev.AnswerHeard)
        played_ms += cut.played_ms
        said.append(cut.text)
        log += r.events(ev.Event)
    assert all(after.startswith(before) for before, after in itertools.pairwise(said))
    r = resumed(history=fold(log))
    rest = heard_again(r)
    assert f"{said[-1]} {rest}" == " ".join(ANSWER)
    assert played_ms + r.spoken_ms() == pytest.approx(3000, abs=6)
    ids = [one.id for one in [*log, *r.events(ev.Event)] if isinstance(one, ev.AnswerHeard)]
    assert len(set(ids)) == len(ids)


def test_a_completely_heard_answer_is_over() -> None:
    before, log = hung_up(3400)
    (heard,) = before.events(ev.AnswerHeard)
    assert (heard.complete, heard.resumable) == (True, False)
    r = resumed(history=fold(log))
    assert heard_again(r) == ""


def test_a_caller_who_said_goodbye_hears_no_rest() -> None:
    before, log = hung_up(1300, may_return=False)
    (cancelled,) = before.events(ev.ResponseCancelled)
    assert cancelled.reason == "hung_up"
    r = resumed(history=fold(log))
    assert heard_again(r) == ""
    assert r.call.history.messages[-1].text.startswith("It is Paris.")


def test_an_answer_whose_sound_is_gone_is_ended_with_what_was_heard() -> None:
    before, log = hung_up(1300)
    (cut,) = before.events(ev.AnswerHeard)
    r = comes_back([_older(one, 130_000) for one in log])
    (stopped,) = r.told(Interrupted)
    assert stopped.heard == cut.text
    assert heard_again(r) == ""
    assert fold([*log, *r.events(ev.Event)]).messages[-1] == Message("assistant", cut.text)


def test_speech_over_the_rest_before_it_begins_keeps_what_was_heard() -> None:
    before, log = hung_up(1300)
    (cut,) = before.events(ev.AnswerHeard)
    r = comes_back(log)
    r.says(800, "And what is the capital of Spain?")
    assert r.call.history.messages[-1] == Message("assistant", cut.text)
    assert fold([*log, *r.events(ev.Event)]).messages == r.call.history.messages


def test_a_guess_and_a_greeting_are_not_left_behind() -> None:
    r = Rehearsal()
    r.says(800, QUESTION)
    r.give(Finished("caller_left", may_return=True))
    assert [one.reason for one in r.events(ev.ResponseCancelled)] == ["hung_up"]
    greeted = Rehearsal(response__greeting="Hello, how can I help you?")
    greeted.speaks(0, 1000, turn=0)
    greeted.quiet(300)
    greeted.give(Finished("caller_left", may_return=True))
    assert not any(one.resumable for one in greeted.events(ev.AnswerHeard))


@pytest.mark.parametrize("edge_died", [False, True])
def test_a_response_apart_from_the_conversation_is_not_gone_on_with(*, edge_died: bool) -> None:
    r = Rehearsal()
    r.give(ResponseRequested("a", in_conversation=False))
    r.answers(*ANSWER)
    r.speaks(0, 1000)
    r.quiet(1100)
    if not edge_died:
        r.give(Finished("caller_left", may_return=True))
        assert [one.resumable for one in r.events(ev.AnswerHeard)] == [False]
    back = comes_back(r.log)
    assert heard_again(back) == ""
    for call in (r, back) if edge_died else (r,):
        assert call.call.history.messages == []
    (heard,) = [one for one in (*r.log, *back.log) if isinstance(one, ev.AnswerHeard)]
    assert (heard.text, heard.complete, heard.in_conversation) == (ANSWER[0], False, False)
    assert fold([*r.log, *back.log]).messages == []


def test_a_message_after_a_response_without_a_rest_is_entered_at_once() -> None:
    _, log = cut_off(heard_ms=0)
    r = comes_back([_older(one, 130_000) for one in log])
    r.give(ItemAdded("k", "assistant", "Hello again."))
    assert r.call.history.messages == [Message("assistant", "Hello again.")]
    assert fold([*log, *r.events(ev.Event)]).messages == r.call.history.messages
