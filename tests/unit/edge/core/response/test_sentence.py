"""Audio of a sentence is joined in order, whatever the order of its chunks."""

import itertools

import pytest

from edge.core.messages.inputs import ChunkSpoken
from edge.core.response.sentence import BEGINNING, MS_PER_LETTER, Position, Sentence, Sentences
from schemas.audio import BYTES_PER_MS
from schemas.events import Head, ResponseCompleted, ResponseSentence

HEAD: Head = {"tenant": "t", "session": "s", "at_ms": 1}


def chunk(number: int, pcm: bytes, *, last: bool = False) -> ChunkSpoken:
    return ChunkSpoken(turn=1, index=0, chunk=number, pcm=pcm, last=last)


THREE = (chunk(0, b"aa"), chunk(1, b"bb"), chunk(2, b"cc", last=True))


@pytest.mark.parametrize("order", list(itertools.permutations(THREE)))
def test_chunks_are_joined_in_their_order(order: tuple[ChunkSpoken, ...]) -> None:
    sentence = Sentence("abc")
    for number, one in enumerate(order):
        assert sentence.voiced is False, number
        sentence.add(one)
    assert sentence.pcm == b"aabbcc"
    assert sentence.voiced


def test_a_chunk_counts_once() -> None:
    sentence = Sentence("abc")
    for one in (THREE[0], THREE[0], THREE[2], THREE[2], THREE[1], THREE[0]):
        sentence.add(one)
    assert sentence.pcm == b"aabbcc"


def test_words_count_by_the_share_of_the_audio_before_them() -> None:
    sentence = Sentence("one two three four")
    sentence.add(chunk(0, bytes(400), last=True))
    assert [sentence.words_until(at) for at in (0, 99, 100, 399, 400)] == [0, 0, 1, 3, 4]


def test_while_the_end_is_missing_the_length_is_estimated_and_one_word_is_left() -> None:
    text = "one two"
    length = len(text) * MS_PER_LETTER * BYTES_PER_MS
    sentence = Sentence(text)
    sentence.add(chunk(0, bytes(640)))
    assert sentence.words_until(length // 2) == 1
    assert sentence.words_until(10 * length) == 1


def test_a_sentence_without_audio_is_heard_at_once() -> None:
    sentence = Sentence("two words")
    sentence.add(chunk(0, b"", last=True))
    assert sentence.words_until(0) == 2


def test_what_was_heard_on_another_connection_need_not_arrive() -> None:
    sentences = Sentences(Position(sentence=1))
    assert sentences.has(0)
    assert not sentences.has(1)
    sentences.completed = completed(2)
    assert not sentences.all_whole
    sentences.at(1).text = "two"
    sentences.at(1).add(chunk(0, b"aa", last=True))
    assert sentences.all_whole


def two_sentences(start: Position = BEGINNING) -> Sentences:
    """Return sentences of two words and 200 bytes each."""
    sentences = Sentences(start)
    for index, text in enumerate(("one two", "three four")):
        sentences.at(index).text = text
        sentences.at(index).add(chunk(0, bytes(200), last=True))
    return sentences


@pytest.mark.parametrize(
    ("played", "place"), [(0, (0, 0)), (199, (0, 199)), (200, (1, 0)), (450, (2, 50))]
)
def test_a_position_is_found_by_the_bytes_before_it(played: int, place: tuple[int, int]) -> None:
    assert two_sentences().find(played) == place


def test_a_wait_sound_before_a_sentence_is_none_of_its_audio() -> None:
    sentences = two_sentences()
    sentences.add_wait_sound(1, 20)
    sentences.add_wait_sound(1, 30)
    assert sentences.wait_sound_bytes(1) == 50
    assert sentences.find(220) == (1, -30)
    assert sentences.find(260) == (1, 10)
    assert sentences.words(250) == "one two"
    assert sentences.words(350) == "one two three"


def test_a_wait_sound_after_the_position_is_forgotten() -> None:
    sentences = two_sentences()
    sentences.add_wait_sound(1, 50)
    sentences.find(0)
    assert sentences.wait_sound_bytes(1) == 0


@pytest.mark.parametrize(
    ("left", "words"),
    [(0, ""), (100, "one"), (200, "one two"), (300, "one two three"), (900, "one two three four")],
)
def test_the_words_in_the_audio_that_was_heard(left: int, words: str) -> None:
    assert two_sentences().words(left) == words


def test_the_words_heard_on_another_connection_come_first() -> None:
    start = Position(sentence=1, before_ms=100 // BYTES_PER_MS, words=1)
    sentences = two_sentences(start)
    assert sentences.words(0) == "one two three"
    assert sentences.words_until(1, 0) == 1
    assert sentences.words_until(0, 0) == 0
    assert sentences.find(0) == (1, 100 // BYTES_PER_MS * BYTES_PER_MS)


def test_the_words_end_where_audio_is_missing() -> None:
    sentences = two_sentences()
    sentences.at(2).text = "five six"
    sentences.at(2).add(chunk(0, bytes(64)))
    sentences.at(3).text = "seven"
    assert sentences.words(10_000) == "one two three four"
    sentences = Sentences(BEGINNING)
    sentences.at(1).text = "two"
    assert sentences.words(10_000) == ""


def test_the_text_is_that_of_all_sentences_or_of_the_first() -> None:
    sentences = two_sentences()
    assert sentences.text() == "one two three four"
    assert sentences.text(until=1) == "one two"


def completed(sentences: int) -> ResponseCompleted:
    """Return the end of a response of so many sentences."""
    return ResponseCompleted(
        **HEAD, turn=1, sentences=sentences, text="", model="m", prompt_tokens=0,
        completion_tokens=0, took_ms=1.0,
    )  # fmt: skip


def written(index: int, text: str, eot_llm: float | None = None) -> ResponseSentence:
    return ResponseSentence(
        **HEAD, turn=1, index=index, text=text, first_token_ms=1.0, took_ms=2.0, model="m",
        deadline_ms=0, eot_llm=eot_llm,
    )  # fmt: skip


def test_a_sentence_is_written_once_its_words_arrive_and_counts_those_before_it() -> None:
    sentences = Sentences()
    sentences.at(4).add(chunk(0, b"aa"))
    assert (sentences.written, sentences.text()) == (0, "")
    for index in (0, 2):
        sentences.note(written(index, f"{index}."))
    assert (sentences.written, sentences.text()) == (3, "0. 2.")


def test_the_probability_of_the_end_of_turn_comes_with_the_first_sentence() -> None:
    sentences = Sentences()
    sentences.note(written(0, "Yes?", 0.9))
    sentences.note(written(1, "Go on."))
    assert sentences.eot_llm == 0.9


def test_all_has_arrived_with_the_audio_and_the_words_of_the_sentences_that_the_end_counts() -> (
    None
):
    sentences = two_sentences()
    assert (sentences.total, sentences.all_whole) == (None, False)
    sentences.completed = completed(3)
    assert (sentences.total, sentences.all_whole) == (3, False)
    sentences.note(written(2, "..."))
    assert not sentences.all_whole
    sentences.mark_silent(2)
    assert (sentences.all_whole, sentences.has(2)) == (True, True)


def test_a_sentence_with_audio_stays_so_if_its_end_is_told_without() -> None:
    sentences = two_sentences()
    sentences.at(1).add(chunk(1, b"aa"))
    sentences.mark_silent(1)
    assert sentences.at(1).count == 1
