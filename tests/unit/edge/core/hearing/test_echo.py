"""Our own voice at the caller's microphone is not the caller."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.client_events import ClientEvent, Interrupted, Speech
from edge.core.hearing.echo import TAIL, EchoGate
from edge.core.hearing.framing import FRAME_BYTES


def sound(frames: int, loudness: float) -> bytes:
    return np.full(frames * FRAME_BYTES // 2, loudness).astype("<i2").tobytes()


class Microphone:
    """A gate, and the number of the frame that it looks at."""

    def __init__(self) -> None:
        self.gate = EchoGate()
        self.frame = 0

    def told(self, event: ClientEvent) -> None:
        self.gate.told(event, self.frame)


def heard(echo: Microphone, loudness: float, frames: int = 1) -> list[bool]:
    """Return for each frame of a voice of this *loudness* whether it was taken for ours."""
    found = []
    for _ in range(frames):
        echo.frame += 1
        found.append(echo.gate.is_echo(loudness, echo.frame))
    return found


@pytest.fixture
def echo() -> Microphone:
    """A call in which the caller has spoken and 50 frames of an answer are being played."""
    echo = Microphone()
    heard(echo, 2000, 50)
    echo.told(Speech(1, "An answer.", sound(50, 3000), ends=True))
    return echo


def test_an_echo_is_ours_and_an_interruption_is_not(echo: Microphone) -> None:
    assert heard(echo, 300, 20) == [True] * 20
    assert heard(echo, 2000) == [False]


def test_an_echo_comes_later_than_its_sound_and_is_over_after_it(echo: Microphone) -> None:
    assert all(heard(echo, 300, 50 + TAIL))
    assert heard(echo, 300) == [False]


def test_who_speaks_as_softly_as_an_echo_can_interrupt_all_the_same() -> None:
    echo = Microphone()
    heard(echo, 400, 50)
    echo.told(Speech(1, "An answer.", sound(50, 3000), ends=True))
    assert heard(echo, 400) == [False]


def test_what_a_client_dropped_has_no_echo(echo: Microphone) -> None:
    heard(echo, 300, 5)
    echo.told(Interrupted(1, "An"))
    heard(echo, 300, TAIL)
    assert heard(echo, 300) == [False]


def test_nobody_is_taken_for_us_while_nothing_is_played() -> None:
    assert heard(Microphone(), 100, 100) == [False] * 100
