"""A session that a newer connection has resumed belongs to that connection."""

from __future__ import annotations

from edge.call.takeover import Takeover
from schemas.events import Head, SessionResumed, SessionStarted, TroubleTold
from schemas.session_config import SessionConfig

CONFIG = SessionConfig()


def head(at_ms: int) -> Head:
    return {"tenant": "t", "session": "s", "at_ms": at_ms}


def resumed(at_ms: int) -> SessionResumed:
    return SessionResumed(**head(at_ms), edge="e", config=CONFIG)


STARTED = SessionStarted(**head(1), user="u", protocol="d", edge="e", config=CONFIG)


def begun() -> Takeover:
    """Return that of a connection whose first event is sequence 10 of the log."""
    takeover = Takeover()
    takeover.begins(STARTED)
    assert not takeover.is_over(STARTED, 10)
    return takeover


def test_a_connection_that_resumes_the_session_later_takes_it_over() -> None:
    assert begun().is_over(resumed(2), 11)


def test_other_events_of_the_session_end_nothing() -> None:
    assert not begun().is_over(TroubleTold(**head(2), stage="audio", reason="x"), 11)


def test_an_earlier_connection_takes_nothing_over() -> None:
    """Who resumes a session reads the events of the connections before, too."""
    third = Takeover()
    third.begins(resumed(3))
    assert not third.is_over(resumed(2), 20)
    assert not third.is_over(resumed(3), 30)
    assert not third.is_over(resumed(2), 20)
    assert third.is_over(resumed(4), 31)


def test_the_log_decides_who_is_newer_not_the_clock() -> None:
    assert begun().is_over(resumed(0), 11)
    assert not begun().is_over(resumed(99), 9)
