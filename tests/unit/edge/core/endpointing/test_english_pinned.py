"""English decisions, pinned: rules for other languages must not move one of them.

A phrase is followed by a verdict for each of MOMENTS: F finished, ? unclear, - unfinished.
"""

from __future__ import annotations

import pytest

from edge.core.endpointing.end_of_turn import Evidence, is_backchannel, is_finished

MOMENTS: tuple[dict[str, float | bool], ...] = (
    {},
    {"after_question": True},
    {"eot_stt": 0.9},
    {"eot_stt": 0.3},
    {"eot_llm": 0.9},
    {"eot_llm": 0.05},
    {"eot_stt": 0.6, "eot_llm": 0.2},
    {"eot_audio": 0.9},
    {"eot_audio": 0.2},
    {"eot_stt": 0.9, "eot_audio": 0.2},
    {"eot_llm_pending": True},
    {"after_question": True, "eot_llm_pending": True, "eot_stt": 0.9},
)
LETTER = {True: "F", None: "?", False: "-"}


PHRASES = [
    ("Call me back.", "FFF?F??F????"),
    ("call me back", "??F?F??F-???"),
    ("Please call me back tomorrow.", "FFF?F??F????"),
    ("Stop that now!", "FFF?F??F????"),
    ("I need a taxi to the airport.", "FFF?F??F????"),
    ("I want to fly to Madrid.", "FFF?F??F????"),
    ("I would like to book a table", "??F?F??F-???"),
    ("I would like to book a table for two.", "??F?F??F-???"),
    ("Book a table for two at seven.", "??F?F??F-???"),
    ("Turn the lights off.", "FFF?F??F????"),
    ("Turn the lights on.", "------------"),
    ("I want that.", "------------"),
    ("That is all I have.", "------------"),
    ("Yes.", "?F??????--?F"),
    ("Yes, please.", "?F??????--?F"),
    ("No, thanks.", "?F??????--?F"),
    ("Okay.", "?F??????--?F"),
    ("Nothing.", "?F??????--?F"),
    ("Monday.", "????????--??"),
    ("Hello?", "????????--??"),
    ("Hello there.", "-?---------?"),
    ("Hello, this is Anna.", "FFF?F??F????"),
    ("What is the capital of Italy?", "FFF?F??F????"),
    ("Are you there?", "FFF?F??F????"),
    ("What are you looking at?", "FFF?F??F????"),
    ("When does it open?", "FFF?F??F????"),
    ("Why?", "????????--??"),
    ("Can you tell me what?", "??F?F??F-???"),
    ("How do I get?", "??F?F??F-???"),
    ("Do you know whether the?", "??F?F??F-???"),
    ("I want to", "------------"),
    ("I want to.", "------------"),
    ("So I called them, and", "------------"),
    ("So I called them and they", "------------"),
    ("We need two coffees,", "------------"),
    ("We need: ", "-?---------?"),
    ("I was thinking...", "------------"),
    ("I was thinking…", "------------"),
    ("Well -", "-?---------?"),
    ("I'm, uh", "-?---------?"),
    ("I\u2019m", "-?---------?"),
    ("It's the", "-?---------?"),
    ("My name is", "------------"),
    ("My name is Peter.", "FFF?F??F????"),
    ("My name is...", "------------"),
    ("The thing is.", "------------"),
    ("Can you tell me.", "------------"),
    ("Could you please?", "------------"),
    ("Let me think.", "------------"),
    ("Hold on.", "-?---------?"),
    ("One moment.", "-?---------?"),
    ("Just a second.", "------------"),
    ("I'd like", "-?---------?"),
    ("My number is", "------------"),
    ("My number is five five five", "------------"),
    ("My number is five five five.", "------------"),
    ("My number is 555 0199.", "------------"),
    ("Please send the package to 20", "------------"),
    ("Please send the package to 20.", "??F?F??F-???"),
    ("five", "-?---------?"),
    ("Five.", "-?---------?"),
    ("Two.", "-?---------?"),
    ("double", "-?---------?"),
    ("If it rains tomorrow.", "-?---------?"),
    ("If it rains tomorrow, we will stay at home.", "FFF?F??F????"),
    ("If it rains tomorrow we will all stay at home.", "FFF?F??F????"),
    ("Because it is too far.", "-?---------?"),
    ("When the rain has stopped we can all go out for a walk.", "FFF?F??F????"),
    ("Once more.", "-?---------?"),
    ("I am not sure maybe", "------------"),
    ("Perhaps.", "-?---------?"),
    ("The weather is nice today", "??F?F??F-???"),
    ("It is a well-known story.", "FFF?F??F????"),
    ("", "????????--??"),
    ("?!", "????????--??"),
    ("...", "????????--??"),
    ("Ruf mich an.", "------------"),
    ("123", "-?---------?"),
    ("uh", "-?---------?"),
    ("I have been there before.", "------------"),
]


def verdicts(text: str) -> str:
    found = [is_finished(Evidence(text, language="en", **moment)) for moment in MOMENTS]  # type: ignore[arg-type]  # each name has its own type
    return "".join(LETTER[verdict] for verdict in found)


def test_an_english_phrase_is_judged_as_ever() -> None:
    assert [(text, verdicts(text)) for text, _ in PHRASES] == PHRASES


@pytest.mark.parametrize(
    "text",
    [
        "Mhm.",
        "mm-hmm",
        "Uh-huh.",
        "Okay, okay.",
        "Yeah.",
        "Oh, right.",
        "Yes, yes, yes.",
        "Alright.",
        "Oh wow, cool!",
    ],
)
def test_an_english_nod_is_one_as_ever(text: str) -> None:
    assert is_backchannel(text, "en")


@pytest.mark.parametrize(
    "text", ["", "...", "No.", "Stop.", "Okay, stop.", "Yes, yes, yes, yes.", "All right.", "So."]
)
def test_other_english_words_are_no_nod_as_ever(text: str) -> None:
    assert not is_backchannel(text, "en")
