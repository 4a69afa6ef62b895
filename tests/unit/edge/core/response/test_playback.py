"""An answer that is heard while it is still being spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_events import Speech
from edge.core.messages.inputs import ChunkSpoken
from edge.core.response import wait_sound
from edge.core.response.playback import PLAYBACK_LEAD_MS, Due, Playback
from edge.core.response.sentence import BEGINNING, Position
from schemas.audio import FIRST_CHUNK_MS
from schemas.session_config import Delivery, VoiceConfig
from tests.unit.edge.core.response.test_sentence import completed

TEXT = "Sure, I can help you with that right away."
START_MS = 1_000_000
TEN = "one two three four five six seven eight nine ten"


def chunk(number: int, ms: int = 0, *, pcm: bytes = b"", last: bool = False) -> ChunkSpoken:
    pcm = pcm or bytes([number % 250 + 1]) * (32 * ms)
    return ChunkSpoken(turn=1, index=0, chunk=number, pcm=pcm, last=last)


def test_a_sentence_begins_before_all_of_it_is_spoken() -> None:
    playback = Playback(1, VoiceConfig(delivery="chunks"))
    playback.sentences.at(0).text = TEXT
    playback.sentences.at(0).add(chunk(0, FIRST_CHUNK_MS - 10))
    assert not playback.due(START_MS).pieces
    assert playback.due_at_ms(START_MS) is None
    playback.sentences.at(0).add(chunk(1, 100))
    sent = playback.due(START_MS).pieces
    assert 0 < sum(len(one.pcm) for one in sent) // 32 <= FIRST_CHUNK_MS + 90
    assert all(len(one.pcm) == 32 * 64 for one in sent), "no crumbs while more is to come"


def test_clients_of_whole_sentences_wait_for_them() -> None:
    playback = Playback(1, VoiceConfig(delivery="sentences"))
    playback.sentences.at(0).text = TEXT
    playback.sentences.at(0).add(chunk(0, 2000))
    assert not playback.due(START_MS).pieces
    playback.sentences.at(0).add(chunk(1, 100, last=True))
    assert [one.text for one in playback.due(START_MS).pieces] == [TEXT]


@pytest.mark.parametrize(
    ("delivery", "told"), [("whole", None), ("sentences", 0), ("chunks", 1), ("text", 1)]
)
def test_an_end_that_is_known_only_after_the_last_piece_ends_the_response_once(
    delivery: Delivery, told: int | None
) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery))
    playback.sentences.at(0).text = TEXT
    playback.sentences.at(0).add(chunk(0, 60, last=True))
    first = playback.due(START_MS)
    assert (len(first.pieces), first.ends) == (0 if told is None else 1, False)
    playback.sentences.completed = completed(1)
    last = playback.due(START_MS + 100)
    assert last.ends
    assert len(last.pieces) == (1 if told is None else told)
    assert all(one.ends for one in last.pieces)


def test_the_heard_part_of_an_incomplete_sentence_is_estimated() -> None:
    playback = Playback(1, VoiceConfig(delivery="chunks"))
    playback.sentences.at(0).text = TEXT
    playback.sentences.at(0).add(chunk(0, 1000))
    for at in range(0, 900, 20):
        playback.due(START_MS + at)
    heard = playback.heard(START_MS + 900)
    assert heard not in {"", TEXT}
    assert TEXT.startswith(heard)


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_the_last_word_is_heard_with_its_last_byte_though_that_ends_no_ms(
    delivery: Delivery,
) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery))
    for index in range(2):
        playback.sentences.at(index).text = TEXT
        pcm = bytes(32 * 545 + 20)
        playback.sentences.at(index).add(chunk(0, pcm=pcm, last=True))
    playback.sentences.at(2).text = "not here yet"
    for at in range(0, 2000, 20):
        playback.due(START_MS + at)
    assert playback.heard(START_MS + 2000) == f"{TEXT} {TEXT}"


@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.integers(5, 120),
)
def test_all_sound_and_all_words_are_sent_once_however_they_come(
    lengths: list[int], luck: object, step_ms: int
) -> None:
    chunks = [chunk(n, ms, last=n == len(lengths) - 1) for n, ms in enumerate(lengths)]
    coming = [*chunks, *chunks]
    luck.shuffle(coming)  # type: ignore[attr-defined]  # a random.Random
    playback = Playback(1, VoiceConfig(delivery="chunks"))
    playback.sentences.at(0).text = TEXT
    playback.sentences.completed = completed(1)
    sent, now_ms, ends = list[Speech](), START_MS, False
    while not ends and now_ms < START_MS + 60_000:
        if coming:
            playback.sentences.at(0).add(coming.pop())
        due = playback.due(now_ms)
        sent += due.pieces
        ends = due.ends
        now_ms += step_ms
    assert b"".join(one.pcm for one in sent) == b"".join(one.pcm for one in chunks)
    assert "".join(one.text for one in sent) == TEXT
    assert [one.ends for one in sent] == [False] * (len(sent) - 1) + [True]
    assert playback.heard(now_ms + 60_000) == TEXT


def spoken(delivery: Delivery, *texts: str, ends: bool = True, chunk_ms: int = 100) -> Playback:
    """Return the playback of sentences that are spoken for a second each: ten words, 100 ms each.

    *ends*: it is known that no more follow.
    """
    playback = Playback(1, VoiceConfig(delivery=delivery, chunk_ms=chunk_ms))
    for index, text in enumerate(texts):
        says(playback, index, text)
    if ends:
        playback.sentences.completed = completed(len(texts))
    return playback


def says(playback: Playback, index: int, text: str) -> None:
    playback.sentences.at(index).text = text
    playback.sentences.at(index).add(chunk(0, pcm=second(index), last=True))


def second(index: int) -> bytes:
    """Return the audio of sentence *index*."""
    return bytes([index + 1]) * (32 * 1000)


def test_a_client_that_reads_gets_each_sentence_as_soon_as_its_words_are_known() -> None:
    playback = Playback(1, VoiceConfig(delivery="text"))
    assert (playback.is_read, playback.begun, playback.due_at_ms(START_MS)) == (True, False, None)
    playback.sentences.at(0).text = "One."
    playback.sentences.at(1).text = "Two."
    assert playback.due_at_ms(START_MS) == START_MS
    assert list(playback.due(START_MS).pieces) == [
        Speech(1, "One.", b"", ends=False),
        Speech(1, " Two.", b"", ends=False),
    ]
    assert (playback.heard(START_MS), playback.begun) == ("One. Two.", True)
    playback.sentences.completed = completed(2)
    assert playback.due(START_MS) == Due((Speech(1, "", b"", ends=True),), ends=True)


def test_a_reading_client_is_told_the_end_with_the_last_words_if_it_is_known() -> None:
    playback = Playback(1, VoiceConfig(delivery="text"))
    playback.sentences.completed = completed(1)
    playback.sentences.at(0).text = "One."
    assert list(playback.due(START_MS).pieces) == [Speech(1, "One.", b"", ends=True)]


def test_a_whole_response_is_one_piece_once_all_of_it_has_arrived() -> None:
    playback = spoken("whole", "One.", "Two.", ends=False)
    assert (playback.sentences.all_whole, playback.due(START_MS)) == (False, Due())
    playback.sentences.completed = completed(3)
    assert (playback.sentences.all_whole, playback.due_at_ms(START_MS)) == (False, None)
    playback.sentences.at(2).text = "..."
    playback.sentences.mark_silent(2)  # nothing in it can be spoken
    assert playback.sentences.has(2)
    assert playback.due_at_ms(START_MS) == START_MS
    whole = Speech(1, "One. Two. ...", second(0) + second(1), ends=True)
    assert playback.due(START_MS) == Due((whole,), ends=True)
    assert playback.until_ms == START_MS + 2000


def test_a_sentence_follows_when_the_one_before_it_was_played() -> None:
    playback = spoken("sentences", TEN, "Two.", ends=False)
    assert list(playback.due(START_MS).pieces) == [Speech(1, TEN, second(0), ends=False)]
    assert playback.reached == 1
    assert playback.due_at_ms(START_MS + 10) == START_MS + 1000
    assert list(playback.due(START_MS + 999).pieces) == []
    assert playback.due(START_MS + 1000) == Due((Speech(1, "Two.", second(1), ends=False),))
    playback.sentences.completed = completed(
        2
    )  # the end becomes known only now: it is no piece of its own
    assert playback.due(START_MS + 1500) == Due(ends=True)


def test_chunks_are_sent_ahead_of_the_playback_and_no_further() -> None:
    playback = spoken("chunks", TEN)
    audio = second(0)[: 32 * 100]
    assert list(playback.due(START_MS).pieces) == [
        Speech(1, "one", audio, ends=False),
        Speech(1, " two", audio, ends=False),
    ]
    due_ms = playback.due_at_ms(START_MS)
    assert due_ms == START_MS + 200 - (PLAYBACK_LEAD_MS - 1)
    assert list(playback.due(due_ms - 1).pieces) == []
    assert list(playback.due(due_ms).pieces) == [Speech(1, " three", audio, ends=False)]


def test_the_end_of_a_stream_that_becomes_known_later_is_an_empty_piece() -> None:
    playback = spoken("chunks", TEN, ends=False, chunk_ms=1000)
    assert list(playback.due(START_MS).pieces) == [Speech(1, TEN, second(0), ends=False)]
    assert list(playback.due(START_MS + 1000).pieces) == []
    playback.sentences.completed = completed(1)
    assert list(playback.due(START_MS + 1000).pieces) == [Speech(1, "", b"", ends=True)]


@pytest.mark.parametrize(("told_ms", "counts_ms"), [(400, 400), (0, 0), (5000, 1000)])
def test_what_a_client_tells_of_its_playback_counts_within_what_was_sent(
    told_ms: int, counts_ms: int
) -> None:
    playback = spoken("sentences", TEN, "Two.")
    playback.due(START_MS)
    assert (playback.heard_by(300), playback.heard_by(5000)) == ("one two three", TEN)
    playback.played(told_ms, START_MS + 900)
    assert playback.played_ms(START_MS + 900) == counts_ms
    assert playback.until_ms == START_MS + 900 + 1000 - counts_ms
    assert playback.heard(START_MS + 900) == " ".join(TEN.split()[: counts_ms // 100])


@pytest.mark.parametrize("delivery", ["sentences", "whole"])
@pytest.mark.parametrize(("told_ms", "words"), [(None, 4), (700, 7), (0, 0)])
def test_a_rewind_sends_the_unplayed_part_again(
    delivery: Delivery, told_ms: int | None, words: int
) -> None:
    playback = spoken(delivery, TEN)
    playback.due(START_MS)
    playback.rewind(START_MS + 400, told_ms)
    assert playback.position == Position(0, words * 100, words)
    assert playback.reached == 0
    assert playback.played_ms(START_MS + 400) == words * 100
    said = TEN.split()
    assert playback.heard(START_MS + 400) == " ".join(said[:words])
    rest = Speech(1, " ".join(said[words:]), second(0)[32 * 100 * words :], ends=True)
    assert list(playback.due(START_MS + 500).pieces) == [rest]
    assert playback.until_ms == START_MS + 500 + 1000 - words * 100
    assert playback.heard(START_MS + 2000) == TEN


def test_a_response_goes_on_where_an_earlier_connection_left_it() -> None:
    playback = Playback(1, VoiceConfig(delivery="sentences"), Position(1, 400, 4))
    playback.sentences.at(0).text = "Zero."
    assert playback.begun
    assert playback.heard(START_MS) == "Zero."
    says(playback, 1, TEN)
    playback.sentences.completed = completed(2)
    assert playback.heard(START_MS) == "Zero. one two three four"
    rest = Speech(1, "five six seven eight nine ten", second(1)[32 * 400 :], ends=True)
    assert list(playback.due(START_MS).pieces) == [rest]
    assert playback.heard(START_MS + 300) == "Zero. one two three four five six seven"


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_a_wait_sound_is_played_until_the_words_are_ready(delivery: Delivery) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery, chunk_ms=100))
    assert (playback.plays_wait_sound, playback.wait_sound_due(START_MS)) == (False, [])
    playback.wait_sound_before = 0
    sent: list[bytes] = []
    for at_ms in range(START_MS, START_MS + 480, 20):
        assert list(playback.due(at_ms).pieces) == []
        sent += [one.pcm for one in playback.wait_sound_due(at_ms)]
    pieces = [wait_sound.after(number * len(sent[0])) for number in range(len(sent))]
    assert sent == pieces, "one sound without a gap"
    lead_ms = PLAYBACK_LEAD_MS - 1 if delivery == "chunks" else 0
    played_ms = len(b"".join(sent)) // 32
    assert 0 < played_ms - 460 <= lead_ms + wait_sound.WAIT_PIECE_MS
    assert playback.due_at_ms(START_MS + 460) == START_MS + played_ms - lead_ms
    assert playback.heard(START_MS + 480) == ""
    says(playback, 0, TEN)
    assert playback.wait_sound_due(START_MS + 2000) == []
    assert playback.due(START_MS + 2000).pieces[0].text.startswith("one")
    assert not playback.plays_wait_sound


@pytest.mark.parametrize("delivery", ["whole", "text"])
def test_clients_of_whole_responses_or_of_words_get_no_wait_sound(delivery: Delivery) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery))
    playback.wait_sound_before = 0
    assert (playback.plays_wait_sound, playback.wait_sound_due(START_MS)) == (False, [])
    assert playback.due_at_ms(START_MS) is None


def test_no_rest_of_a_wait_sound_is_sent_again_after_a_rewind() -> None:
    playback = Playback(1, VoiceConfig(delivery="sentences"))
    playback.wait_sound_before = 0
    assert len(playback.wait_sound_due(START_MS)) == 1
    playback.rewind(START_MS + 50)
    assert playback.position == BEGINNING
    assert playback.heard(START_MS + 50) == ""
    says(playback, 0, TEN)
    assert list(playback.due(START_MS + 50).pieces) == [Speech(1, TEN, second(0), ends=False)]
    assert playback.heard(START_MS + 1050) == TEN
