"""The effects of commands that last: instructions, texts that wait, muted sides, the end."""

from __future__ import annotations

from edge.core.session.call_phase import CallPhase
from edge.core.session.control_memory import (
    MOST_INSTRUCTIONS,
    MOST_INSTRUCTIONS_CHARS,
    REACHED,
    ControlMemory,
)
from edge.core.session.history import History
from runtime.settings import load
from schemas.control import End, Instruct, Interrupt, Mute, Say
from schemas.events import (
    AnswerHeard,
    ControlReceived,
    ControlSpoken,
    Event,
    Head,
    ResponseCancelled,
    SessionResumed,
    SpendReached,
)


def test_the_operators_prompt_is_that_of_each_session() -> None:
    settings = load(_env_file=None, system_prompt="Be kind.")
    assert settings.session.response.system_prompt == "Be kind."


def test_the_newest_instructions_follow_it() -> None:
    history = History()
    memory = history.control
    assert history.system("Be kind.") == "Be kind."
    for number in range(MOST_INSTRUCTIONS + 5):
        memory.note(str(number), Instruct(f" Rule {number}.\n"))
    lines = history.system("Be kind.").split("\n\n")
    assert lines[:2] == ["Be kind.", "Rule 5."]
    assert lines[-1] == f"Rule {MOST_INSTRUCTIONS + 4}."


def test_long_instructions_push_out_older_ones() -> None:
    memory = ControlMemory()
    for letter in "abc":
        memory.note(letter, Instruct(letter * (MOST_INSTRUCTIONS_CHARS // 2)))
    assert [text[0] for text in memory.instructions] == ["b", "c"]


def waiting(memory: ControlMemory) -> list[str]:
    return [command_id for command_id, _ in memory.waiting]


def test_texts_wait_in_their_order_until_they_are_spoken() -> None:
    memory = ControlMemory()
    memory.note("a", Say("One."))
    memory.note("b", Instruct("Be brief."))
    memory.note("c", Instruct("Ask for the name.", respond=True))
    assert waiting(memory) == ["a", "c"]
    memory.note_spoken("c", 4)
    assert waiting(memory) == ["a"]
    assert memory.being_spoken[4] == ("c", Instruct("Ask for the name.", respond=True))
    memory.turn_over(4)
    assert memory.being_spoken == {}


def test_a_said_text_that_nobody_heard_waits_again_as_the_first() -> None:
    memory = ControlMemory()
    for name in "ab":
        memory.note(name, Say(name))
    memory.note_spoken("a", 1)
    memory.turn_dropped(1)
    assert waiting(memory) == ["a", "b"]
    memory.note_spoken("a", 2)
    memory.cut_off()
    assert waiting(memory) == ["a", "b"]


def test_words_of_the_edge_and_answers_to_an_instruction_are_not_repeated() -> None:
    memory = ControlMemory()
    memory.note("a", Instruct("Ask for the name.", respond=True))
    for name in ("a", ""):
        memory.note_spoken(name, 1)
        memory.cut_off()
        assert (waiting(memory), memory.being_spoken) == ([], {})


def test_an_interruption_drops_all_texts_also_the_one_that_is_spoken() -> None:
    memory = ControlMemory()
    for name in "ab":
        memory.note(name, Say(name))
    memory.note_spoken("a", 1)
    memory.note("c", Interrupt())
    assert waiting(memory) == []
    memory.cut_off()
    assert waiting(memory) == []


def test_a_side_is_muted_until_it_is_not() -> None:
    memory = ControlMemory()
    memory.note("a", Mute("assistant"))
    memory.note("b", Mute("caller"))
    assert memory.responses_off
    memory.note("c", Mute("assistant", muted=False))
    memory.note("d", Mute("assistant", muted=False))
    assert (memory.muted, memory.responses_off) == ({"caller"}, False)


def test_a_call_is_ended_once_and_its_texts_are_dropped() -> None:
    memory = ControlMemory()
    memory.note("a", Say("One."))
    for name in "bc":  # two edges may have logged an end
        memory.note(name, End())
    assert (memory.phase, waiting(memory)) == (CallPhase.ENDING, [])
    assert memory.received == {"a", "b", "c"}


def test_the_last_words_wait_until_they_were_heard_to_their_end() -> None:
    memory = ControlMemory()
    memory.note("a", Say("One."))
    memory.note("b", End(words=" Goodbye. ", reason="We close now."))
    last = ("", Say("Goodbye.", interruptible=False))
    assert (memory.waiting, memory.why) == ([last], ("CALL_ENDED", "We close now."))
    memory.note_spoken("", 1)
    assert waiting(memory) == []
    memory.cut_off()
    assert memory.waiting == [last]
    memory.note_spoken("", 2)
    memory.turn_over(2)
    memory.cut_off()
    assert waiting(memory) == []


def test_a_call_that_ends_takes_no_more_texts() -> None:
    memory = ControlMemory()
    memory.note("a", End())
    memory.note("b", Say("One."))  # logged by an edge that had lost the call
    memory.note("c", End(words="Goodbye.", reason="We close now."))
    assert (waiting(memory), memory.why) == ([], ("CALL_ENDED", "ended by the operator"))


HEAD = Head(tenant="t", session="s", at_ms=1)


def test_the_same_is_read_from_the_log() -> None:
    memory = ControlMemory()
    log: list[Event] = [
        ControlReceived(**HEAD, command_id="a", command=Say("One."), by="sam"),
        ControlReceived(**HEAD, command_id="b", command=Say("Two."), by="sam"),
        ControlSpoken(**HEAD, command_id="a", turn=1),
        ResponseCancelled(**HEAD, turn=1, reason="retracted"),
        ControlSpoken(**HEAD, command_id="a", turn=2),
        AnswerHeard(**HEAD, turn=2, text="One.", complete=True, played_ms=500),
        SessionResumed(**HEAD, edge="e"),
    ]
    for event in log:
        memory.read(event)
    assert (waiting(memory), memory.being_spoken) == (["b"], {})


def test_texts_that_ask_for_a_response_are_dropped_and_given_ones_wait() -> None:
    memory = ControlMemory()
    memory.note("a", Instruct("Be kind.", respond=True))
    memory.note("b", Say("Hello."))
    memory.drop_requested()
    assert (waiting(memory), memory.instructions) == (["b"], ["Be kind."])


def test_a_limit_that_was_reached_silences_the_model() -> None:
    memory = ControlMemory()
    assert not memory.responses_off
    memory.read(SpendReached(**HEAD, limit="price", most=1.0, used=1.0))
    assert (memory.spend_phase, memory.responses_off) == (REACHED, True)
    assert memory.model_off
