"""Audio of a sentence is joined in order, whatever the order of its chunks."""

import itertools

import pytest

from edge.core.inputs import ChunkSpoken
from edge.core.response.sentence import MS_A_LETTER, Position, Sentence, Sentences
from schemas.audio import BYTES_PER_MS


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
    length = len(text) * MS_A_LETTER * BYTES_PER_MS
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
    assert not sentences.all_whole(2)
    sentences.at(1).text = "two"
    sentences.at(1).add(chunk(0, b"aa", last=True))
    assert sentences.all_whole(2)
