"""Voice over a response stops it before its words are known; they decide whether it goes on."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import Interrupted, ResponseDone, Speech, Trouble
from edge.core.messages.inputs import ResponseRequested
from schemas import events as ev
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import Rehearsal

WORDS = "One two three four five six seven eight nine ten."
SPOKEN_MS = 5000


def responding(
    delivery: Delivery = "chunks", heard_ms: int = 1000, *, voice_ms: int = 450
) -> Rehearsal:
    """Return a call in which a response of ten words and 5 s is heard, *heard_ms* of it so far."""
    r = Rehearsal(delivery, interruption__voice_ms=voice_ms)
    r.says(800, "What is the capital of France?")
    r.quiet(600)
    r.answers(WORDS)
    r.speaks(0, SPOKEN_MS)
    r.quiet(heard_ms)
    return r


def text(r: Rehearsal) -> str:
    return "".join(one.text for one in r.told(Speech)).strip()


@pytest.mark.parametrize("delivery", ["whole", "sentences", "chunks"])
def test_voice_that_lasts_is_told_before_any_word_is_known(delivery: Delivery) -> None:
    r = responding(delivery)
    began_ms = r.now_ms
    while not r.told(Interrupted):
        r.says(20)
    assert 400 <= r.now_ms - began_ms <= 520
    assert r.events(ev.InterruptionStopped)
    assert not r.events(ev.ResponseCancelled)  # the words may yet be nothing
    assert r.told(Interrupted)[0].heard.startswith("One two")


def test_words_then_end_it_and_it_is_told_once() -> None:
    r = responding()
    r.says(800, "Stop, I have a question.")
    assert len(r.told(Interrupted)) == 1
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    heard = r.events(ev.AnswerHeard)[-1]
    assert (heard.text, heard.complete) == (r.told(Interrupted)[0].heard, False)


def test_a_short_sound_only_holds_it() -> None:
    r = responding()
    r.says(300)
    r.quiet(2600)
    assert not r.told(Interrupted)
    assert r.events(ev.InterruptionDismissed)


@pytest.mark.parametrize("delivery", ["whole", "sentences", "chunks"])
@pytest.mark.parametrize("words", ["", "Mhm."])
def test_a_response_that_was_stopped_for_nothing_goes_on_where_it_was_heard(
    delivery: Delivery, words: str
) -> None:
    r = responding(delivery)
    r.says(600)
    (interrupted,) = r.told(Interrupted)
    before = len(r.told(Speech))
    r.quiet(160)
    r.hears(words)
    r.quiet(SPOKEN_MS)
    rest = r.told(Speech)[before:]
    rest_ms = sum(len(one.pcm) for one in rest) // 32
    played_ms = r.events(ev.InterruptionStopped)[0].played_ms
    assert abs(rest_ms + played_ms - SPOKEN_MS) <= 1, "no sound is lost and none is said twice"
    said = f"{interrupted.heard} {''.join(one.text for one in rest).strip()}"
    assert said == WORDS
    heard = r.events(ev.AnswerHeard)[-1]
    assert (heard.text, heard.complete) == (WORDS, True)
    assert len(r.told(ResponseDone)) == 1
    assert len(r.events(ev.TurnMeasured)) == 1


@pytest.mark.parametrize(("breath_ms", "stops"), [(240, True), (600, False)])
def test_voice_before_a_breath_counts_also_when_it_was_a_backchannel(
    breath_ms: int, *, stops: bool
) -> None:
    r = responding()
    r.says(300)
    r.quiet(120)
    r.hears("Yes.")
    r.quiet(breath_ms - 120)
    assert bool(r.events(ev.InterruptionDismissed)) is not stops
    r.says(260)
    assert bool(r.told(Interrupted)) is stops


def test_a_response_does_not_go_on_after_a_yes_that_begins_an_interruption() -> None:
    r = responding()
    r.says(300)
    held = r.spoken_ms()
    r.quiet(120)
    r.hears("Yes.")
    r.quiet(200)
    r.says(600, "Yes, I know that.")
    assert r.spoken_ms() == held
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"


def test_nothing_goes_on_while_the_caller_speaks() -> None:
    r = responding()
    r.says(200)
    before = r.spoken_ms()
    r.says(4000)
    assert r.spoken_ms() == before
    assert not r.events(ev.InterruptionDismissed)


def test_words_up_to_a_pause_that_is_over_count_as_well() -> None:
    r = responding()
    r.says(300)
    r.quiet(120)
    r.says(200)  # the words of the pause come after it
    r.hears("Wait a moment")
    assert r.told(Interrupted)
    assert r.events(ev.ResponseCancelled)


def test_voice_over_a_response_that_was_handed_over_takes_it_back() -> None:
    r = responding("whole", heard_ms=2000)
    assert r.told(ResponseDone)
    r.says(600)
    r.quiet(160)
    r.hears("Stop please.")
    heard = r.events(ev.AnswerHeard)[-1]
    assert not heard.complete
    assert len(heard.text.split()) < 7


def test_the_responses_own_words_are_its_echo_and_interrupt_nothing() -> None:
    r = responding()
    r.says(600)
    r.partial("two three four")
    r.quiet(160)
    r.hears("two three four five")
    assert not r.events(ev.ResponseCancelled)
    r.quiet(SPOKEN_MS)
    assert r.events(ev.AnswerHeard)[-1].complete


def test_without_voice_ms_words_alone_stop_it() -> None:
    r = responding(voice_ms=0)
    r.says(1500)
    assert not r.told(Interrupted)


def spoken_over(voice_ms: int) -> Rehearsal:
    """Return a call in which a response went on, and the caller speaks in the same utterance."""
    r = responding(voice_ms=voice_ms)
    if voice_ms:
        r.says(300, "")
        r.says(300)
    else:  # two seconds without words
        r.says(2400)
    assert r.events(ev.InterruptionDismissed)
    assert not r.events(ev.ResponseCancelled)
    return r


@pytest.mark.parametrize(("voice_ms", "by_pause"), [(0, False), (450, False), (450, True)])
def test_words_interrupt_a_response_also_after_it_went_on(voice_ms: int, *, by_pause: bool) -> None:
    r = spoken_over(voice_ms)
    if by_pause:
        r.quiet(120)
        r.says(200)  # the words of the pause come after it
        r.hears("No, I meant the one in Texas.")
    else:
        r.partial("no I meant the one in Texas")
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    assert len(r.told(Interrupted)) == 1
    spoken_ms = r.spoken_ms()
    r.says(2000)
    assert r.spoken_ms() == spoken_ms


@pytest.mark.parametrize(
    ("voice_ms", "words"), [(0, "mhm"), (450, "Yeah."), (450, "two three four five"), (0, "")]
)
def test_no_backchannel_and_no_echo_interrupts_a_response_that_went_on(
    voice_ms: int, words: str
) -> None:
    r = spoken_over(voice_ms)
    r.partial(words)
    r.quiet(160)
    r.hears(words)
    r.quiet(SPOKEN_MS)
    assert not r.events(ev.ResponseCancelled)
    assert r.events(ev.AnswerHeard)[-1].complete


def test_a_partial_transcript_that_comes_after_the_words_of_its_pause_changes_nothing() -> None:
    r = responding()
    r.says(300, "")
    r.partial("Thank you.")
    assert not r.events(ev.ResponseCancelled)
    r.quiet(1000)
    r.says(600, "What about Texas?")
    r.partial("What about")
    r.quiet(600)
    assert [one.reason for one in r.events(ev.ResponseCancelled)] == ["interrupted"]
    assert r.events(ev.TurnCommitted)[-1].text == "What about Texas?"


def test_words_of_an_utterance_do_not_interrupt_a_response_that_began_after_them() -> None:
    r = responding(heard_ms=4800, voice_ms=0)
    r.says(3000)
    assert r.events(ev.AnswerHeard)[-1].complete
    r.give(ResponseRequested("a"))
    r.answers("Here is more.")
    r.speaks(0, 2000)
    r.says(300)
    r.partial("no I meant the one in Texas")
    assert not r.events(ev.ResponseCancelled)


def test_a_response_that_is_held_for_long_fails_no_stage() -> None:
    r = responding()
    r.says(20_000)
    assert not r.told(Trouble)
    r.quiet(160)
    r.hears("")
    r.quiet(600)
    assert r.events(ev.InterruptionDismissed)
    r.quiet(SPOKEN_MS)
    assert r.events(ev.AnswerHeard)[-1].complete
