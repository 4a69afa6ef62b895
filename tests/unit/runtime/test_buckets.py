"""Buckets, with time as an argument."""

from __future__ import annotations

from runtime.buckets import MOST_NAMES, Bucket, Buckets


def test_ten_a_second_in_the_long_run() -> None:
    bucket = Bucket(10, 10)
    passed = sum(bucket.refuse_s(tick / 100) == 0 for tick in range(1000))
    assert 100 <= passed <= 110


def test_a_bucket_is_overdrawn_by_its_last_message_alone_and_fills_again() -> None:
    bucket = Bucket(10, 100, until=200)
    assert bucket.take(100, 0.0)
    assert not bucket.take(50, 0.0)
    assert bucket.wait_s(0.0) == 15.0
    assert bucket.wait_s(5.2) == 0.0


def test_the_name_that_was_longest_unused_is_forgotten() -> None:
    buckets = Buckets(lambda: Bucket(1, 1))
    first = buckets.of("first")
    for number in range(MOST_NAMES - 1):
        buckets.of(str(number))
    assert buckets.of("first") is first
    buckets.of("one more")
    assert buckets.of("first") is first
    assert len(buckets) == MOST_NAMES
    assert buckets.known("0") is None
