"""A turn with tools: who runs what and when, what the model is told, what the caller hears."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.client_events import (
    ClientToolCalled,
    ClientToolCancelled,
    Interrupted,
    ResponseDone,
    Speech,
)
from edge.core.effects import AgentTransfer, HangUp
from edge.core.inputs import ClientToolResult, Finished, Resumed, Typed
from edge.core.response.playback import LEAD_MS
from edge.core.response.wait_sound import PIECE_MS, after
from edge.core.session.history import fold
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.events import Message, ToolCall
from schemas.tools import END_CALL, MOST_RESULT_BYTES, ToolConfig
from tests.unit.edge.core.rehearsal import Rehearsal

BOOK = ToolConfig(name="book", description="Book a table.", deadline_ms=5000)
ASK = ToolConfig(name="ask", idempotent=True, cancel=True, deadline_ms=5000)
SHOW = ToolConfig(name="show", kind="client", cancel=True)
SOON_MS = LEAD_MS + PIECE_MS
"""Of the wait sound, so much is ahead at most."""
TOOLS = (BOOK, ASK, SHOW, END_CALL)


class Table(Rehearsal):
    """A call whose model has tools."""

    def __init__(self, tools: Sequence[ToolConfig] = TOOLS, **changes: Any) -> None:
        super().__init__("sentences", tools=[_wire(tool) for tool in tools], **changes)

    def types(self, text: str = "A table for two, please.") -> ev.TurnTaken:
        self.give(Typed(text))
        return self.asked

    @property
    def asked(self) -> ev.TurnTaken:
        return self.events(ev.TurnTaken)[-1]

    def calls(self, *calls: tuple[str, str], words: tuple[str, ...] = (), end: bool = True) -> None:
        """The LLM writes *words* and calls, as the whole of the present step."""
        taken = self.asked
        for k, text in enumerate(words):
            self.event(
                ev.ResponseSentence,
                turn=taken.turn,
                index=taken.spoken + k,
                text=text,
                first_token_ms=1.0,
                took_ms=1.0,
                model="m",
                deadline_ms=0,
            )
        for number, (name, arguments) in enumerate(calls):
            self.event(
                ev.ToolCalled,
                turn=taken.turn,
                step=taken.step,
                call=number,
                name=name,
                arguments=arguments,
                model="m",
                took_ms=1.0,
            )
        if end:
            self.event(
                ev.ResponseCompleted,
                turn=taken.turn,
                sentences=taken.spoken + len(words),
                text=" ".join(words),
                model="m",
                prompt_tokens=1,
                completion_tokens=1,
                took_ms=1.0,
                step=taken.step,
                calls=len(calls),
            )

    def says_words(self, *words: str) -> None:
        """The LLM ends the response with *words*."""
        self.calls(words=words)

    def returns(self, result: str, call: int = 0, *, step: int = 0, turn: int = 0) -> None:
        self.event(
            ev.ToolReturned,
            turn=turn or self.asked.turn,
            step=step,
            call=call,
            name="book",
            result=result,
            took_ms=2.0,
        )

    def fails(self, reason: str, call: int = 0, *, step: int = 0) -> None:
        self.event(
            ev.ToolFailed,
            turn=self.asked.turn,
            step=step,
            call=call,
            name="book",
            reason=reason,
            detail="why",
        )

    @property
    def requested(self) -> list[str]:
        return [one.tool.name for one in self.events(ev.ToolRequested)]


def _wire(tool: ToolConfig) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415  # only here

    found: dict[str, Any] = msgspec.to_builtins(tool)
    return found


def test_the_model_is_offered_the_tools_and_told_the_result_in_a_further_step() -> None:
    r = Table()
    first = r.types()
    assert [tool.name for tool in first.tools] == ["book", "ask", "show", "end_call"]
    r.calls(("book", '{"guests": 2}'), words=("Let me see.",))
    (requested,) = r.events(ev.ToolRequested)
    assert (requested.tool, requested.arguments) == (BOOK, '{"guests": 2}')
    assert requested.deadline_ms == r.now_ms + 5000
    r.returns('{"ok": true}')

    second = r.asked
    assert (second.turn, second.step, second.spoken) == (first.turn, 1, 1)
    assert second.id == f"{first.id}.step1" != first.id
    call = ToolCall("call_1_0_0", "book", '{"guests": 2}')
    assert second.messages == (
        Message("user", "A table for two, please."),
        Message("assistant", "Let me see.", calls=(call,)),
        Message("tool", '{"ok": true}', call="call_1_0_0"),
    )
    r.says_words("It is booked.")
    for index in range(2):
        r.speaks(index, 500)
    r.wait(2000)
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("Let me see. It is booked.", True)
    (done,) = r.told(ResponseDone)
    assert done.text == heard.text
    assert r.call.history.messages[1:] == [
        Message("assistant", "", calls=(call,)),
        Message("tool", '{"ok": true}', call="call_1_0_0"),
        Message("assistant", "Let me see. It is booked."),
    ]


def test_parallel_calls_make_one_further_step() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), ("ask", "{}"))
    r.returns('"a"', 0)
    assert r.asked.step == 0
    r.returns('"b"', 1)
    r.returns('"b"', 1)  # the log is read twice
    assert [taken.step for taken in r.events(ev.TurnTaken)] == [0, 1]
    assert [one.text for one in r.asked.messages[-2:]] == ['"a"', '"b"']


def test_a_result_that_comes_before_the_step_is_over_waits_for_it() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), end=False)
    r.returns("1")
    assert r.asked.step == 0
    r.event(
        ev.ResponseCompleted,
        turn=1,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
        calls=1,
    )
    assert r.asked.step == 1


def test_a_guessed_turn_runs_nothing_before_it_is_committed() -> None:
    r = Table()
    r.says(800, "I want a table for two.")
    assert r.asked.speculative
    r.calls(("book", "{}"))
    assert not r.requested
    r.quiet(2500)
    assert r.events(ev.TurnCommitted)
    assert r.requested == ["book"]


def test_only_the_first_step_has_to_call() -> None:
    r = Table(tool_use__choice="required")
    r.types()
    assert r.asked.tool_choice == "required"
    r.calls(("book", "{}"))
    r.returns("done")
    assert (r.asked.step, r.asked.tool_choice) == (1, "auto")


def test_a_call_in_the_step_that_offers_none_is_not_run() -> None:
    r = Table(tool_use__max_steps=1)
    r.types()
    r.calls(("book", "{}"))
    r.returns("done")
    assert not r.asked.tools
    r.calls(("book", "{}"))
    assert r.requested == ["book"]
    (failed,) = r.events(ev.ToolFailed)
    assert (failed.reason, failed.step) == ("unknown", 1)
    assert r.events(ev.ResponseSentence)[-1].text == "I am sorry, I could not do that."


@given(
    st.text(max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from(["book", "BOOK", "ask", "theirs", "transfer", "end_call", "../book"])
            | st.text(max_size=12),
            st.sampled_from(["{}", '{"agent": "vault"}', '{"tenant": "rival"}', "", "[", "{{pin}}"])
            | st.text(max_size=20),
        ),
        max_size=4,
    ),
)
def test_only_the_calls_own_tools_run_and_for_its_own_tenant(
    said: str, calls: list[tuple[str, str]]
) -> None:
    r = Table()
    r.types(said)
    r.calls(*calls)
    requested = r.events(ev.ToolRequested)
    assert all(one.tool in TOOLS for one in requested)
    assert {(one.tenant, one.session) for one in r.events(ev.Event)} == {("t", "s")}
    assert not r.events(ev.AgentChanged)
    assert not [one for one in r.effects if isinstance(one, AgentTransfer)]
    for one in requested:
        assert isinstance(json.loads(one.arguments), dict)


def test_a_guess_that_is_taken_back_has_run_nothing() -> None:
    r = Table()
    r.says(800, "I want a table for two.")
    r.calls(("book", "{}"))
    r.says(600)
    assert r.events(ev.ResponseCancelled)
    r.quiet(3000)
    assert not r.requested


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("nothing", "{}", "unknown"),
        ("book", "[1]", "invalid"),
        ("book", '{"a": NaN}', "invalid"),
        ("book", '{"a": "\\ud83d"}', "invalid"),
        ("book", "{" * 5000, "invalid"),
        ("book", '{"a": "' + "x" * 20_000 + '"}', "invalid"),
    ],
)
def test_an_invalid_call_is_reported_to_the_model(name: str, arguments: str, reason: str) -> None:
    r = Table()
    r.types()
    r.calls((name, arguments))
    assert not r.requested
    (failed,) = r.events(ev.ToolFailed)
    assert failed.reason == reason
    assert r.asked.step == 1
    assert json.loads(r.asked.messages[-1].text)["error"] == reason


def test_a_turn_has_a_limited_number_of_steps_and_ends_with_a_sentence() -> None:
    r = Table(tool_use__max_steps=2)
    r.types()
    for step in range(3):
        assert (r.asked.step, bool(r.asked.tools)) == (step, step < 2)
        r.calls(("book", "{}"))
        r.returns("1", step=step)
    assert r.asked.step == 2
    assert r.events(ev.ResponseSentence)[-1].text == "I am sorry, I could not do that."
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].complete
    assert not r.call.responding


@pytest.mark.parametrize("words", ["", "Sorry."])
def test_a_model_with_nothing_to_say_to_a_result_costs_one_sentence(words: str) -> None:
    r = Table(tool_use__failure_words=words)
    r.types()
    r.calls(("book", "{}"))
    r.returns("1")
    r.says_words()
    assert [one.text for one in r.events(ev.ResponseSentence)] == ([words] if words else [])
    if words:
        r.speaks(0, 500)
    r.wait(1000)
    assert not r.call.responding


def test_a_model_that_fails_after_a_tool_was_run_costs_one_sentence() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.returns("1")
    r.event(ev.JobFailed, stage="llm", turn=1, reason="down")
    assert [one.text for one in r.events(ev.ResponseSentence)] == [
        "I am sorry, I could not do that."
    ]
    r.speaks(0, 500)
    r.wait(1000)
    (heard,) = r.events(ev.AnswerHeard)
    assert heard.complete


def test_a_tool_that_never_answers_is_given_up_at_its_deadline() -> None:
    r = Table(tool_use__wait_words="")
    r.types()
    r.calls(("book", "{}"))
    r.wait(5400)
    assert r.asked.step == 0
    r.wait(200)
    (failed,) = r.events(ev.ToolFailed)
    assert failed.reason == "timeout"
    assert r.asked.step == 1
    r.returns('"too late"')
    assert [taken.step for taken in r.events(ev.TurnTaken)] == [0, 1]


def test_the_stages_deadline_does_not_hold_for_tools() -> None:
    slow: dict[str, Any] = {"response__deadline_ms": 1000, "tool_use__wait_words": ""}
    r = Table(**slow)
    r.types()
    r.calls(("book", "{}"))
    r.wait(4000)
    assert not r.events(ev.TroubleTold)
    assert r.call.stages.misses_news(r.now_ms)  # the log is read meanwhile
    r.returns("1")
    r.wait(1100)
    (told,) = r.events(ev.TroubleTold)
    assert told.stage == "llm"


def test_a_caller_who_hears_nothing_is_told_once_to_wait() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), words=("Let me see.",))
    r.speaks(0, 1000)
    r.wait(1900)
    assert len(r.events(ev.ResponseSentence)) == 0
    r.wait(200)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["One moment, please."]
    r.speaks(1, 500)
    r.wait(2500)
    assert len(r.events(ev.ResponseSentence)) == 1
    r.returns("1")
    assert (r.asked.step, r.asked.spoken) == (1, 2)


def waits(delivery: str, **changes: Any) -> Table:
    """A caller who has waited two seconds for a tool, and hears the wait sound."""
    r = Table(
        tool_use__wait_sound=True, tool_use__wait_words="", voice__delivery=delivery, **changes
    )
    r.types()
    r.calls(("book", "{}"), words=("Let me see.",))
    r.speaks(0, 1000)
    r.wait(1900)
    assert sum(len(one.pcm) for one in r.told(Speech)) == 1000 * BYTES_PER_MS
    r.wait(1100)
    return r


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_a_caller_who_waits_hears_a_sound_from_the_first_second_to_the_next_words(
    delivery: str,
) -> None:
    r = waits(delivery)
    sound = b"".join(one.pcm for one in r.told(Speech))[1000 * BYTES_PER_MS :]
    assert 1000 <= len(sound) // BYTES_PER_MS <= 1000 + SOON_MS  # no gap, and little ahead
    assert sound == b"".join(after(sent) for sent in range(0, len(sound), PIECE_MS * BYTES_PER_MS))
    r.returns("1")
    r.wait(1000)
    before = len(r.told(Speech))
    assert not any(one.text for one in r.told(Speech)[-8:])
    r.says_words("It is booked for two.")
    r.speaks(1, 1000)
    r.wait(1000 + SOON_MS)
    later = r.told(Speech)[before:]
    assert sum(len(one.pcm) for one in later) == 1000 * BYTES_PER_MS
    assert "".join(one.text for one in later).strip() == "It is booked for two."
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("Let me see. It is booked for two.", True)


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
@pytest.mark.parametrize("waited_ms", [0, 70, 500])
def test_words_after_a_wait_sound_count_as_heard_once_they_were(
    delivery: str, waited_ms: int
) -> None:
    r = waits(delivery)
    r.wait(waited_ms)
    r.returns("1")
    r.says_words("It is booked for two.")
    r.speaks(1, 1000)
    while r.told(Speech)[-1].text == "":
        r.wait(20)
    r.wait(PIECE_MS + 500)
    r.types("No.")
    assert r.told(Interrupted)[-1].heard in {"Let me see. It is", "Let me see. It is booked"}


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_the_wait_sound_is_held_and_interrupted_like_words(delivery: str) -> None:
    r = waits(delivery, interruption__voice_ms=200)
    r.says(400)  # a voice over it stops it, and no words let it go on
    (stopped,) = r.told(Interrupted)
    assert stopped.heard == "Let me see."
    told = len(r.told(Speech))
    r.quiet(300)
    assert len(r.told(Speech)) == told
    r.hears("")
    r.quiet(1000)
    assert not any(one.text for one in r.told(Speech)[told:])
    assert len(r.told(Speech)) > told
    r.says(400, "Stop it please.")
    r.quiet(2000)
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    assert r.events(ev.AnswerHeard)[-1].text == "Let me see."


def test_a_wait_sound_hides_no_model_that_is_lost() -> None:
    r = waits("sentences", response__deadline_ms=3000)
    r.returns("1")
    r.wait(3100)
    (told,) = r.events(ev.TroubleTold)
    assert told.stage == "llm"
    r.speaks(1, 500)  # the apology
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].complete


@pytest.mark.parametrize("delivery", ["whole", "text"])
def test_a_response_that_is_read_or_sent_in_one_piece_has_no_wait_sound(delivery: str) -> None:
    r = Table(tool_use__wait_sound=True, voice__delivery=delivery)
    r.types()
    r.calls(("book", "{}"))
    r.wait(4000)
    assert not any(one.pcm for one in r.told(Speech))


def test_the_wait_sound_goes_on_after_the_words_and_begins_anew_in_each_step() -> None:
    r = Table(tool_use__wait_sound=True)
    r.types()
    r.calls(("book", "{}"))
    r.wait(1100)
    r.speaks(0, 500)
    r.wait(1000)
    said = [one.text for one in r.told(Speech)]
    at = said.index("One moment, please.")
    assert 0 < at < len(said) - 1
    r.returns("1")
    r.calls(("book", "{}"), words=("And the garden?",))
    r.speaks(1, 500)
    r.wait(1400)
    assert r.told(Speech)[-1].text == "And the garden?"
    r.wait(500)
    assert r.told(Speech)[-1].text == ""


def test_a_cough_cancels_nothing() -> None:
    r = Table(interruption__voice_ms=450)
    r.types()
    r.calls(("ask", "{}"), words=("Let me see.",))
    r.speaks(0, 2000)
    r.says(200)
    r.quiet(400)
    r.hears("")
    r.quiet(500)
    assert not r.events(ev.ResponseCancelled)
    r.returns("1")
    assert r.asked.step == 1


def interrupted(*calls: tuple[str, str]) -> Table:
    """A caller who speaks over the first words of a turn whose tools run."""
    r = Table(tool_use__wait_words="")
    r.types()
    r.calls(*calls, words=("Let me see about that for you.",))
    r.speaks(0, 3000)
    r.wait(1000)
    r.types("No, wait. What do you have to drink?")
    return r


def test_an_interruption_cancels_only_calls_that_allow_it() -> None:
    r = interrupted(("book", "{}"), ("ask", "{}"), ("show", "{}"))
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    assert [one.call for one in r.told(ClientToolCancelled)] == ["call_1_0_2"]
    results = [one.text for one in r.asked.messages if one.role == "tool"]
    assert json.loads(results[0])["status"].startswith("still running")
    assert [json.loads(one) for one in results[1:]] == [{"error": "cancelled"}] * 2

    r.returns('{"ok": true}', turn=1)  # while the next answer is on its way
    assert r.asked.turn == 2
    r.says_words("Water.")
    r.speaks(0, 500)
    r.wait(1000)
    news = r.asked
    assert (news.turn, news.speculative) == (3, False)
    assert news.messages[-1] == Message("tool", '{"ok": true}', call="call_1_0_0_late")
    assert news.messages[-2].calls[0].id == "call_1_0_0_late"
    r.says_words("By the way, it is booked.")
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].text == "By the way, it is booked."
    assert not r.call.responding
    r.wait(5000)
    assert r.asked.turn == 3


def test_a_late_result_that_a_turn_of_the_caller_has_told_opens_no_other() -> None:
    r = interrupted(("book", "{}"))
    r.returns("1", turn=1)
    r.types("And to eat?")
    assert r.asked.messages[-2].call == "call_1_0_0_late"
    r.says_words("Bread.")
    r.speaks(0, 500)
    r.wait(2000)
    assert r.asked.turn == 3


def test_words_are_not_asked_again_where_something_was_done() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.types("For three, I mean.")  # nothing was heard of the answer yet
    assert [one.role for one in r.asked.messages] == ["user", "assistant", "tool", "user"]
    assert r.asked.messages[-1].text == "For three, I mean."


def test_a_call_of_the_client_is_told_and_its_answer_taken_once() -> None:
    r = Table()
    r.types()
    r.calls(("show", '{"page": 1}'))
    assert r.told(ClientToolCalled) == [ClientToolCalled("call_1_0_0", "show", '{"page": 1}')]
    (requested,) = r.events(ev.ToolRequested)
    assert "tool" in requested.recorded, "no runner takes it"
    r.give(ClientToolResult("call_9_0_0", "x"))
    assert r.asked.step == 0
    r.give(ClientToolResult("call_1_0_0", '"shown"'))
    r.give(ClientToolResult("call_1_0_0", '"again"'))
    assert r.asked.messages[-1].text == '"shown"'
    assert len(r.events(ev.ToolReturned)) == 1


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (ClientToolResult("call_1_0_0", "no screen", failed=True), "refused"),
        (ClientToolResult("call_1_0_0", "x" * (MOST_RESULT_BYTES + 1)), "invalid"),
    ],
)
def test_a_client_that_cannot_or_says_too_much(result: ClientToolResult, reason: str) -> None:
    r = Table()
    r.types()
    r.calls(("show", "{}"))
    r.give(result)
    assert json.loads(r.asked.messages[-1].text)["error"] == reason


def test_the_call_ends_after_the_goodbye_was_heard() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"))
    assert (r.asked.step, r.asked.tools) == (1, ())
    r.says_words("Goodbye!")
    r.speaks(0, 800)
    r.wait(700)
    assert not [one for one in r.effects if isinstance(one, HangUp)]
    r.wait(200)
    assert [one for one in r.effects if isinstance(one, HangUp)] == [HangUp()]


def test_a_goodbye_that_was_said_with_the_call_needs_no_further_step() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"), words=("Goodbye!",))
    assert r.asked.step == 0
    r.speaks(0, 800)
    r.wait(1000)
    assert [one for one in r.effects if isinstance(one, HangUp)]


def test_a_caller_who_speaks_over_the_goodbye_is_not_hung_up_on() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"), words=("Goodbye, and thank you for calling.",))
    r.speaks(0, 3000)
    r.wait(1000)
    r.types("One more thing!")
    r.says_words("Yes?")
    r.speaks(0, 500)
    r.wait(5000)
    assert not [one for one in r.effects if isinstance(one, HangUp)]


def test_a_call_that_has_ended_tells_no_news() -> None:
    r = interrupted(("book", "{}"))
    r.give(Finished("caller_left"))
    r.returns("1", turn=1)
    r.wait(1000)
    assert r.asked.turn == 2


# ---------------------------------------------------------------- another edge goes on


def log_of(r: Table, *stages: ev.Event) -> list[ev.Event]:
    return [r.call.began, *r.events(ev.Event), *stages]


def resumed(events: list[ev.Event], tools: Sequence[ToolConfig] = TOOLS) -> Table:
    history = fold(events)
    assert history.unfinished
    return Table(tools, history=history, begins=Resumed())


def stage_events(r: Table, name: str = "book", arguments: str = "{}") -> list[ev.Event]:
    """Return what the LLM wrote in `r`, which called *name* once in its first step."""
    head: Any = {"tenant": "t", "session": "s", "at_ms": r.now_ms, "turn": 1}
    called = ev.ToolCalled(
        **head, step=0, call=0, name=name, arguments=arguments, model="m", took_ms=1.0
    )
    completed = ev.ResponseCompleted(
        **head,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
        calls=1,
    )
    return [called, completed]


def test_another_edge_waits_for_the_results_and_asks_for_the_next_step() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested = log_of(r)
    after = resumed([began, taken, committed, *stage_events(r), requested])
    assert not after.requested, "it runs already"
    after.returns("1", turn=1)
    assert (after.asked.turn, after.asked.step) == (1, 1)
    assert after.asked.messages[0].text == "A table for two, please."
    after.says_words("Done.")
    after.speaks(0, 500, turn=1)
    after.wait(1000)
    assert after.events(ev.AnswerHeard)[-1].text == "Done."


def test_another_edge_has_the_call_run_that_its_edge_did_not_come_to() -> None:
    r = Table()
    r.types()
    after = resumed([*log_of(r), *stage_events(r)])
    assert after.requested == ["book"]


def test_another_edge_asks_for_the_step_that_its_edge_did_not_come_to() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    began, taken, committed, requested = log_of(r)
    returned = ev.ToolReturned(
        tenant="t",
        session="s",
        at_ms=r.now_ms,
        turn=1,
        step=0,
        call=0,
        name="book",
        result="1",
        took_ms=1.0,
    )
    log = [began, taken, committed, *stage_events(r), requested, returned]
    after = resumed(log)
    assert (after.asked.turn, after.asked.step) == (1, 1)
    assert not after.requested


def test_the_history_read_back_from_the_log_is_that_of_the_call() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    log = [*log_of(r)[:3], *stage_events(r), *log_of(r)[3:]]
    known = len(r.events(ev.Event))
    r.returns("1")
    log.append(
        ev.ToolReturned(
            tenant="t",
            session="s",
            at_ms=r.now_ms,
            turn=1,
            step=0,
            call=0,
            name="book",
            result="1",
            took_ms=2.0,
        )
    )
    r.says_words("Done.")
    r.speaks(0, 500)
    r.wait(1000)
    log += r.events(ev.Event)[known:]
    assert fold(log).messages == r.call.history.messages
