"""What a connection's part of the log begins with."""

import pytest

from edge.call.first_events import FirstEvents
from edge.core.notices import Begin, Delivery
from edge.core.session.rules import Rules
from schemas.events import (
    Event,
    RecordingConsented,
    SessionResumed,
    SessionSettings,
    SessionStarted,
)

WHOSE = FirstEvents("t", "s", "ann", "continuous", "edge-1")


def first(*, resumed: bool = False, recorded: bool = False, **options: bool) -> list[Event]:
    rules = Rules(SessionSettings(record_audio=recorded))
    return WHOSE.of(Begin(Delivery.CHUNKS, options), rules, resumed=resumed, now_ms=7)


def test_a_session_begins_with_who_called_and_by_what_rules() -> None:
    (started,) = first()
    assert isinstance(started, SessionStarted)
    assert (started.tenant, started.session, started.at_ms) == ("t", "s", 7)
    assert (started.user, started.dialect, started.edge) == ("ann", "continuous", "edge-1")
    assert started.rules.delivery == "chunks"


def test_a_session_that_goes_on_does_not_start_again() -> None:
    (resumed,) = first(resumed=True)
    assert isinstance(resumed, SessionResumed)
    assert (resumed.session, resumed.edge) == ("s", "edge-1")
    assert resumed.rules.delivery == "chunks"


@pytest.mark.parametrize(("options", "by"), [({"record_audio": True}, "caller"), ({}, "operator")])
def test_a_recorded_session_says_by_whose_choice(options: dict[str, bool], by: str) -> None:
    _, consented = first(recorded=True, **options)
    assert isinstance(consented, RecordingConsented)
    assert (consented.session, consented.at_ms, consented.by) == ("s", 7, by)
