"""What is remembered, and how it is read back from the log."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.session.history import History, fold
from edge.core.session.step_call import STILL_RUNNING, id_of
from edge.core.session.tool_steps import ToolSteps, late
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import Instruct, Say
from schemas.events import AnswerHeard, Message, SpeechStarted, ToolCall, TurnCommitted
from tests.neutral import taken
from tests.unit.edge.core.session.test_tool_steps import called, completed, requested, returned

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def committed(turn: int, text: str) -> TurnCommitted:
    return TurnCommitted(**WHOSE, turn=turn, text=text, confidence=1.0, speculative=False)


def heard(turn: int, text: str, **more: Any) -> AnswerHeard:
    return AnswerHeard(**WHOSE, turn=turn, text=text, complete=True, played_ms=1, **more)


def sentence(turn: int, index: int, text: str) -> ev.ResponseSentence:
    return ev.ResponseSentence(
        **WHOSE,
        turn=turn,
        index=index,
        text=text,
        first_token_ms=1.0,
        took_ms=2.0,
        model="m",
        deadline_ms=0,
    )


def texts(history: History) -> list[str]:
    return [message.text for message in history.messages]


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
    assert texts(history) == ["Hello!", "One?", "Yes, one.", "Two? And three?", "Both."]
    assert (history.utterance, history.responses, history.carried) == (3, 2, [])


def test_a_greeting_is_no_turn_that_was_answered() -> None:
    history = History()
    history.enter_turn("", "Hello!")
    assert (history.responses, len(history.messages)) == (0, 1)
    history.enter_turn("One?", "Yes, one.")
    assert history.responses == 1


def test_unanswered_words_are_not_lost() -> None:
    assert fold([committed(1, "Are you there?")]).with_carried("Hello?") == "Are you there? Hello?"


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
        history.enter_turn(f"question {number}", f"answer {number}")
    assert len(set(starts)) <= 8


def test_the_window_begins_with_no_result_whose_call_was_dropped() -> None:
    call = ToolCall("call_1_0_0", "book", "{}")
    history = History(
        [
            Message("user", "Book it."),
            Message("assistant", "", calls=(call,)),
            Message("tool", "done", call=call.id),
            Message("assistant", "It is booked."),
            Message("user", "Thank you."),
        ]
    )
    assert history.window(None, 4) == tuple(history.messages[3:])
    assert history.window("Bye.", 4) == (*history.messages[3:], Message("user", "Bye."))


def test_only_a_question_that_was_heard_last_was_asked() -> None:
    history = History()
    assert not history.after_question
    history.enter_turn("", "Shall I book it?")
    assert history.after_question
    history.enter_turn("Is it far?", "")
    assert not history.after_question


def outlived() -> list[ev.Event]:
    """A turn whose tool still ran at its end, and then returned."""
    return [
        committed(1, "Book it."),
        called(),
        requested(),
        completed(1),
        heard(1, "I am on it."),
        returned(result="booked"),
    ]


def test_a_tool_that_outlives_its_turn_is_told_as_running_and_then_with_its_result() -> None:
    asked = Message("assistant", "", calls=(ToolCall("call_1_0_0", "book", "{}"),))
    turn = [
        Message("user", "Book it."),
        asked,
        Message("tool", STILL_RUNNING, call="call_1_0_0"),
        Message("assistant", "I am on it."),
    ]
    waiting = fold(outlived())
    assert (waiting.messages, waiting.late_results) == (
        turn,
        list(late(requested(), returned(result="booked"))),
    )
    used = fold([*outlived(), taken(turn=2)])
    assert (used.messages, used.late_results) == (turn + waiting.late_results, [])
    assert not used.enter_late(returned())  # it was the only one


def test_a_later_step_of_a_turn_uses_no_late_results() -> None:
    assert len(fold([*outlived(), taken(turn=1, step=1)]).late_results) == 2


def test_a_tool_that_returned_in_its_turn_is_no_background_call() -> None:
    steps = ToolSteps()
    for event in (called(), requested(), completed(1), returned(result="booked")):
        steps.read(event)
    history = History()
    history.enter_turn("Book it.", "It is booked.", steps, 1)
    assert [one.text for one in history.messages] == ["Book it.", "", "booked", "It is booked."]
    assert history.background_calls == {}


def test_messages_of_the_client_that_come_during_a_turn_follow_it_unless_it_says_where() -> None:
    history = History()
    history.add("a", "user", "Before.")
    history.turn_begins()
    assert history.add("late", "assistant", "During.")
    assert history.add("dropped", "user", "Never mind.")
    assert not history.add("late", "user", "The same key.")
    assert not history.add("a", "user", "The same key.")
    history.add("front", "user", "First of all.", "")
    history.add("b", "user", "After the first.", "a")
    history.remove("dropped")
    assert texts(history) == ["First of all.", "Before.", "After the first."]
    history.enter_turn("Question?", "Answer.", turn=1)
    assert texts(history)[3:] == ["Question?", "Answer.", "During."]
    for key in ("front", "late", "turn_1"):
        history.remove(key)
    assert texts(history) == ["Before.", "After the first.", "Answer."]


def test_system_messages_and_operators_instructions_are_part_of_the_prompt_alone() -> None:
    history = History()
    assert history.add("s", "system", "The caller is called Ada.")
    assert not history.add("s", "system", "The same key.")
    history.control.note("c1", Instruct(" Be kind. "))
    assert history.system("Be brief.") == "Be brief.\n\nThe caller is called Ada.\n\nBe kind."
    history.remove("s")
    assert history.system("") == "Be kind."
    assert history.messages == []


def test_edits_of_the_client_are_repeated_from_the_log() -> None:
    history = fold(
        [
            committed(1, "One?"),
            ev.MessageAdded(**WHOSE, key="k", role="user", text="A note."),
            ev.MessageAdded(**WHOSE, key="gone", role="user", text="Never mind."),
            heard(1, "Yes, one. And two."),
            ev.AnswerTruncated(**WHOSE, turn=1, text="Yes, one.", played_ms=500),
            ev.MessageRemoved(**WHOSE, key="gone"),
        ]
    )
    assert texts(history) == ["One?", "Yes, one.", "A note."]


def test_a_response_outside_the_conversation_leaves_no_trace_in_it() -> None:
    history = fold(
        [committed(1, ""), sentence(1, 0, "Apart."), heard(1, "Apart.", in_conversation=False)]
    )
    assert (history.messages, history.carried, history.unfinished) == ([], [], None)


def test_carried_words_are_told_once_and_begin_the_next_turn() -> None:
    history = History()
    history.carry("One,")
    history.carried.append("two,")
    assert history.with_carried("three.") == "One, two, three."
    assert history.unsent("three.") == "two, three."
    history.drop_carried("One,")
    assert (history.carried, history.unsent("three.")) == (["two,"], "three.")
    history.commit_carried()
    assert history.with_carried("three.") == "three."


def test_words_that_came_after_a_turn_without_a_response_stay_behind_it() -> None:
    history = History(carried=["two."])
    history.carry("One,")
    assert (history.carried, history.carried_sent) == (["One,", "two."], 1)
    history.carry("")
    assert history.carried == ["One,", "two."]


def test_carried_words_are_part_of_the_words_of_an_utterance_that_is_entered() -> None:
    def added(key: str, text: str) -> ev.MessageAdded:
        return ev.MessageAdded(**WHOSE, key=key, role="user", text=text)

    waiting = [committed(1, "I want"), heard(1, "", carried=True), added("message_1", "A note.")]
    assert fold(waiting).carried == ["I want"]
    history = fold([*waiting, added("speech_2", "I want a pizza.")])
    assert (texts(history), history.carried) == (["A note.", "I want a pizza."], [])


def test_a_turn_without_words_leaves_the_carried_ones_for_the_next() -> None:
    events = [committed(1, "One,"), heard(1, "", carried=True), heard(2, "Hello?")]
    assert fold(events).carried == ["One,"]


def test_a_response_whose_edge_died_is_unfinished_with_its_words_and_tools() -> None:
    history = fold(
        [
            committed(1, "One?"),
            called(),
            requested(),
            sentence(1, 1, "And two."),
            sentence(1, 0, "Yes, one."),
            ev.AnswerReached(**WHOSE, turn=1, index=1),
        ]
    )
    left = history.unfinished
    assert left is not None
    assert (left.turn, left.caller_words, left.since_ms, left.reached) == (1, "One?", 1, 1)
    assert (left.sentences, left.heard) == ({0: "Yes, one.", 1: "And two."}, "Yes, one.")
    assert [id_of(request) for request in left.steps.running] == ["call_1_0_0"]
    assert (history.messages, history.carried, history.carried_sent) == ([], ["One?"], 1)
    assert history.add("k", "user", "A note.")
    assert history.messages == []  # the turn is still open


def test_a_response_that_was_left_open_is_finished_by_its_last_record_alone() -> None:
    cut = [committed(1, "One?"), sentence(1, 0, "Yes, one."), heard(1, "Yes,", resumable=True)]
    left = fold(cut)
    assert (left.messages, left.unfinished and left.unfinished.heard) == ([], "Yes,")
    over = fold([*cut, heard(1, "Yes, one.", earlier_connections=1)])
    assert (texts(over), over.unfinished, over.carried) == (["One?", "Yes, one."], None, [])


def test_numbers_and_agents_go_on_where_they_were() -> None:
    first, second = AgentUsed(name="host", revision=1), AgentUsed(name="billing", revision=2)
    history = fold(
        [
            ev.SessionStarted(**WHOSE, user="u", protocol="x", edge="e", agent=first),
            ev.AgentChanged(**WHOSE, agent=second),
            ev.ControlReceived(**WHOSE, command_id="c1", by="sam", command=Say("Hold on.")),
            ev.ControlSpoken(**WHOSE, turn=7, command_id="c1"),
            committed(3, "One?"),
            ev.WebhookRequested(
                **WHOSE, number=3, url="https://x.example", moment="call.turn", data={}
            ),
        ]
    )
    assert (history.began_as, history.agent) == ("host", second)
    assert (history.turn, history.webhook_messages) == (7, 4)
    assert history.control.waiting == [("c1", Say("Hold on."))]  # it was not heard to its end


@pytest.mark.parametrize("agent", [None, AgentUsed(name="host", revision=1)])
def test_a_session_begins_with_its_agent_if_it_has_one(agent: AgentUsed | None) -> None:
    began = ev.SessionStarted(**WHOSE, user="u", protocol="x", edge="e", agent=agent)
    assert (fold([began]).agent, fold([began]).began_as) == (agent, "host" if agent else "")
