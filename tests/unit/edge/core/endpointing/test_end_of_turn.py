"""What words and sound say about an end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from edge.core.endpointing.end_of_turn import (
    AGREED_SHARE,
    WAITS,
    Evidence,
    is_backchannel,
    is_finished,
    is_open,
    sounds_finished,
    wait_ms,
    waits_of,
)
from schemas.session_config import Eagerness, TurnConfig, Waits

English = partial(Evidence, language="en")


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("What is the capital of Italy?", True),
        ("Are you there?", True),
        ("Please call me back tomorrow.", True),
        ("Stop that now!", True),
        ("Hello?", None),
        ("Yes.", None),
        ("No, no.", None),
        ("I would like to book a table", None),
        ("", None),
        ("I want to", False),
        ("So I called them, and", False),
        ("So I called them and they", False),
        ("We need two coffees,", False),
        ("My number is five five five", False),
        ("Please send the package to 20", False),
        ("five", False),
        ("Can you tell me.", False),
        ("The thing is.", False),
        ("My name is...", False),
        ("Can you tell me what?", None),
        ("What are you looking at?", True),
        ("I'm, uh", False),
        ("If it rains tomorrow.", False),
        ("When the rain has stopped we can all go out for a walk.", True),
        ("If it rains tomorrow, we will stay at home.", True),
        ("When does it open?", True),
        ("Let me think.", False),
        ("Could you please?", False),
        ("How do I get?", None),
        ("Please send the package to 20.", None),  # Baker Street?
    ],
)
def test_words_that_sound_finished_or_not(text: str, finished: bool | None) -> None:
    assert sounds_finished(text, language="en") is finished


@pytest.mark.parametrize(
    ("text", "sound", "finished"),
    [
        ("Please call me back tomorrow.", 0.1, None),  # it sounds as if more will come
        ("Please call me back tomorrow.", 0.6, True),
        ("I would like to book a table", 0.95, True),
        ("I would like to book a table", 0.6, None),
        ("I would like to book a table", 0.02, False),
        ("So I called them, and", 0.99, False),  # words that cannot end are believed
        ("Hello?", None, None),
        ("Hello?", 0.99, None),  # it opens more often than it is all
    ],
)
def test_the_sound_is_weighed_against_the_words(
    text: str, sound: float | None, finished: bool | None
) -> None:
    assert is_finished(English(text, eot_audio=sound)) is finished


@pytest.mark.parametrize(
    ("text", "ended", "finished"),
    [
        ("I need a taxi to the airport.", 0.8, True),
        ("I want to fly to Madrid.", 0.5, None),  # "... on the twelfth of March"
        ("I would like to book a table", 0.2, None),
        ("Book a table for two.", 0.8, True),  # a number alone would be dictated
        ("My number is five five five", 0.9, False),  # words that cannot end are believed
        ("Hello?", 0.95, None),  # it opens more often than it is all
    ],
)
def test_the_recogniser_is_asked_how_surely_a_sentence_ends(
    text: str, ended: float, finished: bool | None
) -> None:
    assert is_finished(English(text, ended)) is finished


@pytest.mark.parametrize(
    ("text", "ended", "read", "finished"),
    [
        ("I want to fly to Madrid.", 0.7, 0.5, True),
        ("I want to fly to Madrid.", 0.7, 0.05, None),  # a voice that ends, words that do not
        ("I want to fly to Madrid.", 0.5, 0.9, True),
        ("Please call me back tomorrow.", None, 0.6, True),  # a recogniser that does not say
        ("Please call me back tomorrow.", None, 0.05, None),
        ("I would like to book a table", None, 0.2, None),
        ("So I called them, and", 0.9, 0.9, False),  # words that cannot end are believed
        ("Are you there?", 0.98, 0.0, True),  # whatever a model says, it has half a vote
    ],
)
def test_the_language_model_has_half_a_vote(
    text: str, ended: float | None, read: float, finished: bool | None
) -> None:
    assert is_finished(English(text, ended, read)) is finished


@pytest.mark.parametrize(
    ("text", "ended", "is_it"),
    [
        ("I want to fly to Madrid.", 0.7, True),
        ("I want to fly to Madrid.", None, True),
        ("What is the capital of Italy?", 0.96, False),
        ("I would like to book a table", 0.05, False),
        ("So I called them, and", 0.5, False),
        ("Hello?", 0.5, False),
    ],
)
def test_a_language_model_is_asked_only_where_it_could_change_something(
    text: str, ended: float | None, is_it: bool
) -> None:
    assert is_open(English(text, ended)) is is_it
    verdicts = {is_finished(English(text, ended, read)) for read in (0.0, 0.3, 0.6, 1.0)}
    assert (len(verdicts) > 1) is is_it


def test_a_language_model_is_not_asked_where_a_model_of_turns_has_decided() -> None:
    assert not is_open(English("I want to fly to Madrid.", 0.7, eot_audio=0.9))
    assert is_open(English("I want to fly to Madrid.", 0.7, eot_audio=0.6))
    assert is_open(English("I want to fly to Madrid.", 0.7, eot_audio=0.2))


def test_an_end_is_unclear_while_the_language_model_reads() -> None:
    known = English("What is the capital of Italy?", 0.95, eot_llm_pending=True)
    assert wait_ms(known, WAITS["auto"]) == WAITS["auto"].unclear_ms
    assert (
        wait_ms(English("I want to", eot_llm_pending=True), WAITS["auto"])
        > WAITS["auto"].unclear_ms
    )


def test_a_model_of_turns_has_the_last_word_on_a_sentence_that_may_have_ended() -> None:
    assert is_finished(English("I want to fly to Madrid.", 0.5, eot_audio=0.9)) is True
    assert is_finished(English("I want to fly to Madrid.", 0.9, eot_audio=0.2)) is None


def test_a_short_answer_to_a_question_needs_no_witness() -> None:
    assert is_finished(English("Yes, please.", 0.3, after_question=True)) is True


@pytest.mark.parametrize("eagerness", ["low", "auto", "high"])
def test_the_less_it_sounds_like_an_end_the_longer_it_is_listened_on(eagerness: Eagerness) -> None:
    finished = wait_ms(English("Please call me back tomorrow."), WAITS[eagerness])
    unclear = wait_ms(English("I would like to book a table"), WAITS[eagerness])
    unfinished = wait_ms(English("So I called them, and"), WAITS[eagerness])
    assert finished < unclear < unfinished
    doubted = English("Please call me back tomorrow.", eot_audio=0.1)
    assert finished < wait_ms(doubted, WAITS[eagerness]) < unclear
    doubted_too = English("I would like to book a table", eot_audio=0.1)
    assert wait_ms(doubted_too, WAITS[eagerness]) == unfinished


@pytest.mark.parametrize(
    ("text", "quick"),
    [
        ("Can you assess my responses?", True),
        ("I think that is all. Can you assess my responses?", True),
        ("What time is it?", True),
        ("They help them find ways and stay safe, right?", False),  # more of the same may follow
        ("They are police dogs. Maybe?", False),
        ("Can you assess my responses? I think that is all.", False),
        ("I know that there are dogs.", False),
        ("Wissen Sie, wann der Zug fährt?", True),
        ("今天的天气怎么样\uff1f", True),
    ],
)
def test_a_question_to_the_listener_is_answered_sooner_than_a_statement(
    text: str, *, quick: bool
) -> None:
    waits = WAITS["auto"]
    known = English(text, 0.99, 0.99)
    assert wait_ms(known, waits) == (waits.finished_ms if quick else waits.stated_ms)
    agreed = wait_ms(replace(known, eot_audio=0.95), waits)
    assert agreed == (waits.finished_ms if quick else int(waits.stated_ms * AGREED_SHARE))
    doubted = wait_ms(replace(known, eot_audio=0.01), waits)
    assert doubted == (waits.stated_ms if quick else (waits.stated_ms + waits.unclear_ms) // 2)


def test_waits_without_one_for_statements_treat_them_like_questions() -> None:
    assert wait_ms(English("Call me back tomorrow."), Waits(500, 900, 1500)) == 500


def test_low_eagerness_waits_longer_than_high() -> None:
    for name in ("finished_ms", "unclear_ms", "unfinished_ms"):
        assert getattr(WAITS["high"], name) < getattr(WAITS["auto"], name)
        assert getattr(WAITS["auto"], name) < getattr(WAITS["low"], name)


@pytest.mark.parametrize(
    ("text", "after_question", "finished"),
    [
        ("Yes.", True, True),
        ("No, thanks.", True, True),
        ("Yes.", False, None),
        ("Monday.", True, None),  # "Monday, or rather Tuesday"
        ("Two.", True, None),
        ("Two.", False, False),
        ("Because it is too far.", True, None),
    ],
)
def test_a_word_may_be_the_whole_answer_to_a_question(
    text: str, after_question: bool, finished: bool | None
) -> None:
    assert is_finished(English(text, after_question=after_question)) is finished


def test_a_silence_that_a_session_names_counts_whatever_the_words() -> None:
    assert waits_of(TurnConfig(silence_ms=700)) == Waits(700, 700, 700)
    assert waits_of(TurnConfig(eagerness="low")) == WAITS["low"]


def test_a_sessions_own_waits_count_before_its_silence_and_its_eagerness() -> None:
    own = Waits(100, 200, 300)
    assert waits_of(TurnConfig(waits=own, silence_ms=700, eagerness="low")) == own


@pytest.mark.parametrize(
    ("text", "language", "listens"),
    [
        ("Mhm.", "en", True),
        ("uh-huh", "en", True),
        ("Yeah, okay.", "en", True),
        ("Yeah, yeah, yeah, yeah.", "en", False),  # more than a backchannel
        ("Yeah, but wait.", "en", False),
        ("Stop.", "en", False),
        ("", "en", False),
        ("Genau.", "de", True),
        ("Genau.", "en", False),
    ],
)
def test_a_backchannel_is_short_and_says_nothing_else(
    text: str, language: str, *, listens: bool
) -> None:
    assert is_backchannel(text, language) is listens
