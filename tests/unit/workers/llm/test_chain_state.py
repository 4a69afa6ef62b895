"""The sentences of a response, folded from what the log holds of it."""

from __future__ import annotations

from schemas.events import (
    AnyEvent,
    Head,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
    ToolCalled,
)
from workers.llm.chain_state import ChainState

HEAD = Head(tenant="t", session="s", at_ms=1)
TURN = 5


def sentence(text: str, turn: int = TURN) -> ResponseSentence:
    return ResponseSentence(
        **HEAD,
        turn=turn,
        index=0,
        text=text,
        first_token_ms=1.0,
        took_ms=1.0,
        model="m",
        deadline_ms=0,
    )


def cancelled(turn: int) -> ResponseCancelled:
    return ResponseCancelled(**HEAD, turn=turn, reason="retracted")


def completed(turn: int) -> ResponseCompleted:
    return ResponseCompleted(
        **HEAD,
        turn=turn,
        sentences=1,
        text="",
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        took_ms=1.0,
    )


def told(*events: AnyEvent) -> ChainState:
    state = ChainState(TURN)
    for seq, event in enumerate(events, 11):
        state = state.after(seq, event)
    return state


def test_nothing_was_said_yet() -> None:
    assert not told().is_begun
    assert told().last == 0


def test_the_sentences_of_an_earlier_attempt_are_gone_on_after() -> None:
    state = told(sentence("One."), sentence("Two."))
    assert (state.sentences, state.text, state.last) == (("One.", "Two."), "One. Two.", 12)
    assert state.is_begun
    assert not state.is_over


def test_words_of_other_turns_move_the_end_of_the_chain_alone() -> None:
    state = told(sentence("Old.", TURN - 1), completed(TURN - 1), cancelled(TURN - 1))
    assert (state.sentences, state.is_over, state.last) == ((), False, 13)
    assert not state.is_begun


def test_a_response_that_was_completed_or_cancelled_is_over() -> None:
    for end in (completed(TURN), cancelled(TURN), cancelled(TURN + 1), completed(TURN + 1)):
        assert told(sentence("One."), end).is_over


def test_what_is_said_after_its_end_does_not_reopen_it() -> None:
    assert told(cancelled(TURN), sentence("Old.", TURN - 1)).is_over


def test_a_refused_link_is_added_behind_news_of_other_turns() -> None:
    known = told(sentence("One."))
    assert told(sentence("One."), cancelled(TURN - 1)).is_unchanged_since(known)


def test_it_is_not_added_where_another_worker_went_on_or_the_edge_gave_up() -> None:
    known = told(sentence("One."))
    assert not told(sentence("One."), sentence("Theirs.")).is_unchanged_since(known)
    assert not told(sentence("One."), cancelled(TURN)).is_unchanged_since(known)


def test_it_is_not_added_where_the_log_has_nothing_newer() -> None:
    """Then the refusal is about something that this copy of the log does not know."""
    known = told(sentence("One."))
    assert not told(sentence("One.")).is_unchanged_since(known)


def test_a_call_of_a_tool_counts_if_it_is_of_this_turn() -> None:
    def called(turn: int) -> ToolCalled:
        return ToolCalled(
            **HEAD, turn=turn, step=0, call=0, name="clock", arguments="{}", model="m", took_ms=1.0
        )

    state = ChainState(TURN).after(1, called(TURN)).after(2, called(TURN - 1))
    assert (state.calls, state.last) == (1, 2)
