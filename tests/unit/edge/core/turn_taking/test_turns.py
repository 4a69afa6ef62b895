"""A caller's turns: how they begin, pause and end, and what they do to a response."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.endpointing.end_of_turn import WAITS
from edge.core.hearing.utterance import LONGEST_MS, SPLIT_MS
from edge.core.messages import client_events as ce
from edge.core.messages import inputs
from edge.core.turn_taking.turns import BACKCHANNEL_MS, CLEAR_WORDS, NOISE_MS, RESPONSE_MS
from schemas import events as ev
from schemas.control import Say
from tests.unit.edge.core.client_calls import final
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, Rehearsal


def answered(**changes: Any) -> Rehearsal:
    """Return a call in which a response is being heard."""
    call = Rehearsal(**changes)
    ask(call, "What is the capital of France?")
    call.answers("It is Paris, and it has been for a very long time.")
    call.speaks(0, 4000)
    return call


def ask(call: Rehearsal, text: str, silence_ms: int = 1600) -> int:
    """Say *text* and return the silence after which it was taken for the whole turn."""
    committed = len(call.events(ev.TurnCommitted))
    said(call, text)
    waited = 200
    while len(call.events(ev.TurnCommitted)) == committed and waited < silence_ms:
        call.quiet(20)
        waited += 20
    return waited


def said(call: Rehearsal, text: str) -> None:
    call.says(500)
    call.quiet(200)
    call.hears(text)


def speaks_for(call: Rehearsal, ms: int) -> None:
    """Speak for *ms*, which arrive at once."""
    call.burst(VOICE * (ms // 20))


def committed(call: Rehearsal) -> list[str]:
    return [one.text for one in call.events(ev.TurnCommitted)]


@pytest.mark.parametrize("text", ["Stop the music, please.", "I would like to", "Well"])
def test_a_named_silence_ends_a_turn_whatever_its_words(text: str) -> None:
    call = Rehearsal(turns__silence_ms=600)
    assert 600 <= ask(call, text) <= 640


def test_an_answer_may_need_several_words_to_be_interrupted() -> None:
    call = answered(interruption__min_words=3)
    call.says(1000)
    call.partial("Wait please")
    assert not call.told(ce.Interrupted)
    call.partial("Wait please I have a question")
    assert call.told(ce.Interrupted)


def test_too_few_words_let_the_answer_go_on() -> None:
    call = answered(interruption__min_words=3)
    said(call, "Wait please.")
    call.quiet(200)
    assert not call.told(ce.Interrupted)
    assert call.events(ev.InterruptionDismissed)


@pytest.mark.parametrize(("left_ms", "taken"), [(300, True), (2500, False)])
def test_a_yes_over_the_end_of_a_question_is_the_answer_to_it(left_ms: int, *, taken: bool) -> None:
    call = Rehearsal("sentences")
    ask(call, "I would like a table, please.")
    call.answers("Shall I book it for two?")
    call.speaks(0, 3000)
    call.quiet(3000 - left_ms)
    call.says(300)
    call.quiet(200)
    call.hears("Yes.")
    call.quiet(1500)
    assert (len(call.events(ev.TurnCommitted)) == 2) is taken


def test_words_before_anything_is_heard_belong_to_the_question_however_few() -> None:
    call = Rehearsal(interruption__min_words=3)
    ask(call, "I would like a room for tonight.")
    ask(call, "With breakfast.")
    assert committed(call)[-1] == "I would like a room for tonight. With breakfast."


def test_a_response_is_asked_for_before_the_end_of_a_wait_for_open_words() -> None:
    call = Rehearsal()
    said(call, "I would like to")
    waited_ms = 200
    while not call.events(ev.TurnTaken):
        call.quiet(20)
        waited_ms += 20
    assert waited_ms == WAITS["auto"].unfinished_ms - RESPONSE_MS
    assert call.events(ev.TurnTaken)[0].speculative
    call.quiet(RESPONSE_MS)
    assert committed(call) == ["I would like to"]
    assert len(call.events(ev.TurnTaken)) == 1


def test_without_speculation_a_response_is_asked_for_at_the_end_of_the_turn_alone() -> None:
    call = Rehearsal(turns__speculate=False)
    said(call, "Stop the music, please.")
    assert not call.events(ev.TurnTaken)
    call.quiet(800)
    assert [one.speculative for one in call.events(ev.TurnTaken)] == [False]


@pytest.mark.parametrize("change", [{"turns.respond": False}, {"turns.by_client": True}])
def test_a_session_whose_turns_get_no_response_any_more_takes_a_speculative_one_back(
    change: dict[str, bool],
) -> None:
    call = Rehearsal()
    said(call, "Stop the music, please.")
    call.give(inputs.Reconfigured(call.call.config.but({"language": "de"})))
    assert not call.events(ev.ResponseCancelled)
    call.give(inputs.Reconfigured(call.call.config.but(change)))
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["retracted"]


def test_speech_just_after_the_first_sound_of_a_response_goes_on_with_the_turn() -> None:
    call = Rehearsal()
    ask(call, "I know that there are dogs for blind people.")
    call.answers("They are trained.")
    call.speaks(0, 4000)
    call.quiet(200)
    ask(call, "They help them to find ways.")
    assert committed(call)[-1] == (
        "I know that there are dogs for blind people. They help them to find ways."
    )
    assert [one.heard for one in call.told(ce.Interrupted)] == [""]


def test_a_part_of_a_long_speech_is_entered_and_a_sound_after_it_is_answered() -> None:
    call = Rehearsal()
    speaks_for(call, SPLIT_MS)
    call.quiet(200)
    call.hears("This is the first part.")
    call.says(200)
    assert [one.utterance for one in call.events(ev.SpeechStarted)] == [1, 2]
    assert [one.text for one in call.events(ev.MessageAdded)] == ["This is the first part."]
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["retracted"]
    call.quiet(200)
    call.hears("")
    call.quiet(NOISE_MS)
    assert [one.discarded for one in call.events(ev.SpeechEnded)] == [False, True]
    assert not call.events(ev.TurnTaken)[-1].speculative


def test_a_long_speech_is_one_utterance_if_the_client_ends_turns() -> None:
    call = Rehearsal(turns__by_client=True)
    speaks_for(call, SPLIT_MS)
    call.quiet(200)
    call.hears("This is the first part.")
    call.says(200)
    assert len(call.events(ev.SpeechStarted)) == 1


def too_long() -> Rehearsal:
    """A speech that was ended for its length, and the words of what followed."""
    call = Rehearsal()
    speaks_for(call, LONGEST_MS + 1000)
    assert [one.utterance for one in call.events(ev.SpeechEnded)] == [1]
    said(call, "and the second part.")
    call.quiet(2000)
    assert not committed(call)
    return call


def test_a_turn_waits_for_the_words_of_a_part_that_was_ended_for_its_length() -> None:
    call = too_long()
    final(call, "First part", 1)
    call.quiet(20)
    assert committed(call) == ["First part and the second part."]


def test_words_of_such_a_part_begin_the_next_turn_though_a_later_utterance_is_lost() -> None:
    call = too_long()
    call.event(ev.JobFailed, stage="stt", utterance=2, reason="it is broken")
    final(call, "First part", 1)
    ask(call, "Stop the music, please.")
    assert committed(call) == ["First part Stop the music, please."]


@pytest.mark.parametrize(("confidence", "counts"), [(CLEAR_WORDS, True), (0.69, False)])
def test_words_of_a_doubted_voice_count_if_they_are_clear(
    confidence: float, *, counts: bool
) -> None:
    call = Rehearsal()
    call.give(inputs.BackgroundAlone())  # nobody speaks: it changes nothing
    call.says(500)
    call.give(inputs.BackgroundAlone())
    call.quiet(200)
    call.hears("Stop the music, please.", confidence=confidence)
    assert [one.discarded for one in call.events(ev.SpeechEnded)] == ([] if counts else [True])
    call.quiet(1000)
    assert committed(call) == (["Stop the music, please."] if counts else [])


def test_words_are_told_if_they_are_of_the_open_utterance() -> None:
    call = Rehearsal()
    call.give(inputs.PartialTranscript(1, 300, "Too early"))
    call.says(500)
    for utterance, text in ((2, "Another's"), (1, ""), (1, "Stop the")):
        call.give(inputs.PartialTranscript(utterance, 300, text))
    words = {"text": "Another's", "confidence": 0.9, "took_ms": 1.0, "model": "m"}
    call.event(ev.TranscriptGuess, utterance=2, pause=0, **words)
    assert call.told(ce.CallerTranscript) == [ce.CallerTranscript("Stop the", final=False)]


def test_voice_that_lasts_stops_a_response_before_its_words_are_known() -> None:
    call = answered(interruption__voice_ms=450)
    call.quiet(1500)
    call.says(300)
    assert not call.told(ce.Interrupted)
    call.says(300)
    assert len(call.told(ce.Interrupted)) == 1
    assert not call.events(ev.ResponseCancelled)


@pytest.mark.parametrize("voice_ms", [0, 450])
def test_words_up_to_a_pause_that_is_over_interrupt_only_what_voice_can_stop(voice_ms: int) -> None:
    call = answered(interruption__voice_ms=voice_ms)
    call.quiet(1500)
    call.says(200)
    call.quiet(200)
    call.says(200)
    call.hears("Wait a moment")
    assert bool(call.told(ce.Interrupted)) is bool(voice_ms)


@pytest.mark.parametrize(("words", "least_ms"), [("", NOISE_MS), ("Mhm.", BACKCHANNEL_MS)])
@pytest.mark.parametrize("by_client", [False, True])
def test_a_sound_over_a_response_is_over_after_a_short_silence_or_when_the_client_says_so(
    words: str, least_ms: int, *, by_client: bool
) -> None:
    call = answered()
    call.quiet(1500)
    call.says(300)
    call.quiet(200)
    if by_client:
        call.give(inputs.TurnEnded())
    call.hears(words)
    call.quiet(0 if by_client else least_ms - 200)
    (*_, ended) = call.events(ev.SpeechEnded)
    assert (ended.discarded, ended.wait_ms) == (True, 200 if by_client else least_ms)
    assert len(call.events(ev.InterruptionDismissed)) == 1
    call.quiet(4000)
    assert len(call.told(ce.ResponseDone)) == 1


def test_words_over_a_firm_text_are_told_and_taken_after_it() -> None:
    call = Rehearsal()
    call.give(inputs.Commanded("c1", "op", Say("Please hold the line.", interruptible=False)))
    call.speaks(0, 3000, turn=call.events(ev.ControlSpoken)[-1].turn)
    said(call, "Stop the music, please.")
    call.quiet(1000)
    (told,) = call.told(ce.CallerTranscript)
    assert told == ce.CallerTranscript("Stop the music, please.", final=False)
    assert (committed(call), call.told(ce.Interrupted)) == ([], [])
    call.quiet(1500)
    assert committed(call) == ["Stop the music, please."]


@pytest.mark.parametrize("respond", [False, True])
def test_a_client_that_ends_turns_itself_is_waited_for_and_told_what_it_ended(
    *, respond: bool
) -> None:
    call = Rehearsal(turns__by_client=True, turns__respond=respond)
    said(call, "Stop the music, please.")
    call.quiet(3000)
    assert (committed(call), call.events(ev.SpeechEnded)) == ([], [])
    call.give(inputs.TurnEnded())
    call.give(inputs.TurnEnded())
    assert call.told(ce.TurnHandedIn) == [ce.TurnHandedIn(1), ce.TurnHandedIn(0)]
    final(call, "Stop the music, please.")
    assert bool(call.events(ev.TurnTaken)) is respond


def test_an_end_of_turn_is_a_pause_whose_words_end_it_and_nothing_without_speech() -> None:
    call = Rehearsal()
    before = len(call.effects)
    call.give(inputs.TurnEnded())
    assert call.effects[before:] == []
    call.burst(VOICE * 30 + SILENCE)
    call.give(inputs.TurnEnded())
    call.hears("I would like to")
    assert committed(call) == ["I would like to"]
