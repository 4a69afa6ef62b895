"""What a call uses up is counted; a limit that is reached is told in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.client_events import Speech
from edge.core.messages.effects import HangUp
from edge.core.messages.inputs import Commanded, Finished, Resumed, Typed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.control import Say
from tests.unit.edge.core.rehearsal import Rehearsal

WORDS = "That was all."
TURN_TOKENS = 15
"""Of a turn of a rehearsed model."""


def limited(**changes: Any) -> Rehearsal:
    return Rehearsal("sentences", spend__words=WORDS, **changes)


def turn(r: Rehearsal, text: str = "Hello there.") -> None:
    """The caller types, and hears the answer to its end."""
    r.give(Typed(text))
    number = r.events(ev.TurnTaken)[-1].turn
    r.answers("It is fine.", turn=number)
    r.speaks(0, 500, turn=number)
    r.event(ev.SpeechReady, turn=number, index=0, chunks=1, audio_ms=500, **TOOK)
    r.wait(1000)


TOOK = {"first_chunk_ms": 1.0, "took_ms": 1.0, "model": "m"}


def words_spoken(r: Rehearsal) -> None:
    """TTS speaks what the call says by itself."""
    number = r.events(ev.ControlSpoken)[-1].turn
    r.speaks(0, 300, turn=number)
    r.wait(1000)


def said(r: Rehearsal) -> list[str]:
    return [one.text for one in r.told(Speech)]


def hung_up(r: Rehearsal) -> list[HangUp]:
    return [one for one in r.effects if isinstance(one, HangUp)]


def test_a_call_without_a_limit_counts_in_silence() -> None:
    r = limited()
    for _ in range(3):
        turn(r)
    assert not r.events(ev.SpendCounted)
    assert r.call.history.spend.prompt_tokens == 30


def test_the_call_says_one_sentence_and_ends_where_its_tokens_are_used_up() -> None:
    r = limited(spend__tokens=2 * TURN_TOKENS)
    turn(r)
    assert not r.events(ev.SpendReached)
    r.give(Typed("Once more."))
    r.answers("It is fine.")
    (reached,) = r.events(ev.SpendReached)
    assert (reached.limit, reached.most_tokens, reached.used_tokens) == ("tokens", 30, 30)
    r.speaks(0, 500)
    r.wait(1000)  # what is paid for is heard to its end
    assert not hung_up(r)
    words_spoken(r)
    assert said(r).count(WORDS) == 1
    assert hung_up(r) == [HangUp("SPEND_LIMIT", "it has used up what it may")]
    assert len(r.events(ev.TurnTaken)) == 2


def test_it_goes_on_without_the_model_where_it_is_set_to() -> None:
    r = limited(spend__tokens=TURN_TOKENS, spend__then="listen")
    turn(r)
    words_spoken(r)
    assert said(r)[-1] == WORDS
    before = len(r.events(ev.TurnTaken))
    r.give(Typed("Are you there?"))
    r.says(800, "Hello, is anybody there?")
    r.quiet(1500)
    assert len(r.events(ev.TurnTaken)) == before
    assert [one.text for one in r.events(ev.TurnCommitted)][-2:] == [
        "Are you there?",
        "Hello, is anybody there?",
    ]
    r.give(Commanded("c1", "sam", Say("A colleague takes over.")))
    words_spoken(r)
    assert said(r)[-1] == "A colleague takes over."
    assert said(r).count(WORDS) == 1
    assert not hung_up(r)


def test_a_guess_that_reaches_the_limit_is_answered() -> None:
    r = limited(spend__tokens=TURN_TOKENS, turns__speculate=True)
    r.says(800, "What is the capital of France?")
    r.answers("It is Paris.")
    assert r.events(ev.SpendReached)
    r.quiet(600)
    r.speaks(0, 300)
    r.quiet(900)
    assert said(r) == ["It is Paris."]
    words_spoken(r)
    assert hung_up(r)


def test_speech_and_prices_are_limits_too() -> None:
    r = limited(spend__speech_s=0.9)
    turn(r)
    assert not r.events(ev.SpendReached)
    turn(r)
    (reached,) = r.events(ev.SpendReached)
    assert (reached.limit, reached.most_speech_s, reached.used_speech_s) == ("speech_s", 0.9, 1.0)
    r = limited(spend__price=0.001, prices={"models": {"m": [50.0, 100.0]}, "spoken_minute": 0.012})
    turn(r)
    (reached,) = r.events(ev.SpendReached)
    assert reached.limit == "price"
    assert reached.used_price == pytest.approx(0.001)
    counted = r.events(ev.SpendCounted)[0]
    assert (counted.prompt_tokens, counted.completion_tokens, counted.synthesized_ms) == (
        10,
        5,
        500,
    )
    assert counted.price == pytest.approx(0.001 + 0.0001)


def test_a_repeated_event_counts_once() -> None:
    r = limited(spend__tokens=1000)
    turn(r)
    r.answers("It is fine.")
    assert r.call.history.spend.prompt_tokens == 10


def test_a_resumed_call_keeps_its_spend() -> None:
    r = limited(spend__tokens=2 * TURN_TOKENS)
    turn(r)
    r.give(Finished("caller_left", may_return=True))
    log = [r.call.began, *r.events(ev.Event), *_of_stages()]
    history = fold(log)
    assert history.spend.prompt_tokens == 10
    again = Rehearsal("sentences", history=history, begins=Resumed(), spend__tokens=30)
    again.give(Typed("More."))
    again.answers("It is fine.")
    assert again.events(ev.SpendReached)


def _of_stages() -> list[ev.Event]:
    """What the stages stored of the first turn."""
    done = ev.ResponseCompleted(
        tenant="t",
        session="s",
        at_ms=1,
        turn=1,
        sentences=1,
        text="It is fine.",
        model="m",
        prompt_tokens=10,
        completion_tokens=5,
        took_ms=1.0,
    )
    return [done, done]


def test_a_limit_that_was_reached_stays_reached() -> None:
    r = limited(spend__tokens=TURN_TOKENS, spend__then="listen")
    turn(r)
    words_spoken(r)
    again = Rehearsal(
        "sentences",
        history=fold([r.call.began, *r.events(ev.Event)]),
        begins=Resumed(),
        spend__then="listen",
        spend__words=WORDS,
    )
    words_spoken(again)
    again.give(Typed("Hello?"))
    assert not again.events(ev.TurnTaken)
