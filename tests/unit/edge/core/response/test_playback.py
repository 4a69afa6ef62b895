"""An answer that is heard while it is still being spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.client_events import Speech
from edge.core.inputs import ChunkSpoken
from edge.core.response.playback import Playback
from schemas.audio import ENOUGH_MS
from schemas.session_config import Delivery, VoiceConfig

TEXT = "Sure, I can help you with that right away."
START_MS = 1_000_000


def chunk(number: int, ms: int, *, last: bool = False) -> ChunkSpoken:
    pcm = bytes([number % 250 + 1]) * (32 * ms)
    return ChunkSpoken(turn=1, index=0, chunk=number, pcm=pcm, last=last)


def test_a_sentence_begins_before_all_of_it_is_spoken() -> None:
    playback = Playback(1, VoiceConfig(delivery="chunks"))
    playback.sentence(0, TEXT)
    playback.chunk(chunk(0, ENOUGH_MS - 10))
    assert not playback.due(START_MS).pieces
    assert playback.due_at_ms(START_MS) is None
    playback.chunk(chunk(1, 100))
    sent = playback.due(START_MS).pieces
    assert 0 < sum(len(one.pcm) for one in sent) // 32 <= ENOUGH_MS + 90
    assert all(len(one.pcm) == 32 * 64 for one in sent), "no crumbs while more is to come"


def test_clients_of_whole_sentences_wait_for_them() -> None:
    playback = Playback(1, VoiceConfig(delivery="sentences"))
    playback.sentence(0, TEXT)
    playback.chunk(chunk(0, 2000))
    assert not playback.due(START_MS).pieces
    playback.chunk(chunk(1, 100, last=True))
    assert [one.text for one in playback.due(START_MS).pieces] == [TEXT]


@pytest.mark.parametrize(
    ("delivery", "told"), [("whole", None), ("sentences", 0), ("chunks", 1), ("text", 1)]
)
def test_an_end_that_is_known_only_after_the_last_piece_ends_the_response_once(
    delivery: Delivery, told: int | None
) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery))
    playback.sentence(0, TEXT)
    playback.chunk(chunk(0, 60, last=True))
    first = playback.due(START_MS)
    assert (len(first.pieces), first.ends) == (0 if told is None else 1, False)
    playback.completed(1)
    last = playback.due(START_MS + 100)
    assert last.ends
    assert len(last.pieces) == (1 if told is None else told)
    assert all(one.ends for one in last.pieces)


def test_the_heard_part_of_an_incomplete_sentence_is_estimated() -> None:
    playback = Playback(1, VoiceConfig(delivery="chunks"))
    playback.sentence(0, TEXT)
    playback.chunk(chunk(0, 1000))
    for at in range(0, 900, 20):
        playback.due(START_MS + at)
    heard = playback.heard(START_MS + 900)
    assert heard
    assert TEXT.startswith(heard)
    assert heard != TEXT


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_the_last_word_is_heard_with_its_last_byte_though_that_ends_no_ms(
    delivery: Delivery,
) -> None:
    playback = Playback(1, VoiceConfig(delivery=delivery))
    for index in range(2):
        playback.sentence(index, TEXT)
        playback.chunk(
            ChunkSpoken(turn=1, index=index, chunk=0, pcm=bytes(32 * 545 + 20), last=True)
        )
    playback.sentence(2, "not here yet")
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
    playback.sentence(0, TEXT)
    playback.completed(1)
    sent: list[Speech] = []
    now_ms = START_MS
    ends = False
    while not ends and now_ms < START_MS + 60_000:
        if coming:
            playback.chunk(coming.pop())
        due = playback.due(now_ms)
        sent += due.pieces
        ends = due.ends
        now_ms += step_ms
    assert b"".join(one.pcm for one in sent) == b"".join(one.pcm for one in chunks)
    assert "".join(one.text for one in sent) == TEXT
    assert [one.ends for one in sent] == [False] * (len(sent) - 1) + [True]
    assert playback.heard(now_ms + 60_000) == TEXT
