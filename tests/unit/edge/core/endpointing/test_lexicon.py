"""Each language has words of its own that end a turn, or do not."""

from __future__ import annotations

import pytest

from edge.core.endpointing.end_of_turn import (
    WAITS,
    Evidence,
    is_backchannel,
    is_finished,
    sounds_finished,
    wait_ms,
    words,
)
from edge.core.endpointing.lexicon import LEXICONS, NEUTRAL, Lexicon, lexicon
from tests.unit.edge.core.endpointing.phrases import (
    ANSWERS,
    BACKCHANNELS,
    FINISHED,
    INTERRUPTIONS,
    OPEN_QUESTIONS,
    UNFINISHED,
    each,
)


def test_a_sentence_that_may_end_is_not_waited_for_long() -> None:
    waits = WAITS["auto"]
    for language, text in each(FINISHED):
        assert sounds_finished(text, language=language) is True, text
        sure, unsure = (wait_ms(Evidence(text, p, language=language), waits) for p in (0.99, 0.1))
        assert sure in {waits.finished_ms, waits.stated_ms}, text
        assert unsure == waits.unclear_ms, text


def test_words_that_cannot_end_are_waited_for_however_sure_the_recogniser_is() -> None:
    for language, text in each(UNFINISHED):
        assert sounds_finished(text, language=language) is False, text
        assert is_finished(Evidence(text, 0.99, language=language)) is False, text


def test_a_question_that_breaks_off_is_not_over() -> None:
    for language, text in OPEN_QUESTIONS.items():
        assert sounds_finished(text, language=language) is None, text


def test_a_short_answer_is_whole_after_a_question_only() -> None:
    for language, text in each(ANSWERS):
        assert is_finished(Evidence(text, after_question=True, language=language)) is True, text
        assert is_finished(Evidence(text, language=language)) is None, text


def test_a_backchannel_does_not_interrupt() -> None:
    assert not [pair for pair in each(BACKCHANNELS) if not is_backchannel(pair[1], pair[0])]


def test_other_words_may_interrupt() -> None:
    assert not [pair for pair in each(INTERRUPTIONS) if is_backchannel(pair[1], pair[0])]


@pytest.mark.parametrize(
    "text", ["Steig bitte ein.", "Ich nehme einen.", "J'en veux bien une.", "Quiero sólo una."]
)
def test_an_article_that_may_also_stand_alone_is_left_to_the_witnesses(text: str) -> None:
    language = {"S": "de", "I": "de", "J": "fr", "Q": "es"}[text[0]]
    assert sounds_finished(text, language=language) is None
    assert sounds_finished(text.rstrip("."), language=language) is False
    assert is_finished(Evidence(text, 0.95, language=language)) is True


def test_words_of_one_language_say_nothing_in_another() -> None:
    assert sounds_finished("Ruf mich an.", language="en") is False
    assert sounds_finished("Ruf mich an.", language="de") is True
    assert not is_backchannel("Genau.", "en")
    assert not is_backchannel("Right.", "de")


@pytest.mark.parametrize("language", ["sv", "pl", "ja", "auto", "AUTO", "", "xx-YY"])
def test_a_language_without_a_lexicon_has_punctuation_and_witnesses_alone(language: str) -> None:
    assert lexicon(language) is NEUTRAL
    assert sounds_finished("Ring mig and.", language=language) is True
    assert sounds_finished("Ring mig and", language=language) is None
    assert sounds_finished("Ring mig,", language=language) is False
    assert sounds_finished("Ring mig...", language=language) is False
    assert sounds_finished("Kan du ringa mig?", language=language) is True
    assert is_finished(Evidence("Ring mig and", 0.95, language=language)) is True
    assert is_finished(Evidence("Ring mig and.", 0.1, language=language)) is None


@pytest.mark.parametrize("language", ["sv", "auto", "de", "en"])
def test_digits_are_a_number_in_every_language(language: str) -> None:
    assert sounds_finished("070 123", language=language) is False
    assert sounds_finished("070 123.", language=language) is False


@pytest.mark.parametrize("language", ["ja", "auto", ""])
def test_a_hum_is_a_nod_in_every_language_and_no_word_is(language: str) -> None:
    assert is_backchannel("Mhm.", language)
    assert not is_backchannel("Okay.", language)


@pytest.mark.parametrize(
    ("code", "of"), [("en-US", "en"), ("DE", "de"), ("pt_BR", "pt"), (" fr-CA ", "fr")]
)
def test_a_language_is_known_by_the_first_part_of_its_code(code: str, of: str) -> None:
    assert lexicon(code) is LEXICONS[of]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("zh", "你好", 1),
        ("zh", "我想订一张明天晚上的桌子。", 6),
        ("ja", "はい", 1),
        ("ja", "もしもし", 2),
        ("ja", "明日の夜、テーブルを予約したいです。", 8),
        ("th", "สวัสดี", 2),
        ("th", "ช่วยโทรกลับหาผมพรุ่งนี้หน่อย", 6),
        ("hi", "नमस्ते", 1),
        ("hi", "मुझे कल फ़ोन करो।", 4),
        ("zh", "我要3个iPhone", 4),
        ("ko", "내일 전화해 주세요.", 3),
    ],
)
def test_words_are_counted_where_no_blanks_stand_between_them(
    language: str, text: str, count: int
) -> None:
    assert len(words(text)) == count, language


@pytest.mark.parametrize(
    ("language", "text", "finished"),
    [
        ("zh", "请明天给我打电话。", True),
        ("zh", "你叫什么名字？", True),  # noqa: RUF001  # as it is written
        ("zh", "我昨天打过电话，", False),  # noqa: RUF001  # as it is written
        ("zh", "你好。", None),
        ("ja", "明日電話してください。", True),
        ("ja", "駅はどこですか？", True),  # noqa: RUF001  # as it is written
        ("ja", "昨日電話したんですが、", False),
        ("ja", "はい。", None),
        ("th", "ช่วยโทรกลับหาผมพรุ่งนี้หน่อย", None),
    ],
)
def test_a_sentence_without_blanks_ends_by_its_punctuation_and_the_witnesses(
    language: str, text: str, finished: bool | None
) -> None:
    assert sounds_finished(text, language=language) is finished
    if finished is not False:
        many = len(words(text)) > 2
        assert is_finished(Evidence(text, 0.95, language=language)) is (True if many else None)


@pytest.mark.parametrize("entries", LEXICONS.values(), ids=LEXICONS.keys())
def test_every_entry_of_a_lexicon_can_be_met_in_words(entries: Lexicon) -> None:
    for name in ("open_ends", "asks_on", "subordinate", "answers", "numbers"):
        for entry in getattr(entries, name):
            assert words(entry) == [entry]
    for phrase in entries.openings:
        assert 2 <= len(words(phrase)) <= 3
        assert " ".join(words(phrase)) == phrase
    for phrase in entries.backchannels:
        assert " ".join(words(phrase.replace("-", " "))) == phrase
        assert len(words(phrase)) <= 3
