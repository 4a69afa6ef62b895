"""How a text that is given as a whole is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.response.given_words import completed, pieces, sentence, speaker
from edge.core.response.playback import Playback
from edge.core.response.request import Origin, Request
from edge.core.response.response import Response
from schemas.events import Head
from schemas.session_config import Delivery, VoiceConfig
from tests.unit.edge.core.rehearsal import config

LONG = "This sentence is long enough to be synthesized all by itself, I think."


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Hello.", ["Hello."]),
        ("  Hello.\n", ["Hello."]),
        ("Dr. Smith is in.", ["Dr. Smith is in."]),
        (f"{LONG} {LONG}", [LONG, LONG]),
        (f"{LONG}\n\nBye", [LONG, "Bye"]),
        ("今日は。" * 40, ["今日は。" * 40]),
    ],
)
def test_a_text_is_cut_at_the_ends_of_its_sentences(text: str, cut: list[str]) -> None:
    if len(cut) == 1 and len(text) > 100:  # without blanks between
        assert "".join(one.replace(" ", "") for one in pieces(text)) == text
        assert len(pieces(text)) > 1
    else:
        assert pieces(text) == cut


@given(st.text(" \n\u3000.!?\u2026\u3002ab\u4eca", max_size=300))
def test_no_word_is_lost(text: str) -> None:
    assert "".join("".join(pieces(text)).split()) == "".join(text.split())


HEAD: Head = {"tenant": "t", "session": "s", "at_ms": 5000}


def given_to(delivery: Delivery) -> Response:
    return Response(
        Request(Origin.GIVEN, 5000, turn=3), Playback(3, VoiceConfig(delivery=delivery))
    )


@pytest.mark.parametrize(("delivery", "text_only"), [("chunks", False), ("text", True)])
def test_given_words_are_a_job_for_the_voice_of_the_session(
    delivery: Delivery, *, text_only: bool
) -> None:
    settings = config(
        voice__name="ann", voice__speed=1.5, language="de", response__deadline_ms=2000
    )
    assert speaker(settings) == {"language": "de", "voice": "ann", "speed": 1.5}
    response = given_to(delivery)
    first = sentence(HEAD, response, "Hallo.", settings)
    response.add_sentence(first, 5000)
    second = sentence(HEAD, response, "Wie geht es?", settings, fixed=True)
    assert [(one.turn, one.index, one.text) for one in (first, second)] == [
        (3, 0, "Hallo."),
        (3, 1, "Wie geht es?"),
    ]
    assert (first.fixed, second.fixed, second.text_only) == (False, True, text_only)
    assert (second.language, second.voice, second.speed) == ("de", "ann", 1.5)
    assert (second.deadline_ms, second.model, second.took_ms) == (7000, "", 0.0)


def test_the_end_of_given_words_counts_its_sentences_and_no_tokens() -> None:
    response = given_to("chunks")
    response.add_sentence(sentence(HEAD, response, "Hello.", config()), 5000)
    end = completed(HEAD, response, text="Hello.", step=2)
    assert (end.turn, end.sentences, end.text, end.step) == (3, 1, "Hello.", 2)
    assert (end.prompt_tokens, end.completion_tokens, end.model) == (0, 0, "")
