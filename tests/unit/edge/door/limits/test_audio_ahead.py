"""What all connections that are ahead share, with time as an argument."""

from __future__ import annotations

from edge.door.limits.audio_ahead import (
    EDGE_SHARE,
    LONGEST_SHARE_WAIT_S,
    STRANGERS_SHARE,
    AudioAhead,
    Debt,
)


def test_strangers_have_a_share_of_their_own() -> None:
    ahead = AudioAhead(60.0)
    assert ahead.audio.callers.size == 60 * EDGE_SHARE
    assert ahead.audio.strangers.size == 60 * STRANGERS_SHARE


def test_a_debt_that_fits_is_taken_at_once() -> None:
    share = AudioAhead(60.0).audio.strangers
    assert Debt("a").wait_s(30.0, share, 0.0) == 0.0
    assert share.used("a") == 30.0


def test_a_debt_waits_while_others_have_the_share_but_not_for_long() -> None:
    share = AudioAhead(60.0).audio.strangers
    share.take("other", share.size, 0.0)
    debt = Debt("a")
    assert 0 < debt.wait_s(30.0, share, 0.0) <= LONGEST_SHARE_WAIT_S
    assert debt.amount == 30.0
    assert debt.wait_s(10.0, share, 1.0) <= LONGEST_SHARE_WAIT_S - 1
    assert debt.amount == 40.0
    assert debt.wait_s(0.0, share, LONGEST_SHARE_WAIT_S) == 0.0
    assert debt.amount == 0.0
