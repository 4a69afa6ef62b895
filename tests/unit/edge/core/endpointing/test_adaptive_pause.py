"""A caller who pauses inside sentences is given the time for it."""

from edge.core.endpointing.adaptive_pause import LONGEST_WAIT_MS, AdaptivePause


def after(*turns: tuple[int, ...]) -> int:
    pause = AdaptivePause()
    for pauses in turns:
        for pause_ms in pauses:
            pause.continued(pause_ms)
        pause.ended()
    return pause.wait_ms


def test_nothing_is_concluded_from_one_turn() -> None:
    assert after((900,)) == 0


def test_the_wait_is_a_little_longer_than_the_usual_pauses() -> None:
    assert 900 < after((900, 300), (950,), (900,)) < 1200


def test_one_long_pause_does_not_make_a_slow_speaker() -> None:
    assert after((), (1200,), (200,), ()) < 300


def test_old_habits_are_forgotten() -> None:
    assert after((900,), (900,), *[()] * 5) == 0


def test_the_adapted_wait_has_a_limit() -> None:
    assert after((5000,), (5000,)) == LONGEST_WAIT_MS


def test_a_turn_that_went_on_after_all_counts_as_one() -> None:
    pause = AdaptivePause()
    for _ in range(3):
        pause.ended()
        pause.reopened(1000)
        pause.ended()
    assert pause.wait_ms > 1000


def test_after_a_continued_end_the_wait_is_longer_in_that_turn() -> None:
    pause = AdaptivePause()
    pause.continued(1000)
    assert pause.this_turn_ms == 0, "the words had no end there"
    pause.continued(900, sounded_finished=True)
    pause.continued(300, sounded_finished=True)
    assert 900 < pause.this_turn_ms < 1100
    pause.ended()
    assert pause.this_turn_ms == 0
    pause.reopened(1200)
    assert 1200 < pause.this_turn_ms <= LONGEST_WAIT_MS
