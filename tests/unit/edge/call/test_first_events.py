"""What a connection's part of the log begins with."""

from __future__ import annotations

import pytest

from edge.call.first_events import FirstEvents
from runtime.process.version import version
from schemas.events import Event, RecordingConsented, SessionResumed, SessionStarted
from schemas.session_config import SessionConfig

WHOSE = FirstEvents("t", "s", "ann", "continuous", "edge-1")


def first(*, resumed: bool = False, recorded: bool = False, by_caller: bool = False) -> list[Event]:
    config = SessionConfig().but({"voice.delivery": "chunks", "record_audio": recorded})
    began = WHOSE.resumed(config, 7) if resumed else WHOSE.started(config, None, 7)
    return [began, *WHOSE.following(began, asked_to_record=by_caller)]


def test_a_session_begins_with_who_called_and_by_what_configuration() -> None:
    (started,) = first()
    assert isinstance(started, SessionStarted)
    assert (started.tenant, started.session, started.at_ms) == ("t", "s", 7)
    assert (started.user, started.protocol, started.edge) == ("ann", "continuous", "edge-1")
    assert started.config.voice.delivery == "chunks"
    assert started.version == version()


def test_readers_of_before_find_the_configuration_by_its_flat_names() -> None:
    (started,) = first()
    assert isinstance(started, SessionStarted)
    assert started.rules["delivery"] == "chunks"
    assert started.settings["language"] == "en"


def test_a_session_that_goes_on_does_not_start_again() -> None:
    (resumed,) = first(resumed=True)
    assert isinstance(resumed, SessionResumed)
    assert (resumed.session, resumed.at_ms, resumed.edge) == ("s", 7, "edge-1")
    assert resumed.config.voice.delivery == "chunks"
    assert resumed.version == version()


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize(("by_caller", "by"), [(True, "caller"), (False, "operator")])
def test_a_recorded_session_says_by_whose_choice(by_caller: bool, by: str, resumed: bool) -> None:
    _, consented = first(resumed=resumed, recorded=True, by_caller=by_caller)
    assert isinstance(consented, RecordingConsented)
    assert (consented.session, consented.at_ms, consented.by) == ("s", 7, by)
