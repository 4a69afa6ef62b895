"""What a free thread takes: the most urgent, by fair share, and its share of what is alike."""

from __future__ import annotations

import pytest

from workers.executor.engine_queue import LEAST_COST_S, MOST_BATCH_S, EngineQueue, QueueEntry
from workers.executor.fair_share import Owner


def entry(
    rank: int = 0,
    owner: Owner = (),
    *,
    audio_s: float = 0.0,
    kind: object = "en",
    most: int = 8,
    since_s: float = 0.0,
) -> QueueEntry:
    return QueueEntry(rank, owner, audio_s, kind, most, since_s)


def queue(*items: str, at: QueueEntry | None = None, threads: int = 1) -> EngineQueue[str]:
    """Return a queue in which *items* wait, all on the same terms."""
    waiting: EngineQueue[str] = EngineQueue(threads)
    for item in items:
        waiting.add(item, at or entry())
    return waiting


def batches(waiting: EngineQueue[str]) -> list[list[str]]:
    """Return the batches that one thread after the other takes until nothing waits."""
    taken = []
    while batch := waiting.next_batch():
        taken.append(batch)
        waiting.ended(batch, 0.0)
    return taken


def test_the_smallest_rank_goes_first_and_the_oldest_of_equal_ones() -> None:
    waiting: EngineQueue[str] = EngineQueue(1)
    for item, rank in (("late", 2), ("b", 1), ("c", 1), ("now", 0)):
        waiting.add(item, entry(rank, most=1))
    assert batches(waiting) == [["now"], ["b"], ["c"], ["late"]]


def test_there_are_no_more_batches_than_free_threads() -> None:
    waiting = queue("a", "b", "c", at=entry(most=1), threads=2)
    assert [waiting.next_batch() for _ in range(3)] == [["a"], ["b"], []]
    assert len(waiting) == 1
    waiting.ended(["a"], 0.0)
    assert waiting.next_batch() == ["c"]


def test_one_of_several_threads_is_kept_for_urgent_items() -> None:
    waiting = queue("later", "latest", at=entry(1, most=1), threads=2)
    assert waiting.next_batch() == ["later"]
    assert waiting.next_batch() == []
    waiting.add("now", entry())
    assert waiting.next_batch() == ["now"]


def test_a_single_thread_is_kept_for_nobody() -> None:
    assert queue("later", at=entry(2)).next_batch() == ["later"]


def test_what_was_removed_is_taken_by_no_thread() -> None:
    waiting = queue("a", "gone", "c")
    waiting.remove("gone")
    assert waiting.next_batch() == ["a", "c"]


@pytest.mark.parametrize(
    ("threads", "most", "expected"),
    [
        (1, 8, [["a", "b", "c", "d"]]),
        (1, 3, [["a", "b", "c"], ["d"]]),
        (2, 8, [["a", "b"], ["c"], ["d"]]),  # half of the four, then half of the two
        (4, 8, [["a"], ["b"], ["c"], ["d"]]),
    ],
)
def test_a_thread_takes_its_share_of_what_is_alike(
    threads: int, most: int, expected: list[list[str]]
) -> None:
    assert batches(queue(*"abcd", at=entry(most=most), threads=threads)) == expected


def test_the_reserved_thread_has_no_share_of_what_can_wait() -> None:
    assert queue(*"abcd", at=entry(1), threads=3).next_batch() == ["a", "b"]


def test_items_of_another_kind_or_rank_are_not_in_the_batch() -> None:
    waiting = queue("a")
    waiting.add("de", entry(kind="de"))
    waiting.add("later", entry(1))
    waiting.add("b", entry())
    assert batches(waiting) == [["a", "b"], ["de"], ["later"]]


def test_a_batch_holds_so_much_audio_and_no_more() -> None:
    waiting = queue(*"abcd", at=entry(audio_s=MOST_BATCH_S * 0.45))
    waiting.add("long", entry(audio_s=MOST_BATCH_S * 2))
    assert batches(waiting) == [["a", "b"], ["c", "d"], ["long"]]


def test_a_shorter_item_goes_in_where_the_next_one_is_too_long() -> None:
    waiting = queue("a", at=entry(audio_s=MOST_BATCH_S * 0.6))
    waiting.add("long", entry(audio_s=MOST_BATCH_S * 0.6))
    waiting.add("short", entry(audio_s=MOST_BATCH_S * 0.4))
    assert batches(waiting) == [["a", "short"], ["long"]]


def test_owners_take_turns_and_long_audio_counts_for_more() -> None:
    waiting = queue("a1", "a2", "a3", at=entry(owner=("t", "a"), audio_s=LEAST_COST_S * 2, most=1))
    for item in ("b1", "b2", "b3"):
        waiting.add(item, entry(owner=("t", "b"), audio_s=LEAST_COST_S, most=1))
    assert batches(waiting) == [[item] for item in ("a1", "b1", "b2", "a2", "b3", "a3")]


def test_shares_are_forgotten_once_nothing_waits() -> None:
    waiting = queue("a1", at=entry(owner=("t", "a"), audio_s=100, most=1))
    assert batches(waiting) == [["a1"]]
    waiting.add("a2", entry(owner=("t", "a"), most=1))
    waiting.add("b1", entry(owner=("t", "b"), most=1))
    assert batches(waiting) == [["a2"], ["b1"]]


def test_it_tells_since_when_urgent_work_waits() -> None:
    waiting: EngineQueue[str] = EngineQueue(1)
    assert waiting.urgent_since_s is None
    waiting.add("later", entry(1, since_s=1))
    assert waiting.urgent_since_s is None
    for item, since_s in (("a", 5), ("b", 4)):
        waiting.add(item, entry(since_s=since_s))
    assert waiting.urgent_since_s == 4


def test_work_that_waits_for_its_owners_own_work_does_not_wait_for_others() -> None:
    """One caller sends a long recording in pieces; another one says a sentence."""
    waiting = queue("long1", "long2", at=entry(owner=("t", "a"), audio_s=14, most=1))
    waiting.add("short", entry(owner=("t", "b"), since_s=1, most=1))
    assert waiting.next_batch() == ["long1"]
    assert waiting.urgent_since_s == 1  # of b
    waiting.ended(["long1"], 6.0)
    assert waiting.next_batch() == ["short"]
    assert waiting.urgent_since_s == 6  # a has had its turn until then
    waiting.ended(["short"], 7.0)
    assert waiting.next_batch() == ["long2"]
    assert waiting.urgent_since_s is None
