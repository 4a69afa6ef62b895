"""What is to be masked is masked, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.settings import load
from runtime.text.redaction import BadRulesError, Redaction
from schemas.events import SpeechStarted
from workers.analytics import trial_engines
from workers.engines.simulated import HEARD, SimulatedRecognizer


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("My card is 4111 1111 1111 1111, thanks.", "My card is [number], thanks."),
        ("Call 555-0199.", "Call [number]."),
        ("It is four one one, double two.", "It is [number]."),
        ("IBAN DE89370400440532013000", "IBAN [number]"),
        ("IBAN DE89 3704 0044 0532 0130 00, please", "IBAN [number], please"),
        ("passport AB1234567", "passport [number]"),
        ("passport C01X00T47", "passport [number]"),
        ("It is 12345abc.", "It is [number]."),
        ("4111_1111_1111_1111", "[number]"),
        ("twelve thirty four fifty six", "[number]"),
        ("twenty three forty five sixty seven", "[number]"),
        ("Twenty-three forty-five", "[number]"),
        ("It's one, two, and three, four, five.", "It's [number]."),
        ("1 2 3 um 4 5 6", "[number]"),
        ("one two, like, three four", "[number]"),
        ("1 2 3, sorry, then 4 5", "[number]"),
        ("\u202a+49 170\u200b12\u00ad34\u202c", "\u202a+[number]\u202c"),
        ("1*2*3*4", "[number]"),
        ("It is one, uh, two, erm, three four, okay?", "It is [number], okay?"),
        ("four nine ummm two, uhhh, nine", "[number]"),
        ("four nine, wait, two, no, you know, nine eight", "[number]"),
        ("five o five O one two", "[number]"),
        ("double o seven five five", "[number]"),
        ("4 9 comma 2? 9!", "[number]!"),
        ("[4][9] <2> \u201c9\u201d = 8", "[[number]"),
        ("4\ufe0f\u20e39\ufe0f\u20e32\ufe0f\u20e39\ufe0f\u20e3", "[number]\ufe0f\u20e3"),
        ("four hundred and twelve six", "[number]"),
        ("nineteen ninety nine", "[number]"),
        ("one two dash three four", "[number]"),
        ("triple seven nine", "[number]"),
        ("double oh seven one", "[number]"),
        ("five five five, oh one nine nine", "[number]"),
        ("two thousand and five", "[number]"),
        ("4111\u00a01111", "[number]"),
        ("\u0661\u0662\u0663\u0664", "[number]"),
        ("It takes two hundred and five days.", None),
        ("A hundred thanks, a thousand times.", None),
        ("Between 10 and 20, or twenty and thirty.", None),
        ("The 21st and the 22nd, 23rd.", None),
        ("Double check that, one or two.", None),
        ("Twenty three people and four dogs.", None),
        ("At 10 on the 21st, for two or three people.", None),
        ("In 99 cases of 100.", None),
        ("Nobody won one of the ones.", None),
        ("It takes 10, well, 12 days.", None),
        ("At five o'clock, no, at two.", None),
        ("Son 10 o 12 personas.", None),
        ("Is it 12:30?", None),
    ],
)
def test_numbers_are_masked_however_they_are_said(said: str, kept: str | None) -> None:
    assert Redaction.of("numbers").mask(said) == (kept or said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("My pin is 4", "My pin is [number]"),
        ("My pin is 4 1, uh", "My pin is [number], uh"),
        ("My pin is four one one", "My pin is [number]"),
        ("My pin is twenty", "My pin is [number]"),
        ("I have 2 cats", None),
    ],
)
def test_of_growing_words_no_digit_at_the_end_is_told(said: str, kept: str | None) -> None:
    rules = Redaction.of("numbers")
    assert rules.mask(said, growing=True) == (kept or said)
    assert rules.mask(said) == said


PARTS = [
    "7",
    "42",
    "4111",
    "one",
    "twenty",
    "twelve",
    "hundred",
    "um",
    "and",
    "oh",
    "cat",
    "double",
]


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.sampled_from([" ", ", ", "-"]))
def test_no_four_digits_in_a_row_are_ever_left(words: list[str], gap: str) -> None:
    masked = Redaction.of("numbers").mask(gap.join(words))
    assert not re.search(r"\d\D{0,2}\d\D{0,2}\d\D{0,2}\d", masked)
    assert not re.search(r"(\b(one|oh|twenty|twelve)\b[ ,-]+){4}", masked)


def test_addresses_are_masked_however_they_are_said() -> None:
    rules = Redaction.of("emails")
    assert rules.mask("Mail ann.b+c@mail.example.org, bob at example dot com!") == (
        "Mail [email], [email]!"
    )
    assert rules.mask("We meet at noon. Look at it.") == "We meet at noon. Look at it."
    for said in (
        "jane dot doe at example dot com",
        "jane underscore doe dash smith at mail dot example dot org",
        "jane.doe @ example.com",
        "jane @ example . com",
    ):
        assert rules.mask(f"Mail {said}, please") == "Mail [email], please"
    assert rules.mask("Connect the dot. Wait at home. Thanks") == (
        "Connect the dot. Wait at home. Thanks"
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Write to ann@", "Write to [email]"),
        ("Write to ann.b@exam", "Write to [email]"),
        ("Write to bob at example dot", "Write to [email]"),
        ("Write to bob dot lee at example dot", "Write to [email]"),
        ("Write to bob @ exam", "Write to [email]"),
        ("Write to bob at example dot co dot", "Write to [email] dot"),
        ("We meet at noon", None),
        ("Look at", None),
    ],
)
def test_of_growing_words_no_part_of_an_address_is_told_once_it_is_one(
    said: str, kept: str | None
) -> None:
    assert Redaction.of("emails").mask(said, growing=True) == (kept or said)


async def test_an_engine_on_trial_masks_as_the_one_in_service_does() -> None:
    hello = {"redact": '{"hello": "[masked]"}', "sim_stt_ms": 0}
    candidate = trial_engines.recognizer(load(_env_file=None, stt_engine="simulated", **hello))
    event = SpeechStarted(
        tenant="t", session="s", at_ms=1, utterance=1, language="en", deadline_ms=0
    )
    heard = await candidate.run(event, b"\x01\x01")
    assert heard.text == HEARD.replace("Hello", "[masked]")


def test_own_rules_are_patterns_with_masks() -> None:
    rules = Redaction.of('{"numbers": "#", "project \\\\w+": "[project]"}')
    assert rules.mask("Project apollo, pin 1234") == "[project], pin #"
    assert Redaction.of("numbers, emails").mask("ann@mail.example.org") == "[email]"


@pytest.mark.parametrize("setting", ["digits", "{", '{"(": "x"}'])
def test_an_invalid_rule_is_refused_and_the_setting_named(setting: str) -> None:
    with pytest.raises(BadRulesError, match="AURA_REDACT"):
        Redaction.of(setting)


def test_without_rules_nothing_is_masked_and_with_rules_transcripts_are() -> None:
    heard = SimulatedRecognizer(delay_ms=0).transcribe(b"\x01\x01", language="en").text
    assert Redaction.of("").mask(heard) is heard
    masked = Redaction.of('{"hello": "[greeting]"}').mask(heard)
    assert masked == HEARD.replace("Hello", "[greeting]")


@pytest.mark.parametrize(
    ("setting", "hidden"),
    [("", False), ("emails", False), ("numbers", True), ("emails, numbers", True)],
)
def test_keys_are_hidden_where_numbers_are_masked(setting: str, hidden: bool) -> None:
    assert Redaction.of(setting).hides_keys is hidden
