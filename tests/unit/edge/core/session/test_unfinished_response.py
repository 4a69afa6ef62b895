"""What is known of a response whose connection was lost in the middle."""

from edge.core.session.unfinished_response import Progress, UnfinishedResponse
from schemas import events as ev

HEAD = ev.Head(tenant="t", session="s", at_ms=0)


def unfinished() -> UnfinishedResponse:
    return UnfinishedResponse(3, "Why?", 0.9, 1000, sentences={0: "One.", 1: "Two.", 2: "Three."})


def heard(text: str, sentence: int, *, resumable: bool = False) -> ev.AnswerHeard:
    return ev.AnswerHeard(
        **HEAD,
        turn=3,
        text=text,
        sentence=sentence,
        complete=False,
        played_ms=0,
        resumable=resumable,
    )


def measured(*, interrupted: bool) -> ev.TurnMeasured:
    return ev.TurnMeasured(**HEAD, turn=3, interrupted=interrupted)


def test_sentences_before_the_one_that_was_reached_were_heard() -> None:
    response = unfinished().after(ev.AnswerReached(**HEAD, turn=3, index=2))
    assert response is not None
    assert response.heard == "One. Two."


def test_a_sentence_that_was_reached_stays_reached() -> None:
    response = unfinished()
    response.after(ev.AnswerReached(**HEAD, turn=3, index=2))
    response.after(ev.AnswerReached(**HEAD, turn=3, index=1))
    assert response.reached == 2


def test_events_of_other_turns_change_nothing() -> None:
    response = unfinished()
    assert response.after(ev.AnswerReached(**HEAD, turn=4, index=2)) is response
    assert response.after(ev.ResponseCancelled(**HEAD, turn=2, reason="interrupted")) is response
    assert response.reached == 0


def test_the_record_of_the_cut_tells_what_was_heard_until_a_later_sentence_begins() -> None:
    response = unfinished()
    cut = heard("One. Tw", 1, resumable=True)
    response.after(cut)
    assert response.noted == cut
    assert (response.heard, response.earlier_connections) == ("One. Tw", 1)
    response.after(ev.AnswerReached(**HEAD, turn=3, index=1))
    assert response.noted == cut, "the sentence of the cut goes on"
    response.after(ev.AnswerReached(**HEAD, turn=3, index=2))
    assert (response.heard, response.earlier_connections) == ("One. Two.", 1)
    assert response.progress is Progress.SPOKEN


def test_it_is_over_once_it_was_heard_or_cancelled() -> None:
    assert unfinished().after(heard("One.", 0)) is None
    assert unfinished().after(ev.ResponseCancelled(**HEAD, turn=3, reason="interrupted")) is None


def test_all_of_it_was_heard_once_all_of_it_was_sent() -> None:
    response = unfinished()
    assert response.after(measured(interrupted=False)) is response
    assert response.heard == "One. Two. Three."
    response.after(ev.AnswerReached(**HEAD, turn=3, index=2))
    assert response.heard == "One. Two. Three.", "the last one is sent again"
    response.after(heard("One.", 1, resumable=True))
    assert response.heard == "One."  # it is sent again from there
    assert response.progress is Progress.CUT


def test_an_interrupted_turn_and_other_events_tell_nothing_of_what_was_sent() -> None:
    response = unfinished()
    response.after(measured(interrupted=True))
    response.after(ev.TurnCommitted(**HEAD, turn=3, text="Why?", confidence=1.0, speculative=False))
    assert (response.heard, response.progress) == ("", Progress.SPOKEN)
